/**
 * What a shell is offered, word by word; and that the scripts work in the shells that are here.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownFolder } from '../../../tests/support/owned.ts';
import { COMMANDS, loadAll } from '../commands.ts';
import { CLUSTER_OPTIONS, GLOBAL_OPTIONS } from '../options.ts';
import { complete, type Names } from './complete.ts';
import { SCRIPTS } from './scripts.ts';

const GRAMMAR = { commands: await loadAll(), globals: GLOBAL_OPTIONS, clusterOptions: CLUSTER_OPTIONS };
const NAMES: Names = {
  tenants: () => Promise.resolve(['acme', 'fjord'].map((value) => ({ value, summary: 'a shop' }))),
  services: (tenant) => Promise.resolve([{ value: `runtime-of-${tenant}`, summary: '' }]),
};

async function offered(line: string): Promise<string> {
  const found = await complete(line.split(' '), GRAMMAR, NAMES);
  return found === 'file' ? 'FILES' : found.map(({ value }) => value).join(' ');
}

for (const [line, expected] of [
  ['sta', 'status start'],
  ['status ', 'acme fjord'],
  ['status a', 'acme'],
  ['status acme ', ''],
  ['--context prod status ', 'acme fjord'],
  ['status -n shopmind-system ', 'acme fjord'],
  ['status -o ', 'text json yaml'],
  ['status --output=j', '--output=json'],
  ['status --wa', '--watch'],
  ['wait acme ', 'fjord'],
  ['restart acme ', 'runtime-of-acme'],
  ['logs acme o', 'orders operator'],
  ['plan -f ', 'FILES'],
  ['completion ', 'bash zsh fish'],
  ['--color ', 'auto always never'],
  ['start --context', ''],
  ['nonsense ', Object.keys(COMMANDS).join(' ')],
] as const) {
  test(`after "${line}" come: ${expected.slice(0, 40)}`, async () =>
    assert.equal(await offered(line), expected));
}

test('bash offers what the plugin says', (context) => {
  const folder = ownFolder('completion');
  try {
    execFileSync('bash', ['-c', 'true']);
  } catch {
    return context.skip('there is no bash on this machine');
  }
  try {
    writeFileSync(
      join(folder, 'shopmind'),
      '#!/bin/sh\nprintf "acme\\tAcme Outdoor\\nfjord\\tFjord\\n:4\\n"\n',
      { mode: 0o755 },
    );
    const script = `${SCRIPTS.bash}
COMP_WORDS=(shopmind status '') COMP_CWORD=2
_shopmind
printf '%s,' "\${COMPREPLY[@]}"`;
    const out = execFileSync('bash', ['-c', script], {
      env: { PATH: `${folder}:${process.env['PATH']}` },
      encoding: 'utf8',
    });
    assert.equal(out, 'acme,fjord,');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
});
