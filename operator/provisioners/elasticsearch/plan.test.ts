import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzerOf, SEARCH_ANALYZERS } from '../../../runtime/platform/names/index.ts';
import { desiredTemplate, planTemplates, planTenant } from './plan.ts';

const settings = { index: { refresh_interval: '1s', gc_deletes: '1h', auto_expand_replicas: '0-1' } };
const acme = { name: 'acme' };
const alias = {
  alias: 'pool.products.of.acme',
  index: 'pool.products.v2',
  routing: 'acme',
  filter: { term: { tenant: 'acme' } },
};
const whole = { indices: { 'pool.products.v2': { settings } }, aliases: [alias] };
const texts = (actions: readonly { readonly text: string }[]): string[] => actions.map(({ text }) => text);

test('what is there needs nothing', () => {
  assert.deepEqual(planTenant('pool', ['products'], acme, whole), []);
  const templates = { 'pool.products': desiredTemplate('pool', 'products', true) };
  assert.deepEqual(planTemplates('pool', ['products'], true, { templates }), []);
  assert.deepEqual(texts(planTemplates('pool', ['products'], false, { templates })), [
    'ALTER INDEX TEMPLATE pool.products',
  ]);
});

test('where the form is another there is an index of it, and the view stays until the documents have moved', () => {
  const former = 'pool.products.german.v1';
  const before = { indices: { [former]: { settings } }, aliases: [{ ...alias, index: former }] };
  assert.deepEqual(texts(planTenant('pool', ['products'], acme, before)), ['CREATE INDEX pool.products.v2']);
});

test('every language has an analyzer, and none’s fields are taken for another’s', () => {
  for (const one of SEARCH_ANALYZERS)
    assert.deepEqual(
      SEARCH_ANALYZERS.filter((other) => other.startsWith(one)),
      [one],
    );
});

for (const [what, changed] of [
  ['another tenant’s filter', { ...alias, filter: { term: { tenant: 'fjord' } } }],
  ['no filter', { ...alias, filter: undefined }],
  ['another routing', { ...alias, routing: undefined }],
] as const) {
  test(`a view that shows too much is mended where it is: ${what}`, () => {
    const [action, ...others] = planTenant('pool', ['products'], acme, { ...whole, aliases: [changed] });
    assert.equal(action?.text, 'ALTER ALIAS pool.products.of.acme ON pool.products.v2');
    assert.deepEqual(others, []);
  });
}

test('languages by the first part of a locale', () => {
  assert.deepEqual(['nb-NO', 'JA', 'zh_Hant', 'en', 'tlh', ''].map(analyzerOf), [
    'norwegian',
    'cjk',
    'cjk',
    'english',
    'standard',
    'standard',
  ]);
});
