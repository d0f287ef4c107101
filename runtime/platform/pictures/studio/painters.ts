/**
 * A few processes that paint, and a queue before them that has an end, in which tenants take turns. One that takes too long is killed, one that is not needed
 * ends; bytes are fetched when it is a job's turn, so that what waits weighs nothing.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ShopError } from '../../errors.ts';
import type { TenantId } from '../../ports.ts';
import type { Rendition } from '../form.ts';
import type { Answer, Inspected, Job } from './messages.ts';

export interface Painters {
  /**
   * Decodes it to its end.
   * @throws PictureRefused; ShopError `unavailable` (full, or no decoder here) or `timeout`
   */
  inspect(tenant: TenantId, bytes: Buffer): Promise<Inspected>;
  /** @param load is called when it is its turn @throws as `inspect`, and what `load` throws */
  paint(tenant: TenantId, load: () => Promise<Buffer>, rendition: Rendition): Promise<Buffer>;
  /** Ends every process; what waits is ShopError `unavailable`. */
  close(): void;
}

/** The bytes are to blame. Of its own class, so that whoever asks can write it down instead of failing. */
export class PictureRefused extends ShopError {
  readonly reason: 'broken' | 'too_many_pixels' | 'too_many_pages';

  constructor(reason: PictureRefused['reason'], what: string) {
    super('invalid_input', `The picture cannot be read: ${what}.`, {
      remedy:
        'Save it anew as JPEG, PNG or WebP of at most 50 megapixels; progressive or moving ones 25, AVIF 8.',
    });
    this.reason = reason;
  }
}

export interface PaintersOptions {
  /** At most so many at once. Default 2, or 1 where the container has little memory: each may need 150 MB. */
  readonly processes?: number;
  /** Jobs that may wait; of one tenant half of them. Default 256: a page of a shop whose pictures are all new asks for fifty at once. */
  readonly waiting?: number;
  /** Of one job, from its bytes to its answer. Default 15,000. */
  readonly jobMilliseconds?: number;
  /** One without work ends after this. Default 60,000. */
  readonly idleMilliseconds?: number;
  /** Package that decodes; for tests. */
  readonly module?: string;
}

