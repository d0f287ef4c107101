/**
 * Unified diffs of two texts, as `diff -u` prints them.
 * Shortest edit script after E. W. Myers, "An O(ND) difference algorithm and its variations" (1986), the greedy form.
 */
import type { Style } from './style.ts';

export interface Edit {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
}

const CONTEXT = 3;

/** A shortest way from one text to the other, line by line. */
export function edits(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const trace: Int32Array[] = [];
  const most = before.length + after.length;
  const offset = most + 1;
  const reach = new Int32Array(2 * most + 3);
  for (let distance = 0; distance <= most; distance += 1) {
    trace.push(reach.slice());
    for (let diagonal = -distance; diagonal <= distance; diagonal += 2) {
      let x = isDown(reach, diagonal, distance, offset)
        ? (reach[offset + diagonal + 1] ?? 0)
        : (reach[offset + diagonal - 1] ?? 0) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      reach[offset + diagonal] = x;
      if (x >= before.length && x - diagonal >= after.length) return backtrack(trace, before, after, offset);
    }
  }
  return [];
}

function isDown(reach: Int32Array, diagonal: number, distance: number, offset: number): boolean {
  if (diagonal === -distance) return true;
  return diagonal !== distance && (reach[offset + diagonal - 1] ?? 0) < (reach[offset + diagonal + 1] ?? 0);
}

function backtrack(
  trace: readonly Int32Array[],
  before: readonly string[],
  after: readonly string[],
  offset: number,
): readonly Edit[] {
  const found: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let distance = trace.length - 1; distance >= 0; distance -= 1) {
    const reach = trace[distance] ?? new Int32Array();
    const diagonal = x - y;
    const previous = isDown(reach, diagonal, distance, offset) ? diagonal + 1 : diagonal - 1;
    const fromX = distance === 0 ? 0 : (reach[offset + previous] ?? 0);
    const fromY = distance === 0 ? 0 : fromX - previous;
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      found.push({ kind: ' ', line: before[x] ?? '' });
    }
    if (distance === 0) break;
    if (x > fromX) found.push({ kind: '-', line: before[(x -= 1)] ?? '' });
    else found.push({ kind: '+', line: after[(y -= 1)] ?? '' });
  }
  return found.reverse();
}

/** The hunks of a unified diff, without file names; empty when nothing differs. */
export function unified(before: string, after: string, style: Style): string {
  const all = edits(lines(before), lines(after));
  const near = new Set<number>();
  for (const [index, { kind }] of all.entries())
    if (kind !== ' ')
      for (let at = Math.max(0, index - CONTEXT); at <= index + CONTEXT; at += 1) near.add(at);
  const out: string[] = [];
  let [left, right] = [1, 1];
  for (const [index, edit] of all.entries()) {
    if (near.has(index)) {
      if (!near.has(index - 1)) out.push(style.cyan(head(all, index, near, left, right)));
      out.push(PAINTS[edit.kind](style)(`${edit.kind}${edit.line}`));
    }
    if (edit.kind !== '+') left += 1;
    if (edit.kind !== '-') right += 1;
  }
  return out.join('\n');
}

const PAINTS = {
  ' ': () => (text: string) => text,
  '-': (style: Style) => style.red,
  '+': (style: Style) => style.green,
} as const;

function head(
  all: readonly Edit[],
  from: number,
  near: ReadonlySet<number>,
  left: number,
  right: number,
): string {
  let [old, fresh] = [0, 0];
  for (let index = from; index < all.length && near.has(index); index += 1) {
    if (all[index]?.kind !== '+') old += 1;
    if (all[index]?.kind !== '-') fresh += 1;
  }
  return `@@ -${old === 0 ? left - 1 : left},${old} +${fresh === 0 ? right - 1 : right},${fresh} @@`;
}

function lines(text: string): readonly string[] {
  const trimmed = text.endsWith('\n') ? text.slice(0, -1) : text;
  return trimmed === '' ? [] : trimmed.split('\n');
}
