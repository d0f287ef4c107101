/**
 * The page of faults is what was seen: its tables are those of the results that are kept beside the suite.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatResults, merged, parseResults, withTables, type Result } from '../faults/page.ts';

const root = join(import.meta.dirname, '../..');

test('docs/faults.md has the tables of tests/faults/results.jsonl', async () => {
  const [page, results] = await Promise.all([
    readFile(join(root, 'docs/faults.md'), 'utf8'),
    readFile(join(root, 'tests/faults/results.jsonl'), 'utf8'),
  ]);
  assert.equal(page, withTables(page, parseResults(results)), 'written by a run with --write, not by hand');
});

const seen = (scenario: string, more: Partial<Result> = {}): Result => ({
  server: 'embedded',
  scenario,
  tried: 2,
  converged: 2,
  seconds: 1,
  every: 1,
  seed: 1,
  commit: 'abc',
  date: '2026-01-01',
  load: 1,
  cores: 2,
  ...more,
});

test('the last run of a scenario on a server is kept, and of generated specs one for each seed', () => {
  const kept = merged(
    [seen('a', { commit: 'old' }), seen('b'), seen('generated specs (3 accepted)')],
    [
      seen('a', { commit: 'new' }),
      seen('a', { server: 'kube-apiserver' }),
      seen('generated specs (4 accepted)'),
      seen('generated specs (4 accepted)', { seed: 2 }),
    ],
  );
  assert.deepEqual(
    parseResults(formatResults(kept)).map(({ server, scenario, commit, seed }) =>
      [server, scenario, commit, seed].join(),
    ),
    [
      'embedded,a,new,1',
      'embedded,b,abc,1',
      'embedded,generated specs (4 accepted),abc,1',
      'embedded,generated specs (4 accepted),abc,2',
      'kube-apiserver,a,abc,1',
    ],
  );
});
