/**
 * Reads JSON as a stream and yields one product at a time: a catalogue of any size needs the memory of one product. Either one product a
 * line (JSON Lines), or one array of products.
 */
import { type Readable } from 'node:stream';
import { ShopError } from '../../../platform/errors.ts';
import type { ImportProblem } from '../schemas.ts';

/** One value of the file with the line it begins on, counted from 1. */
export interface JsonEntry {
  readonly line: number;
  readonly value: unknown;
}

export type JsonRead = JsonEntry | { readonly problems: readonly ImportProblem[] };

/** UTF-16 units of one product. */
const LONGEST = 4 * 1024 * 1024;
/** A product is not that deep. */
const DEEPEST = 32;

/**
 * A line that is no JSON is a problem of that line; of an array nothing more can be read from there on.
 * @param watch sees every byte, for hashing and counting
 * @throws ShopError `invalid_input` when it is neither of the two at all: not UTF-8, an array that breaks off
 */
export async function* entriesOf(source: Readable, watch: (chunk: Buffer) => void): AsyncGenerator<JsonRead> {
  let splitter: Splitter | undefined;
  let before = '';
  try {
    for await (const text of textsOf(source, watch)) {
      splitter ??= splitterFor(text);
      if (splitter === undefined) before += text;
      else for (const piece of splitter.take(before + text)) yield read(piece);
      if (splitter !== undefined) before = '';
      refuseLonger(before.length, 1);
    }
  } finally {
    source.destroy();
  }
  if (splitter === undefined)
    throw new ShopError('invalid_input', 'The JSON is empty.', {
      remedy: 'Send one product a line, or an array.',
    });
  for (const piece of splitter.end()) yield read(piece);
}

interface Piece {
  readonly line: number;
  readonly text: string;
}

/** Takes a text in parts and gives back the values that are whole. */
interface Splitter {
  take(part: string): Iterable<Piece>;
  /** @throws ShopError `invalid_input` when something has begun and is not over */
  end(): Iterable<Piece>;
}

async function* textsOf(source: Readable, watch: (chunk: Buffer) => void): AsyncGenerator<string> {
  // Fatal: what is not UTF-8 would be stored as question marks.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new ShopError('invalid_input', 'The file is not UTF-8.', { cause, remedy: 'Save it in UTF-8.' });
    }
  };
  for await (const chunk of source as AsyncIterable<Buffer>) {
    watch(chunk);
    yield decoded(chunk);
  }
  yield decoded();
}

/** @returns undefined while there is nothing but space */
function splitterFor(text: string): Splitter | undefined {
  const first = text.trimStart()[0];
  if (first === undefined) return undefined;
  return first === '[' ? arraySplitter() : lineSplitter();
}

function lineSplitter(): Splitter {
  let rest = '';
  let line = 1;
  return {
    *take(part) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) {
        if (text.trim() !== '') yield { line, text };
        line += 1;
      }
      refuseLonger(rest.length, line);
    },
    *end() {
      if (rest.trim() !== '') yield { line, text: rest };
    },
  };
}

/** Follows strings and brackets only: what stands between them is `JSON.parse`'s to judge. */
function arraySplitter(): Splitter {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let line = 1;
  let piece = '';
  let pieceLine = 1;
  let isOver = false;

  const begin = (): void => {
    piece = '';
    pieceLine = line;
  };
  return {
    *take(part) {
      let from = 0;
      for (let at = 0; at < part.length; at += 1) {
        const unit = part.charCodeAt(at);
        if (unit === NEWLINE) line += 1;
        if (inString) {
          if (escaped) escaped = false;
          else if (unit === BACKSLASH) escaped = true;
          else if (unit === QUOTE) inString = false;
          continue;
        }
        if (isOver) {
          if (!isSpace(unit)) throw notAnArray(line, 'goes on after its end');
          continue;
        }
        if (unit === QUOTE) inString = true;
        else if (unit === OPEN || unit === OPEN_ARRAY) {
          depth += 1;
          if (depth > DEEPEST) throw notAnArray(line, `is deeper than ${DEEPEST} levels`);
        } else if (unit === CLOSE || unit === CLOSE_ARRAY) depth -= 1;

        if (depth === 1 && unit === OPEN_ARRAY) {
          from = at + 1;
          begin();
        } else if ((depth === 0 && unit === CLOSE_ARRAY) || (depth === 1 && unit === COMMA)) {
          isOver = depth === 0;
          const text = piece + part.slice(from, at);
          // An empty array, and what some writers leave behind the last product.
          if (text.trim() !== '' || !isOver) yield { line: pieceLine, text };
          from = at + 1;
          begin();
        } else if (depth === 1 && isSpace(unit) && piece === '' && part.slice(from, at).trim() === '') {
          pieceLine = line;
          from = at + 1;
        }
      }
      if (!isOver) piece += part.slice(from);
      refuseLonger(piece.length, pieceLine);
    },
    end() {
      if (!isOver) throw notAnArray(line, 'breaks off');
      return [];
    },
  };
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === NEWLINE || unit === 0x0d || unit === 0x09;
}

function read({ line, text }: Piece): JsonRead {
  try {
    return { line, value: JSON.parse(text) };
  } catch (error) {
    const what = error instanceof Error ? error.message : 'it cannot be read';
    return {
      problems: [
        {
          line,
          column: null,
          handle: null,
          what: `This is not JSON: ${what.slice(0, 200)}`,
          remedy: 'Write one product a line, or one array of products.',
        },
      ],
    };
  }
}

function refuseLonger(length: number, line: number): void {
  if (length > LONGEST)
    throw new ShopError('invalid_input', `What begins in line ${line} is longer than ${LONGEST} letters.`, {
      remedy: 'Write one product a line, or one array of products.',
    });
}

function notAnArray(line: number, what: string): ShopError {
  return new ShopError('invalid_input', `The JSON ${what} in line ${line}.`, {
    remedy: 'Write one array of products, or one product a line.',
  });
}
