/**
 * Container logs as files, in the format of the container runtime interface
 * (`<time> stdout F <line>`), bounded in size, readable while they grow.
 */
import {
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  renameSync,
  writeSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface LogTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
}

export interface LogQuery {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  readonly sinceTime?: Date;
  readonly limitBytes?: number;
}

export interface LogSink {
  /** Takes everything a stream says until it ends. */
  take(stream: 'stdout' | 'stderr', source: Readable): void;
  write(stream: 'stdout' | 'stderr', line: string): void;
  close(): void;
}

export interface LogStore {
  /** Opens the log of one life of a container. */
  open(target: LogTarget, attempt: number): LogSink;
  /**
   * The lines that a query asks for, each with its line end; with `follow`, until the container ends.
   * Undefined when there is no such log.
   */
  read(target: LogTarget, query: LogQuery, signal?: AbortSignal): AsyncGenerator<string> | undefined;
  /** Forgets a Pod's logs. */
  remove(target: Omit<LogTarget, 'container'>): void;
}

/** One file's limit; a container keeps this file and the one before it, for this life and the last. */
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
/** A longer line is written in parts, marked `P`. */
const MAX_LINE = 16 * 1024;

interface OpenLog {
  readonly waiting: Set<() => void>;
  closed: boolean;
}

/** @param onLost told when lines cannot be written */
export function createLogStore(
  root: string,
  maxBytes = DEFAULT_MAX_BYTES,
  onLost: (error: unknown, file: string) => void = () => undefined,
): LogStore {
  const open = new Map<string, OpenLog>();
  const podDir = ({ namespace, pod, uid }: Omit<LogTarget, 'container'>): string =>
    join(root, `${namespace}_${pod}_${uid}`);
  const containerDir = (target: LogTarget): string => join(podDir(target), target.container);

  function openLog(target: LogTarget, attempt: number): LogSink {
    const dir = containerDir(target);
    mkdirSync(dir, { recursive: true });
    for (const old of attemptsIn(dir).filter((number) => number < attempt - 1))
      for (const suffix of ['', '.1']) rmSync(join(dir, `${old}.log${suffix}`), { force: true });
    const file = join(dir, `${attempt}.log`);
    let descriptor = openSync(file, 'a');
    let size = 0;
    let buffer = '';
    let scheduled = false;
    const state: OpenLog = { waiting: new Set(), closed: false };
    open.set(file, state);

    function flush(): void {
      scheduled = false;
      if (buffer === '') return;
      const bytes = Buffer.from(buffer);
      buffer = '';
      try {
        if (size > 0 && size + bytes.length > maxBytes) turn();
        writeSync(descriptor, bytes);
        size += bytes.length;
      } catch (error) {
        // A full disk loses lines; it must not end the containers, nor the cluster.
        onLost(error, file);
      }
      wake(state);
    }

    function turn(): void {
      renameSync(file, `${file}.1`);
      const fresh = openSync(file, 'a');
      closeSync(descriptor);
      descriptor = fresh;
      size = 0;
    }

    function write(stream: string, tag: 'F' | 'P', line: string, time: string): void {
      buffer += `${time} ${stream} ${tag} ${line}\n`;
      if (buffer.length > 256 * 1024) flush();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(flush);
      }
    }

    let sources = 0;
    let ending = false;
    const end = (): void => {
      if (!ending || sources > 0 || state.closed) return;
      flush();
      closeSync(descriptor);
      state.closed = true;
      open.delete(file);
      wake(state);
    };

    return {
      take(stream, source) {
        const decoder = new StringDecoder('utf8');
        let rest = '';
        sources += 1;
        let done = false;
        const finish = (): void => {
          if (done) return;
          done = true;
          if (rest !== '') write(stream, 'F', rest, now());
          sources -= 1;
          end();
        };
        source.on('data', (chunk: Buffer) => {
          const time = now();
          const lines = (rest + decoder.write(chunk)).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) writeParts(stream, line, time);
          while (rest.length > MAX_LINE) {
            write(stream, 'P', rest.slice(0, MAX_LINE), time);
            rest = rest.slice(MAX_LINE);
          }
        });
        source.once('end', finish);
        source.once('close', finish);
        source.once('error', finish);
      },
      write: (stream, line) => writeParts(stream, line, now()),
      close() {
        ending = true;
        end();
      },
    };

    function writeParts(stream: string, line: string, time: string): void {
      let from = 0;
      for (; line.length - from > MAX_LINE; from += MAX_LINE)
        write(stream, 'P', line.slice(from, from + MAX_LINE), time);
      write(stream, 'F', line.slice(from), time);
    }
  }

  return {
    open: openLog,
    read(target, query, signal) {
      const dir = containerDir(target);
      const attempts = existsSync(dir) ? attemptsIn(dir) : [];
      const attempt = query.previous ? attempts.at(-2) : attempts.at(-1);
      if (attempt === undefined) return undefined;
      const file = join(dir, `${attempt}.log`);
      return limited(
        linesOf(file, query, () => open.get(file), signal),
        query.limitBytes,
      );
    },
    remove: (target) => rmSync(podDir(target), { recursive: true, force: true }),
  };
}

