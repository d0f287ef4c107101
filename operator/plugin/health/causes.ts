/**
 * Why a tenant is not well: the troubles that are not the consequence of another trouble, the most likely root first. Pure.
 */
import { idOf, isTrouble, type HealthNode } from './node.ts';

export interface Cause {
  readonly node: HealthNode;
  /** From the tenant down to the node. */
  readonly path: readonly HealthNode[];
}

/**
 * A trouble is a consequence when something it is made of, or needs, is in trouble too; what is left is ranked: failing before
 * waiting, then the deepest, then the one that has lasted longest.
 */
export function causesOf(root: HealthNode): readonly Cause[] {
  const byId = new Map<string, HealthNode>();
  for (const { node } of walk(root)) byId.set(idOf(node), node);
  const found = new Map<string, Cause & { readonly depth: number }>();
  const explore = (path: readonly HealthNode[], node: HealthNode): boolean => {
    // A needed node may stand above the one that needs it: then it is looked at there.
    if (path.includes(node)) return false;
    const here = [...path, node];
    const needed = (node.needs ?? []).flatMap((id) => byId.get(id) ?? []);
    const deeper = [...node.children, ...needed].map((child) => explore(here, child)).some(Boolean);
    if (!isTrouble(node)) return deeper;
    const known = found.get(idOf(node));
    if (!deeper && (known === undefined || known.depth < here.length))
      found.set(idOf(node), { node, path: here, depth: here.length });
    return true;
  };
  explore([], root);
  return [...found.values()].toSorted(
    (a, b) =>
      Number(b.node.health === 'failing') - Number(a.node.health === 'failing') ||
      b.depth - a.depth ||
      (a.node.since ?? '9').localeCompare(b.node.since ?? '9'),
  );
}

export function* walk(
  node: HealthNode,
  depth = 0,
): Generator<{ readonly node: HealthNode; readonly depth: number }> {
  yield { node, depth };
  for (const child of node.children) yield* walk(child, depth + 1);
}
