/** What a room's messages come to for who looks at it. Pure. */
import type { Answer } from '../../api-client/client.ts';

type Message = Answer<'chat.listMessages'>['messages'][number];

interface Product {
  readonly handle: string;
  readonly title: string;
}

export interface Piece {
  readonly text: string;
  readonly handle?: string;
}

export interface Said {
  readonly seq: number;
  readonly by: 'you' | 'shop' | 'assistant';
  /** As it was written, in pieces: where a product that comes with it is named, the piece leads to it. */
  readonly pieces: readonly Piece[];
  readonly at: string;
  /** Those that the text does not name. */
  readonly products: readonly Product[];
  /** Ids. */
  readonly files: readonly string[];
}

/** In order; without what was taken down, and without what the house says of its rooms. */
export function saidIn(messages: readonly Message[]): readonly Said[] {
  const gone = new Set(
    messages.flatMap(({ kind, ref }) => (kind === 'removal' && ref !== undefined ? [ref] : [])),
  );
  return messages
    .filter(({ kind, seq }) => kind === 'text' && !gone.has(seq))
    .map(({ seq, from, text, at, attachments = [] }) => {
      const products = attachments.flatMap((each) => (each.kind === 'product' ? [each] : []));
      const pieces = piecesOf(text, products);
      return {
        seq,
        by: from === 'merchant' ? 'shop' : from === 'assistant' ? 'assistant' : 'you',
        pieces,
        at,
        products: products.filter(({ handle }) => pieces.every((piece) => piece.handle !== handle)),
        files: attachments.flatMap((each) => (each.kind === 'file' ? [each.id] : [])),
      };
    });
}

/** Each product is found once, where it is named first. */
function piecesOf(text: string, products: readonly Product[]): readonly Piece[] {
  let pieces: readonly Piece[] = [{ text }];
  // The longest first: its name may have another's in it.
  for (const { handle, title } of products.toSorted((a, b) => b.title.length - a.title.length)) {
    const at = pieces.findIndex((piece) => piece.handle === undefined && piece.text.includes(title));
    const found = pieces[at];
    if (title === '' || found === undefined) continue;
    const start = found.text.indexOf(title);
    const around = [found.text.slice(0, start), found.text.slice(start + title.length)];
    const [before, after] = around.map((rest): readonly Piece[] => (rest === '' ? [] : [{ text: rest }]));
    pieces = [
      ...pieces.slice(0, at),
      ...(before ?? []),
      { text: title, handle },
      ...(after ?? []),
      ...pieces.slice(at + 1),
    ];
  }
  return pieces;
}
