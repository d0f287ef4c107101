/**
 * GraphQL documents that were read and checked, so that those that come again need not be. The ones asked for last are kept, and of them no
 * more than fit: anybody may send documents, and one of the largest weighs as much as hundreds of those that shops are asked with.
 */
import { createHash } from 'node:crypto';
import { parse, type DocumentNode } from 'graphql';

/** Of a document; more is no query anyone writes. */
export const MOST_TOKENS = 3_000;
/** Measured: what the parser makes of one, places included. */
const BYTES_PER_TOKEN = 280;
const MOST_BYTES = 16 * 1024 * 1024;

export interface Documents<Checked> {
  /** @throws GraphQLError for a text that is none */
  get(text: string): Checked;
  /** What is kept, about. */
  readonly bytes: number;
}

/** @param check what is known of a document once and for all */
export function createDocuments<Checked>(
  check: (document: DocumentNode) => Checked,
  most = MOST_BYTES,
): Documents<Checked> {
  // In the order in which they were asked for.
  const kept = new Map<string, { readonly checked: Checked; readonly bytes: number }>();
  let bytes = 0;

  function read(text: string): { readonly checked: Checked; readonly bytes: number } {
    const document = parse(text, { maxTokens: MOST_TOKENS });
    const tokens = document.tokenCount ?? MOST_TOKENS;
    // A text is kept with its places, twice as long where a letter of it is none of Latin-1.
    return { checked: check(document), bytes: tokens * BYTES_PER_TOKEN + 2 * text.length };
  }

  return {
    get(text) {
      const hash = createHash('sha256').update(text).digest('base64url');
      const known = kept.get(hash);
      const found = known ?? read(text);
      kept.delete(hash);
      kept.set(hash, found);
      if (known === undefined) bytes += found.bytes;
      for (const [oldest, one] of kept) {
        if (bytes <= most) break;
        kept.delete(oldest);
        bytes -= one.bytes;
      }
      return found.checked;
    },
    get bytes() {
      return bytes;
    },
  };
}
