import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzerOf } from '../../../runtime/platform/names/index.ts';
import { desiredTemplate, planTemplates, planTenant } from './plan.ts';

const settings = { index: { refresh_interval: '1s', gc_deletes: '1h', auto_expand_replicas: '0-1' } };
const acme = { name: 'acme', locales: ['de-AT', 'en'] };
const alias = {
  alias: 'pool.products.of.acme',
  index: 'pool.products.german.v1',
  routing: 'acme',
  filter: { term: { tenant: 'acme' } },
};
const whole = { indices: { 'pool.products.german.v1': { settings } }, aliases: [alias] };
const texts = (actions: readonly { readonly text: string }[]): string[] => actions.map(({ text }) => text);

test('what is there needs nothing', () => {
  assert.deepEqual(planTenant('pool', ['products'], acme, whole), []);
  const templates = { 'pool.products': desiredTemplate('pool', 'products', true) };
  assert.deepEqual(planTemplates('pool', ['products'], true, { templates }), []);
  assert.deepEqual(texts(planTemplates('pool', ['products'], false, { templates })), [
    'ALTER INDEX TEMPLATE pool.products',
  ]);
});

test('a tenant of another language gets its index, and keeps its view until its documents have moved', () => {
  assert.deepEqual(texts(planTenant('pool', ['products'], { ...acme, locales: ['fr'] }, whole)), [
    'CREATE INDEX pool.products.french.v1',
  ]);
});

for (const [what, changed] of [
  ['another tenant’s filter', { ...alias, filter: { term: { tenant: 'fjord' } } }],
  ['no filter', { ...alias, filter: undefined }],
  ['another routing', { ...alias, routing: undefined }],
] as const) {
  test(`a view that shows too much is mended where it is: ${what}`, () => {
    const [action, ...others] = planTenant('pool', ['products'], acme, { ...whole, aliases: [changed] });
    assert.equal(action?.text, 'ALTER ALIAS pool.products.of.acme ON pool.products.german.v1');
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
