/** A process under watch: it starts again on a change, survives a mistake, and ends when it is told to. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kill } from '../../tests/support/ended.ts';
import { own, ownFolder } from '../../tests/support/owned.ts';
import { until } from '../../tests/support/wait.ts';

const RELOAD = new URL('./reload.ts', import.meta.url).href;

test('with HOT_RELOAD a changed file starts the work again, also after one that did not load', async () => {
  const folder = ownFolder('reload');
  const part = join(folder, 'part.mjs');
  const entry = join(folder, 'entry.mjs');
  writeFileSync(part, 'export const value = 1;');
  writeFileSync(
    entry,
    `import { underWatch } from '${RELOAD}';
     underWatch(import.meta.filename);
     const { value } = await import('./part.mjs');
     console.log('works with', value, 'under', process.env.HOT_RELOAD);
     setInterval(() => undefined, 1000);`,
  );
  const child = spawn(process.execPath, [entry], {
    env: { HOT_RELOAD: 'true' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  own(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const says = (text: string) =>
    until(() => (output.includes(text) ? true : undefined), { withinMs: 30_000, what: `"${text}"` });
  try {
    await says('works with 1 under undefined');
    writeFileSync(part, 'export const value = ;');
    await says('Failed running');
    writeFileSync(part, 'export const value = 2;');
    await says('works with 2');
    await kill(child, 'SIGTERM');
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
  assert.equal(child.signalCode === 'SIGKILL', false, 'it ended by itself');
});
