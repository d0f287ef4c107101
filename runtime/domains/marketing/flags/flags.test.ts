import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluate, pick, type Answer } from './evaluate.ts';
import { createFlagProvider } from './provider.ts';
import { flagInput, type Flag } from './schemas.ts';

const flagOf = (more: Partial<Flag> = {}): Flag => ({
  key: 'checkout.one-page',
  version: 1,
  summary: '',
  enabled: true,
  variants: { old: false, new: true },
  off: 'old',
  rules: [],
  serve: [{ variant: 'old', weight: 1 }],
  updatedAt: '',
  ...more,
});
const HALVES = [
  { variant: 'old', weight: 1 },
  { variant: 'new', weight: 1 },
];

test('a flag is off, static, by rule, or split, and says which', () => {
  const rules = [
    {
      when: [
        { attribute: 'country', is: 'one-of' as const, values: ['NO', 'SE'] },
        { attribute: 'orders', is: 'at-least' as const, value: 2 },
      ],
      serve: [{ variant: 'new', weight: 1 }],
    },
  ];
  const context = { targetingKey: 'ada', country: 'NO', orders: 2 };
  const told = (flag: Flag, about: Record<string, unknown>): unknown => {
    const answer = evaluate(flag, about);
    return 'errorCode' in answer ? answer.errorCode : [answer.value, answer.reason];
  };
  assert.deepEqual(told(flagOf({ enabled: false, serve: HALVES }), context), [false, 'DISABLED']);
  assert.deepEqual(told(flagOf(), {}), [false, 'STATIC']);
  assert.deepEqual(told(flagOf({ rules }), context), [true, 'TARGETING_MATCH']);
  for (const other of [{ country: 'DE' }, { orders: 1 }, { orders: '2' }, { country: undefined }])
    assert.deepEqual(told(flagOf({ rules }), { ...context, ...other }), [false, 'STATIC']);
  assert.equal(told(flagOf({ serve: HALVES }), {}), 'TARGETING_KEY_MISSING');
});

test('shares are kept over people, each person keeps theirs, and a larger share takes nobody’s away', () => {
  const people = Array.from({ length: 20_000 }, (_, n) => `person-${n}`);
  const tenth = [
    { variant: 'new', weight: 10 },
    { variant: 'old', weight: 90 },
  ];
  const third = [
    { variant: 'new', weight: 30 },
    { variant: 'old', weight: 70 },
  ];
  const before = people.map((one) => pick(tenth, 'flag', one));
  const share = before.filter((one) => one === 'new').length / people.length;
  assert.ok(Math.abs(share - 0.1) < 0.01, `${share}`);
  assert.deepEqual(
    people.map((one) => pick(tenth, 'flag', one)),
    before,
  );
  const grown = people.map((one) => pick(third, 'flag', one));
  assert.ok(before.every((one, n) => one === 'old' || grown[n] === 'new'));
});

test('two flags, and two experiments of one flag, shuffle people independently', () => {
  const people = Array.from({ length: 10_000 }, (_, n) => `${n}`);
  const both = people.filter(
    (one) => pick(HALVES, 'a/1', one) === 'new' && pick(HALVES, 'a/2', one) === 'new',
  );
  assert.ok(Math.abs(both.length / people.length - 0.25) < 0.02, `${both.length}`);
});

test('whoever is picked has a weight', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }).filter((weights) => weights.some((one) => one > 0)),
      fc.string({ minLength: 1 }),
      (weights, person) => {
        const shares = weights.map((weight, n) => ({ variant: `v${n}`, weight }));
        const picked = shares.find(({ variant }) => variant === pick(shares, 's', person));
        assert.ok((picked?.weight ?? 0) > 0);
      },
    ),
    { seed: 1 },
  );
});

test('what names a variant that is not there, mixes types, or gives to nobody is refused', () => {
  const { key: _key, version: _version, updatedAt: _updatedAt, ...good } = flagOf();
  assert.ok(flagInput.safeParse(good).success);
  for (const bad of [
    { off: 'none' },
    { serve: [{ variant: 'none', weight: 1 }] },
    { variants: { old: false, new: 'yes' } },
    { serve: [{ variant: 'old', weight: 0 }] },
  ])
    assert.ok(!flagInput.safeParse({ ...good, ...bad }).success, JSON.stringify(bad));
});

test('as an OpenFeature provider it never throws: who asks goes on with their own default', async () => {
  const answers: Record<string, Answer> = {
    'one-page': { value: true, variant: 'new', reason: 'SPLIT' },
    lost: { errorCode: 'TARGETING_KEY_MISSING', errorDetails: 'say who' },
  };
  const provider = createFlagProvider((key) =>
    key === 'broken' ? Promise.reject(new Error('away')) : Promise.resolve(answers[key]),
  );
  assert.deepEqual(await provider.resolveBooleanEvaluation('one-page', false, {}), {
    value: true,
    variant: 'new',
    reason: 'SPLIT',
  });
  for (const [key, code] of [
    ['missing', 'FLAG_NOT_FOUND'],
    ['lost', 'TARGETING_KEY_MISSING'],
    ['broken', 'GENERAL'],
  ] as const) {
    const { value, reason, errorCode } = await provider.resolveBooleanEvaluation(key, true, {});
    assert.deepEqual([value, reason, errorCode], [true, 'ERROR', code]);
  }
  const { value, errorCode } = await provider.resolveStringEvaluation('one-page', 'x', {});
  assert.deepEqual([value, errorCode], ['x', 'TYPE_MISMATCH']);
});
