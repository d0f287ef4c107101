/**
 * The image `shopmind/recovery`: `archive` keeps the archive until it is told to end; `backup`, `restore` and `drill` do one
 * operation and end. The id of the operation comes after the word; a drill may begin one of its own. `fetch FOLDER [MOMENT]` is for
 * people: it puts the archived cluster into a folder, where there is no server to restore into.
 * What each needs of the environment is in `config.ts`.
 */
import { pino } from 'pino';
import { archiveConfig, fetchConfig, workConfig } from './config.ts';
import type { Operation } from './operations.ts';

const log = pino({ level: process.env['LOG_LEVEL'] ?? 'info', base: { service: 'recovery' } });
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());

try {
  await main(process.argv.slice(2));
} catch (cause) {
  log.fatal({ err: cause }, 'it cannot go on');
  process.exitCode = 1;
}
// Sockets to servers that hang must not keep an ended process alive.
setTimeout(() => process.exit(), 3_000).unref();

async function main([word = '', ...rest]: readonly string[]): Promise<void> {
  const { signal } = stopping;
  if (word === 'archive') {
    const { keepArchive } = await import('./work/archive.ts');
    return keepArchive(archiveConfig(process.env), log, signal);
  }
  if (word === 'fetch') {
    const { fetchInto } = await import('./work/fetch.ts');
    return fetchInto(rest, fetchConfig(process.env), log, signal);
  }
  const { operate } = await import('./work/operate.ts');
  const ended = await operate(word, rest[0], workConfig(process.env), log, signal);
  tell(ended);
}

/** Whoever looks at the Job sees by its end what became of the operation. */
function tell({ id, state, step, message }: Operation): void {
  log.info({ id, state, step }, message);
  if (state === 'Failed') process.exitCode = 1;
}