const now = (): string => new Date().toISOString().replace('Z', '000000Z');

function wake(log: OpenLog): void {
  for (const resolve of log.waiting) resolve();
  log.waiting.clear();
}

const attemptsIn = (dir: string): number[] =>
  readdirSync(dir)
    .map((name) => /^(\d+)\.log$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b);

async function* linesOf(
  file: string,
  query: LogQuery,
  live: () => OpenLog | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const since =
    query.sinceTime ??
    (query.sinceSeconds === undefined ? undefined : new Date(Date.now() - query.sinceSeconds * 1e3));
  const show = (entry: Entry): string =>
    (query.timestamps ? `${entry.time} ` : '') + entry.text + (entry.whole ? '\n' : '');
  const wanted = (entry: Entry): boolean => since === undefined || new Date(entry.time) >= since;
  const older = existsSync(`${file}.1`) ? entriesOf(`${file}.1`, 0) : [];
  let at = 0;
  const current = async function* (): AsyncGenerator<Entry> {
    for await (const entry of entriesOf(file, at)) {
      at += entry.bytes;
      yield entry;
    }
  };

  if (query.tailLines === undefined) {
    for await (const entry of older) if (wanted(entry)) yield show(entry);
    for await (const entry of current()) if (wanted(entry)) yield show(entry);
  } else {
    const tail: Entry[] = [];
    for (const part of [older, current()])
      for await (const entry of part) {
        if (!wanted(entry) || query.tailLines === 0) continue;
        if (tail.push(entry) > query.tailLines) tail.shift();
      }
    for (const entry of tail) yield show(entry);
  }
  if (!query.follow) return;
  for (;;) {
    const log = live();
    const grown = sizeOf(file);
    // The file was turned over: what is new is in a new file.
    if (grown < at) at = 0;
    // Judged before reading: what is written until then is read.
    const over = !log || log.closed;
    for await (const entry of current()) if (wanted(entry)) yield show(entry);
    if (over || signal?.aborted) return;
    if (!log.closed && sizeOf(file) === at) await growth(log, signal);
  }
}

function growth(log: OpenLog, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      log.waiting.delete(done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    log.waiting.add(done);
    signal?.addEventListener('abort', done);
  });
}

interface Entry {
  readonly time: string;
  readonly text: string;
  /** False for a part of a longer line. */
  readonly whole: boolean;
  readonly bytes: number;
}

async function* entriesOf(file: string, start: number): AsyncGenerator<Entry> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, { start, encoding: 'utf8' })) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield entryOf(line);
    }
  } catch (error) {
    // Between one file and the next there is none for a moment: the reader looks again.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

/** `2026-01-02T03:04:05.678000000Z stdout F text` */
function entryOf(line: string): Entry {
  const time = line.slice(0, line.indexOf(' '));
  const header = /^\S+ \S+ ([FP]) /.exec(line);
  return {
    time,
    text: line.slice(header?.[0].length ?? 0),
    whole: header?.[1] !== 'P',
    bytes: Buffer.byteLength(line) + 1,
  };
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

async function* limited(pieces: AsyncGenerator<string>, limit: number | undefined): AsyncGenerator<string> {
  let left = limit ?? Infinity;
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece);
    if (bytes.length >= left) {
      yield bytes.subarray(0, left).toString('utf8');
      return;
    }
    left -= bytes.length;
    yield piece;
  }
}
