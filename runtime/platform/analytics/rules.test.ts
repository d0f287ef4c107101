import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factRules } from './rules.ts';

const VISIT = { name: 'visit', dimensions: [], measures: [], units: false };

test('a time zone is looked up once, in however many ways its name is written', ({ mock }) => {
  const rules = factRules([VISIT]);
  const looked = mock.method(Intl, 'DateTimeFormat');
  const from = new Date('2026-01-01T00:00:00Z');
  const to = new Date('2026-01-02T00:00:00Z');
  const ask = (zone: string): unknown => rules.series({ kind: 'visit', from, to, bucket: 'hour', zone });
  const name = 'europe/berlin';
  for (let at = 0; at < name.length; at += 1) ask(name.slice(0, at) + name.slice(at).toUpperCase());
  assert.equal(looked.mock.callCount(), 1);
  assert.throws(() => ask('Europe/Nowhere'), { code: 'invalid_input' });
});
