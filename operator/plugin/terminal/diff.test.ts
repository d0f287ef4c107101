/**
 * Diffs say what differs, all of it and no more; patch(1) itself is asked where there is one.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ownFolder } from '../../../tests/support/owned.ts';
import { edits, unified } from './diff.ts';
import { PLAIN } from './style.ts';

const someLines = fc.array(fc.constantFrom('a', 'b', 'c', 'd: 1', 'd: 2'), { maxLength: 30 });

test('the edits lead from one text to the other, and equal texts need none', () => {
  fc.assert(
    fc.property(someLines, someLines, (before, after) => {
      const all = edits(before, after);
      assert.deepEqual(
        all.filter(({ kind }) => kind !== '+').map(({ line }) => line),
        before,
      );
      assert.deepEqual(
        all.filter(({ kind }) => kind !== '-').map(({ line }) => line),
        after,
      );
      assert.ok(edits(before, before).every(({ kind }) => kind === ' '));
    }),
  );
});

test('no shorter script exists: as many lines stay as the longest common subsequence has', () => {
  fc.assert(
    fc.property(someLines, someLines, (before, after) => {
      assert.equal(edits(before, after).filter(({ kind }) => kind === ' ').length, common(before, after));
    }),
  );
});

test('a change in a long text is shown with three lines around it', () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
  const after = before.with(9, 'changed');
  assert.equal(
    unified(before.join('\n'), after.join('\n'), PLAIN),
    '@@ -7,7 +7,7 @@\n line 7\n line 8\n line 9\n-line 10\n+changed\n line 11\n line 12\n line 13',
  );
});

test('patch(1) understands it', (context) => {
  try {
    execFileSync('patch', ['--version'], { stdio: 'ignore' });
  } catch {
    return context.skip('there is no patch(1) on this machine');
  }
  const folder = ownFolder('diff');
  try {
    fc.assert(
      fc.property(someLines, someLines, (before, after) => {
        if (before.length === 0 || before.join() === after.join()) return;
        const file = join(folder, 'file');
        writeFileSync(file, before.map((line) => `${line}\n`).join(''));
        const text = `--- a\n+++ b\n${unified(before.join('\n'), after.join('\n'), PLAIN)}\n`;
        execFileSync('patch', ['-s', file], { input: text });
        // patch removes a file that it leaves empty.
        const patched = after.length === 0 ? '' : readFileSync(file, 'utf8');
        assert.equal(patched, after.map((line) => `${line}\n`).join(''));
      }),
      { numRuns: 25 },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
});

function common(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, () => 0);
  for (const line of a) {
    const next = [0];
    for (const [index, other] of b.entries())
      next.push(line === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0));
    row = next;
  }
  return row.at(-1) ?? 0;
}
