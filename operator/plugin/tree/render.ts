/**
 * A tree of health as lines: the sign, the kind, the name, short facts, and what is the case, whole. Pure.
 */
import { isTrouble, type HealthNode } from '../health/node.ts';
import { mark, paintOf } from '../terminal/marks.ts';
import type { Style } from '../terminal/style.ts';

export function renderTree(root: HealthNode, style: Style, onlyTroubles = false): string {
  return branch(root, style, onlyTroubles, '', '').join('\n');
}

function branch(
  node: HealthNode,
  style: Style,
  onlyTroubles: boolean,
  lead: string,
  under: string,
): readonly string[] {
  const children = onlyTroubles ? node.children.filter(hasTrouble) : node.children;
  const below = children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    return branch(
      child,
      style,
      onlyTroubles,
      `${under}${isLast ? '└─ ' : '├─ '}`,
      `${under}${isLast ? '   ' : '│  '}`,
    );
  });
  // A message of several lines goes on beside the branch.
  const gutter = `${under}${children.length > 0 ? '│' : ' '}    `;
  return [`${style.dim(lead)}${describe(node, style, gutter)}`, ...below];
}

function describe(node: HealthNode, style: Style, gutter: string): string {
  const { kind, namespace, name, health, reason, message, facts = [] } = node;
  const paint = paintOf(style, health);
  const at = namespace === undefined ? name : `${style.dim(`${namespace}/`)}${name}`;
  const known = facts.filter((fact) => fact !== '');
  const said =
    health === 'ready' && kind !== 'ShopMindTenant'
      ? ''
      : [reason, message].filter((part) => part !== undefined && part !== '').join(': ');
  return [
    `${mark(style, health)} ${kind} ${style.bold(at)}`,
    ...(known.length === 0 ? [] : [style.dim(known.join(' · '))]),
    ...(said === '' ? [] : [paint(said.replaceAll('\n', `\n${gutter}`))]),
  ].join('  ');
}

function hasTrouble(node: HealthNode): boolean {
  return isTrouble(node) || node.children.some(hasTrouble);
}
