/**
 * The chart in the repository is what the builders say today. That Helm makes the same objects of it as `shopmind install` is
 * tested with Helm itself, in tests/e2e/chart.test.ts.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { generatedChart } from './generate.ts';

const CHART = new URL('../chart/', import.meta.url);

test('every file of the chart is what npm run generate would write, and there is no other', async () => {
  const wanted = await generatedChart();
  for (const [path, content] of wanted) {
    const written = await readFile(new URL(path, CHART), 'utf8');
    assert.ok(written === content, `operator/chart/${path} is stale: run npm run generate`);
  }
  const entries = await readdir(CHART, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.split('/chart/').at(-1)?.replace(/^\//, ''));
  assert.deepEqual(files.toSorted(), [...wanted.keys()].toSorted());
});

test('no name that stands for a value is left in a template', async () => {
  for (const [path, content] of await generatedChart()) assert.doesNotMatch(content, /[⟦⟧]/, path);
});