interface Waiting {
  readonly job: () => Promise<Job>;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Painter {
  readonly child: ChildProcess;
  idle: NodeJS.Timeout | undefined;
}

const ROOMY_BYTES = 768 * 1024 ** 2;

export function createPainters({
  processes = process.constrainedMemory() < ROOMY_BYTES ? 1 : 2,
  waiting: most = 256,
  jobMilliseconds = 15_000,
  idleMilliseconds = 60_000,
  module = 'sharp',
}: PaintersOptions = {}): Painters {
  const queue = createTurns<Waiting>();
  const resting: Painter[] = [];
  const alive = new Set<ChildProcess>();
  let busy = 0;
  let isClosed = false;

  function enqueue(tenant: TenantId, job: () => Promise<Job>): Promise<Answer> {
    if (isClosed) return Promise.reject(closed());
    if (queue.size() >= most || queue.sizeOf(tenant) >= Math.ceil(most / 2)) return Promise.reject(full());
    return new Promise((resolve, reject) => {
      queue.add(tenant, { job, resolve, reject });
      next();
    });
  }

  function next(): void {
    if (busy >= processes) return;
    const turn = queue.take();
    if (turn === undefined) return;
    busy++;
    void serve(turn).finally(() => {
      busy--;
      next();
    });
  }

  async function serve({ job, resolve, reject }: Waiting): Promise<void> {
    try {
      const asked = await job();
      const painter = takeOne();
      const answer = await ask(painter.child, asked, jobMilliseconds);
      // Without a decoder there will be none until somebody has installed it: the next one looks again.
      if (answer.kind === 'missing' || isClosed) painter.child.kill('SIGKILL');
      else rest(painter);
      resolve(answer);
    } catch (error) {
      reject(error);
    }
  }

  function takeOne(): Painter {
    const rested = resting.pop();
    if (rested !== undefined) {
      clearTimeout(rested.idle);
      rested.child.ref();
      rested.child.channel?.ref();
      return rested;
    }
    const child = start(module);
    alive.add(child);
    child.once('exit', () => {
      alive.delete(child);
      const at = resting.findIndex((one) => one.child === child);
      if (at >= 0) clearTimeout(resting.splice(at, 1)[0]?.idle);
    });
    return { child, idle: undefined };
  }

  function rest(painter: Painter): void {
    // Nothing keeps the runtime from ending because of it.
    painter.child.unref();
    painter.child.channel?.unref();
    painter.idle = setTimeout(() => painter.child.kill('SIGKILL'), idleMilliseconds);
    painter.idle.unref();
    resting.push(painter);
  }

  return {
    async inspect(tenant, bytes) {
      const answer = await enqueue(tenant, () => Promise.resolve({ kind: 'inspect', bytes }));
      if (answer.kind === 'inspected') return answer.inspected;
      throw refusalOf(answer);
    },
    async paint(tenant, load, rendition) {
      const answer = await enqueue(tenant, async () => ({ kind: 'paint', bytes: await load(), rendition }));
      if (answer.kind !== 'painted') throw refusalOf(answer);
      const { buffer, byteOffset, byteLength } = answer.bytes;
      return Buffer.from(buffer, byteOffset, byteLength);
    },
    close() {
      isClosed = true;
      for (let left = queue.take(); left !== undefined; left = queue.take()) left.reject(closed());
      for (const child of alive) child.kill('SIGKILL');
    },
  };
}

interface Turns<T> {
  add(tenant: TenantId, one: T): void;
  /** The eldest of the tenant that has waited longest for a turn. */
  take(): T | undefined;
  size(): number;
  sizeOf(tenant: TenantId): number;
}

/** A tenant with a hundred jobs holds up another's first one by a single job. */
function createTurns<T>(): Turns<T> {
  /** In the order of their turns; none is empty. */
  const lines = new Map<TenantId, T[]>();
  return {
    add(tenant, one) {
      const line = lines.get(tenant);
      if (line === undefined) lines.set(tenant, [one]);
      else line.push(one);
    },
    take() {
      for (const [tenant, line] of lines) {
        const one = line.shift();
        lines.delete(tenant);
        if (line.length > 0) lines.set(tenant, line);
        return one;
      }
      return undefined;
    },
    size: () => [...lines.values()].reduce((sum, line) => sum + line.length, 0),
    sizeOf: (tenant) => lines.get(tenant)?.length ?? 0,
  };
}

/** It may read code and nothing else; writing, processes and threads are not for it, and its environment holds no secret. */
function start(module: string): ChildProcess {
  const painter = fileURLToPath(new URL('./painter.ts', import.meta.url));
  const { entry, folders } = placeOf(module);
  const readable = [`${dirname(dirname(painter))}/`, ...folders];
  return fork(painter, [entry], {
    serialization: 'advanced',
    // Fewer arenas: memory of many threads is given back.
    env: { NODE_ENV: 'production', MALLOC_ARENA_MAX: '2' },
    execArgv: [
      '--permission',
      '--allow-addons',
      ...readable.map((folder) => `--allow-fs-read=${folder}`),
      '--disable-warning=SecurityWarning',
      '--max-old-space-size=64',
    ],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** The decoder's file, and the folder with all that it needs. One that is not installed says so itself when it is asked. */
function placeOf(module: string): { readonly entry: string; readonly folders: readonly string[] } {
  try {
    const entry = import.meta.resolve(module);
    const path = fileURLToPath(entry);
    const at = path.lastIndexOf('/node_modules/');
    return { entry, folders: at < 0 ? [] : [path.slice(0, at + '/node_modules/'.length)] };
  } catch {
    return { entry: module, folders: [] };
  }
}

/** Rejects when the process ends, or had to be ended, before it answered. */
function ask(child: ChildProcess, job: Job, milliseconds: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      settle();
      child.kill('SIGKILL');
      reject(
        new ShopError('timeout', 'Painting this picture takes too long.', {
          remedy: 'Try again in a moment, or use a smaller picture.',
          retryAfterSeconds: 10,
        }),
      );
    }, milliseconds);
    const answered = (answer: Answer): void => {
      settle();
      resolve(answer);
    };
    const ended = (cause: unknown): void => {
      settle();
      child.kill('SIGKILL');
      reject(
        new ShopError('unavailable', 'The process that paints pictures ended before it had answered.', {
          cause,
          remedy: 'Try again; where it is always the same picture, use another file.',
          retryAfterSeconds: 5,
        }),
      );
    };
    const settle = (): void => {
      clearTimeout(late);
      child.off('message', answered).off('exit', ended).off('error', ended);
    };
    child.once('message', answered).once('exit', ended).once('error', ended);
    child.send(job, (error) => {
      if (error !== null) ended(error);
    });
  });
}

function refusalOf(answer: Answer): ShopError {
  if (answer.kind === 'refused') return new PictureRefused(answer.reason, answer.what);
  const what =
    answer.kind === 'missing' ? (answer.what.split('\n')[0] ?? '') : `an answer of kind ${answer.kind}`;
  return new ShopError('unavailable', `This runtime cannot paint pictures: ${what}`, {
    remedy:
      'Its package sharp needs a part for this system (@img/sharp-…): install with optional dependencies.',
    retryAfterSeconds: 300,
  });
}

function full(): ShopError {
  return new ShopError('unavailable', 'Too many pictures are being painted.', {
    remedy: 'Try again in a moment.',
    retryAfterSeconds: 2,
  });
}

function closed(): ShopError {
  return new ShopError('unavailable', 'This process is stopping.', { retryAfterSeconds: 1 });
}
