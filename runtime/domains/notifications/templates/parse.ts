/**
 * The language of templates: text, `{{name}}`, `{{name | filter}}`, `{{#if name}}…{{else}}…{{/if}}`, `{{#each list}}…{{/each}}`.
 * A name is a path, `order.number`; within a list the item's fields come first. There is no logic beyond that, on purpose.
 */

export interface Place {
  readonly line: number;
  readonly column: number;
}

export type Node =
  | { readonly kind: 'text'; readonly text: string; readonly at: Place }
  | { readonly kind: 'value'; readonly path: readonly string[]; readonly filter?: string; readonly at: Place }
  | {
      readonly kind: 'if';
      readonly path: readonly string[];
      readonly at: Place;
      readonly holds: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: 'each';
      readonly path: readonly string[];
      readonly at: Place;
      readonly body: readonly Node[];
    };

/** Something that is wrong with a template, and where. */
export interface Flaw {
  readonly at: Place;
  readonly what: string;
}

/** Thrown by `parse` and by whatever reads its nodes; never leaves this folder. */
export class TemplateFlaw extends Error {
  readonly flaw: Flaw;
  constructor(at: Place, what: string) {
    super(`${at.line}:${at.column}: ${what}`);
    this.flaw = { at, what };
  }
}

const TAG = /\{\{([^{}]*)\}\}/g;
const PATH = /^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*$/;
const DEEPEST = 8;

/** @throws TemplateFlaw at the first thing that cannot be read */
export function parse(source: string): readonly Node[] {
  const root: Open = { kind: 'root', at: { line: 1, column: 1 }, path: [], nodes: [], holds: undefined };
  const open: Open[] = [root];
  const top = (): Open => open.at(-1) ?? root;
  let end = 0;
  for (const match of source.matchAll(TAG)) {
    const at = placeOf(source, match.index);
    addText(source.slice(end, match.index), end);
    end = match.index + match[0].length;
    readTag(match[1]?.trim() ?? '', at);
  }
  addText(source.slice(end), end);
  const unclosed = top();
  if (unclosed !== root) throw new TemplateFlaw(unclosed.at, `{{#${unclosed.kind} …}} is not closed`);
  return root.nodes;

  function addText(text: string, from: number): void {
    const stray = /\{\{|\}\}/.exec(text);
    if (stray) throw new TemplateFlaw(placeOf(source, from + stray.index), `${stray[0]} belongs to nothing`);
    if (text !== '') top().nodes.push({ kind: 'text', text, at: placeOf(source, from) });
  }

  function readTag(tag: string, at: Place): void {
    const [, block, operand] = /^#(if|each)\s+(.*)$/.exec(tag) ?? [];
    if (block === 'if' || block === 'each') {
      if (open.length > DEEPEST) throw new TemplateFlaw(at, `blocks are at most ${DEEPEST} deep`);
      open.push({ kind: block, at, path: pathOf(operand ?? '', at), nodes: [], holds: undefined });
    } else if (tag === 'else') {
      const block = top();
      if (block.kind !== 'if' || block.holds !== undefined)
        throw new TemplateFlaw(at, '{{else}} belongs to no {{#if}}');
      block.holds = block.nodes;
      block.nodes = [];
    } else if (tag === '/if' || tag === '/each') {
      const block = top();
      if (block.kind !== tag.slice(1)) throw new TemplateFlaw(at, `{{${tag}}} closes nothing`);
      open.pop();
      top().nodes.push(closed(block));
    } else {
      const [path = '', filter, ...more] = tag.split('|').map((part) => part.trim());
      if (more.length > 0) throw new TemplateFlaw(at, 'a value has at most one filter');
      top().nodes.push({
        kind: 'value',
        path: pathOf(path, at),
        at,
        ...(filter === undefined ? {} : { filter }),
      });
    }
  }
}

interface Open {
  readonly kind: 'root' | 'if' | 'each';
  readonly at: Place;
  readonly path: readonly string[];
  nodes: Node[];
  holds: Node[] | undefined;
}

function closed({ kind, at, path, nodes, holds }: Open): Node {
  if (kind === 'each') return { kind, at, path, body: nodes };
  return { kind: 'if', at, path, holds: holds ?? nodes, otherwise: holds === undefined ? [] : nodes };
}

function pathOf(text: string, at: Place): readonly string[] {
  if (!PATH.test(text)) throw new TemplateFlaw(at, `“${text}” is no name, like order.number`);
  return text.split('.');
}

function placeOf(source: string, offset: number): Place {
  const lines = source.slice(0, offset).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
