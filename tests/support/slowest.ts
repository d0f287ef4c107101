/** A reporter of node:test that says which files took longest. */
import type { TestEvent } from 'node:test/reporters';
import { relative } from 'node:path';

const MOST = 15;

export default async function* slowest(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { readonly file: string; readonly seconds: number }[] = [];
  for await (const event of events) {
    if (event.type !== 'test:summary' || event.data.file === undefined) continue;
    files.push({
      file: relative(process.cwd(), event.data.file),
      seconds: event.data.duration_ms / 1000,
    });
  }
  if (files.length < 2) return;
  yield `\nof ${files.length} files these took longest\n`;
  for (const { file, seconds } of files.toSorted((a, b) => b.seconds - a.seconds).slice(0, MOST))
    yield `${seconds.toFixed(1).padStart(8)} s  ${file}\n`;
}
