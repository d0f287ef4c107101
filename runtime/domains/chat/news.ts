/**
 * What processes tell each other of a room: a line of words, and for messages one line more for each, as its listeners are told it
 * (JSON on one line), so that a process passes on what it has heard without reading it. Pure.
 */

export type News = { readonly node: string } & (
  | { readonly kind: 'messages'; readonly first: number; readonly texts: readonly string[] }
  /** Messages up to here are in the table. */
  | { readonly kind: 'head'; readonly seq: number }
  | {
      readonly kind: 'here';
      readonly seq: number;
      readonly isAsking: boolean;
      readonly present: readonly string[];
    }
  | { readonly kind: 'gone' }
  | { readonly kind: 'people'; readonly people: readonly string[]; readonly isOnline: boolean }
  | { readonly kind: 'typing'; readonly person: string }
  | { readonly kind: 'read'; readonly person: string; readonly seq: number }
  | { readonly kind: 'rules' }
);

/** Pub/sub carries 7,000 bytes; the first line takes some. */
const LARGEST = 6_800;

/** Messages in as few pieces as can be carried; of one that is too long for any, that it is there. */
export function chunksOf(first: number, texts: readonly string[]): string[] {
  const chunks: string[] = [];
  let lines: string[] = [];
  let size = 0;
  let at = first;
  const finish = (): void => {
    if (lines.length > 0) chunks.push(`messages ${at}\n${lines.join('\n')}`);
    at += lines.length;
    lines = [];
    size = 0;
  };
  for (const text of texts) {
    const bytes = Buffer.byteLength(text) + 1;
    if (size + bytes > LARGEST) finish();
    if (bytes > LARGEST) {
      chunks.push(`head ${at}`);
      at += 1;
      continue;
    }
    lines.push(text);
    size += bytes;
  }
  finish();
  return chunks;
}

/** @returns undefined for what another release may say */
export function parseNews(message: string): News | undefined {
  const [head = '', ...texts] = message.split('\n');
  const [node = '', kind, one = '', two = '', three = ''] = head.split(' ');
  switch (kind) {
    case 'messages':
      return { node, kind, first: Number(one), texts };
    case 'head':
      return { node, kind, seq: Number(one) };
    case 'here':
      return {
        node,
        kind,
        seq: Number(one),
        isAsking: two === '1',
        present: three.split(',').filter(Boolean),
      };
    case 'gone':
    case 'rules':
      return { node, kind };
    case 'people':
      return { node, kind, people: one.split(',').filter(Boolean), isOnline: two === '1' };
    case 'typing':
      return { node, kind, person: one };
    case 'read':
      return { node, kind, person: one, seq: Number(two) };
    default:
      return undefined;
  }
}
