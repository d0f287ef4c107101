/** Which rules hold, and what several come to together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPlain, MOST, newSince, rankingOf } from './rules.ts';
import { RankingRuleInput, type RankingRule } from './schemas.ts';

const NOW = new Date('2026-11-26T19:00:00Z');
const stamp = NOW.toISOString();
let made = 0;

function rule(input: Partial<RankingRuleInput> & Pick<RankingRuleInput, 'when'>): RankingRule {
  made += 1;
  const id = `r${String(made).padStart(4, '0')}`;
  return {
    id,
    version: 1,
    rule: RankingRuleInput.parse({ name: id, ...input }),
    createdAt: stamp,
    updatedAt: stamp,
  };
}

const hides = ['x'];
const exact = (text: string) => ({ on: 'query', match: 'exact', text }) as const;
const contains = (text: string) => ({ on: 'query', match: 'contains', text }) as const;

test('a rule holds for its search, its words beside each other, its collection, or any search, in its time and while it is on', () => {
  const holds = (one: RankingRule, listed: Parameters<typeof rankingOf>[1]): boolean =>
    rankingOf([one], listed, NOW).hidden.has('x');
  for (const [one, listed, expected] of [
    [rule({ hides, when: exact('Rain jacket') }), { q: ' rain  JACKET! ' }, true],
    [rule({ hides, when: exact('rain jacket') }), { q: 'red rain jacket' }, false],
    [rule({ hides, when: contains('rain jacket') }), { q: 'red rain jacket' }, true],
    [rule({ hides, when: contains('rain jacket') }), { q: 'jacket for rain' }, false],
    [rule({ hides, when: contains('rain') }), { q: 'raincoat' }, false],
    [rule({ hides, when: contains('煎茶') }), { q: '煎茶セット' }, true],
    [rule({ hides, when: contains('--') }), { q: 'anything' }, false],
    [rule({ hides, when: { on: 'any-query' } }), { q: 'anything' }, true],
    [rule({ hides, when: { on: 'any-query' } }), { collection: 'sale' }, false],
    [rule({ hides, when: { on: 'collection', collection: 'sale' } }), { collection: 'sale' }, true],
    [rule({ hides, when: { on: 'collection', collection: 'sale' } }), { q: 'sale' }, false],
    [rule({ hides, when: { on: 'any-query' }, enabled: false }), { q: 'x' }, false],
    [rule({ hides, when: { on: 'any-query' }, from: '2026-11-26T19:00:00.000Z' }), { q: 'x' }, true],
    [rule({ hides, when: { on: 'any-query' }, from: '2026-11-26T19:00:00.001Z' }), { q: 'x' }, false],
    [rule({ hides, when: { on: 'any-query' }, until: '2026-11-26T19:00:00.000Z' }), { q: 'x' }, false],
  ] as const)
    assert.equal(holds(one, listed), expected, JSON.stringify([one.rule.when, listed]));
});

test('the most specific rule has a place and a product first; hidden beats pinned, pinned beats buried; boosts of all add up', () => {
  const any = rule({
    when: { on: 'any-query' },
    pins: [
      { productId: 'a', place: 1 },
      { productId: 'b', place: 2 },
    ],
    buries: ['c', 'd'],
    boosts: [{ what: { by: 'available' }, factor: 2 }],
  });
  const special = rule({
    when: exact('tent'),
    pins: [
      { productId: 'c', place: 1 },
      { productId: 'a', place: 4 },
    ],
    hides: ['b'],
    boosts: [{ what: { by: 'new', days: 7 }, factor: 3 }],
  });
  const ranking = rankingOf([any, special], { q: 'Tent' }, NOW);
  assert.deepEqual(
    ranking.pins.map(({ id, place, rule: { id: by } }) => [id, place, by]),
    [
      ['c', 0, special.id],
      ['a', 3, special.id],
    ],
  );
  assert.deepEqual([...ranking.hidden.keys()], ['b']);
  assert.deepEqual([...ranking.buried.keys()], ['d']);
  assert.deepEqual(
    ranking.boosts.map(({ what, factor }) => [what.by, factor]),
    [
      ['new', 3],
      ['available', 2],
    ],
  );
  const sorted = rankingOf([any, special], { q: 'tent', sort: 'price-asc' }, NOW);
  assert.deepEqual([sorted.pins, sorted.boosts, [...sorted.hidden.keys()]], [[], [], ['b']]);
  assert.ok(isPlain(rankingOf([any, special], {}, NOW)));
});

test('however many rules hold, pins have different products and places in order, nothing is said twice, and all is bounded', () => {
  const id = fc.constantFrom(...Array.from({ length: 40 }, (_, n) => `p${n}`));
  const one = fc.record({
    pins: fc.uniqueArray(fc.record({ productId: id, place: fc.integer({ min: 1, max: 30 }) }), {
      maxLength: 12,
      selector: ({ place }) => place,
    }),
    buries: fc.uniqueArray(id, { maxLength: 10 }),
    hides: fc.uniqueArray(id, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 8 }), (inputs) => {
      const rules = inputs.map((input, n) => ({
        id: `r${n}`,
        version: 1,
        rule: {
          ...RankingRuleInput.parse({ name: 'x', when: { on: 'any-query' } }),
          ...input,
        },
        createdAt: stamp,
        updatedAt: stamp,
      }));
      const { pins, hidden, buried } = rankingOf(rules, { q: 'x' }, NOW);
      const pinned = pins.map((pin) => pin.id);
      assert.ok(pins.length <= MOST.pins);
      assert.equal(new Set(pinned).size, pins.length);
      assert.ok(pins.every(({ place }, n) => n === 0 || place > (pins[n - 1]?.place ?? 0)));
      assert.ok(pinned.every((one) => !hidden.has(one) && !buried.has(one)));
      assert.ok([...buried.keys()].every((one) => !hidden.has(one)));
    }),
  );
});

test('what is new changes at midnight only, so that pages of a list fit each other', () => {
  assert.equal(newSince(7, NOW).toISOString(), '2026-11-19T00:00:00.000Z');
  assert.deepEqual(newSince(7, new Date('2026-11-26T23:59:59.999Z')), newSince(7, NOW));
});
