/** What every analytics adapter must keep: a batch counts once, numbers are exact, calendars are people's, nobody sees another's facts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FactDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type { Analytics, Fact } from '../ports.ts';

/** What the suite's adapters are opened with. */
export const FACTS: readonly FactDefinition[] = [
  { name: 'view', dimensions: ['path', 'source'], measures: [], units: false },
  { name: 'cart', dimensions: ['product'], measures: ['quantity'], units: false },
  { name: 'order', dimensions: ['product'], measures: ['amount', 'quantity'], units: true },
];

const BEGIN = Date.UTC(2026, 2, 2);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (milliseconds: number): Date => new Date(BEGIN + milliseconds);
const SPAN = { from: at(0), to: at(100 * DAY) };
const UTC = 'UTC';

function fact(kind: string, when: number, more: Partial<Fact> = {}): Fact {
  return {
    kind,
    at: at(when),
    subject: '',
    session: '',
    dimensions: {},
    measures: {},
    ...(kind === 'order' ? { unit: 'EUR' } : {}),
    ...more,
  };
}

/** Registers the suite. @param open the same store each time */
export function analyticsContract(adapter: string, open: () => Analytics): void {
  let tenants = 0;
  let batches = 0;
  /** A tenant that no test has used. */
  const fresh = (): string => `analytics-${++tenants}-${process.pid}`;
  const write = (tenant: string, facts: readonly Fact[], id = `b${batches++}`): Promise<void> =>
    open().append(tenant, { id, facts });
  const daily = { ...SPAN, bucket: 'day', zone: UTC } as const;

  test(`${adapter}: a batch that comes twice, or twice at once, counts once; another one counts again`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    const facts = [fact('order', HOUR, { measures: { amount: 500 }, dimensions: { product: 'p' } })];
    await Promise.all([write(tenant, facts, 'one'), write(tenant, facts, 'one')]);
    await write(tenant, facts, 'one');
    await write(tenant, facts, 'two');
    const query = { ...daily, kind: 'order', unit: 'EUR' };
    const two = [{ at: at(0), count: 2, sums: { amount: 1_000, quantity: 0 } }];
    assert.deepEqual(await analytics.series(tenant, query), two);
    assert.deepEqual(
      await analytics.series(tenant, { ...query, where: { dimension: 'product', value: 'p' } }),
      two,
    );
    assert.equal((await analytics.read(tenant, { ...query, limit: 10 })).facts.length, 2);
  });

  test(`${adapter}: sums are those of one unit, one kind, one span; its end does not belong to it`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    await write(tenant, [
      fact('order', 0, { measures: { amount: 1, quantity: 2 } }),
      fact('order', DAY - 1, { measures: { amount: -3, quantity: 4 } }),
      fact('order', DAY, { measures: { amount: 10 } }),
      fact('order', 1, { unit: 'USD', measures: { amount: 100 } }),
      fact('cart', 1, { measures: { quantity: 7 } }),
    ]);
    const query = { kind: 'order', unit: 'EUR', from: at(0), to: at(DAY), zone: UTC } as const;
    const expected = { count: 2, sums: { amount: -2, quantity: 6 } };
    assert.deepEqual(await analytics.series(tenant, { ...query, bucket: 'month' }), [
      { at: new Date('2026-03-01T00:00:00Z'), ...expected },
    ]);
    assert.deepEqual(await analytics.series(tenant, { ...query, bucket: 'day', subjects: true }), [
      { at: at(0), ...expected, subjects: 0 },
    ]);
    assert.deepEqual(await analytics.series(tenant, { ...query, bucket: 'hour' }), [
      { at: at(0), count: 1, sums: { amount: 1, quantity: 2 } },
      { at: at(23 * HOUR), count: 1, sums: { amount: -3, quantity: 4 } },
    ]);
    assert.deepEqual(await analytics.series(tenant, { ...query, unit: 'JPY', bucket: 'day' }), []);
  });

  test(`${adapter}: days, weeks and months begin where the shop is, summer time included`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    const times = [
      '2026-03-28T22:59:59Z',
      '2026-03-28T23:00:00Z',
      '2026-03-29T21:59:00Z',
      '2026-03-29T22:00:00Z',
    ];
    await write(
      tenant,
      [...times, '2026-03-31T22:00:00Z'].map((text) => ({ ...fact('view', 0), at: new Date(text) })),
    );
    const series = async (bucket: 'day' | 'week' | 'month', zone: string) =>
      (await analytics.series(tenant, { ...SPAN, kind: 'view', bucket, zone })).map(
        (point) => `${point.at.toISOString().slice(0, 16)} ${point.count}`,
      );
    assert.deepEqual(await series('day', 'Europe/Oslo'), [
      '2026-03-27T23:00 1',
      '2026-03-28T23:00 2',
      '2026-03-29T22:00 1',
      '2026-03-31T22:00 1',
    ]);
    assert.deepEqual(await series('week', 'Europe/Oslo'), ['2026-03-22T23:00 3', '2026-03-29T22:00 2']);
    assert.deepEqual(await series('month', 'Europe/Oslo'), ['2026-02-28T23:00 4', '2026-03-31T22:00 1']);
    assert.deepEqual(await series('day', 'Asia/Kathmandu'), [
      '2026-03-28T18:15 2',
      '2026-03-29T18:15 2',
      '2026-03-31T18:15 1',
    ]);
  });

  test(`${adapter}: minutes are told of a few hours`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    await write(tenant, [
      fact('view', 61_000, { subject: 'a' }),
      fact('view', 62_000, { subject: 'a' }),
      fact('view', 63_000, { subject: 'b' }),
      fact('view', 125_000),
    ]);
    const query = {
      kind: 'view',
      from: at(60_000),
      to: at(HOUR),
      bucket: 'minute',
      zone: UTC,
      subjects: true,
    } as const;
    assert.deepEqual(await analytics.series(tenant, query), [
      { at: at(60_000), count: 3, sums: {}, subjects: 2 },
      { at: at(120_000), count: 1, sums: {}, subjects: 0 },
    ]);
  });

  test(`${adapter}: the greatest values come first, those of one size in the order of their bytes`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    const sold = (product: string, amount: number, quantity: number): Fact =>
      fact('order', HOUR, { dimensions: { product }, measures: { amount, quantity } });
    await write(tenant, [
      sold('b', 5, 1),
      sold('a', 5, 1),
      sold('é', 5, 9),
      sold('a', 1, 1),
      fact('order', HOUR),
    ]);
    const asked = { ...SPAN, kind: 'order', unit: 'EUR', dimension: 'product' };
    const top = async (by: string, limit: number, more: { among?: readonly string[] } = {}) =>
      (await analytics.top(tenant, { ...asked, by, limit, ...more })).map(
        ({ value, count, sums }) => `${value} ${count} ${sums['amount']} ${sums['quantity']}`,
      );
    assert.deepEqual(await top('count', 10), ['a 2 6 2', 'b 1 5 1', 'é 1 5 9']);
    assert.deepEqual(await top('amount', 2), ['a 2 6 2', 'b 1 5 1']);
    assert.deepEqual(await top('quantity', 1), ['é 1 5 9']);
    assert.deepEqual(await top('amount', 10, { among: ["it's", 'é', 'a'] }), ['a 2 6 2', 'é 1 5 9']);
    assert.deepEqual(await top('amount', 1, { among: ['b', 'é'] }), ['b 1 5 1']);
    assert.deepEqual(await top('count', 10, { among: ['none'] }), []);
  });

  test(`${adapter}: a funnel counts who did the steps in order and in time, wherever a first step began again`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    const did = (session: string, ...steps: readonly (readonly [kind: string, seconds: number])[]): Fact[] =>
      steps
        .map(([kind, seconds]) => fact(kind, seconds * 1_000, { session, dimensions: { product: 'p' } }))
        .map((one) => (one.kind === 'view' ? { ...one, dimensions: { path: '/p' } } : one));
    await write(tenant, [
      ...did('all', ['view', 0], ['cart', 10], ['order', 60]),
      ...did('late', ['view', 0], ['cart', 10], ['order', 61]),
      ...did('again', ['view', 0], ['view', 100], ['cart', 110], ['order', 160]),
      ...did('backwards', ['order', 0], ['cart', 1], ['view', 2]),
      ...did('together', ['order', 5], ['cart', 5], ['view', 5]),
      ...did('', ['view', 0], ['cart', 1], ['order', 2]),
      fact('view', 0, { session: 'elsewhere', dimensions: { path: '/q' } }),
    ]);
    const steps = [
      { kind: 'view', where: { dimension: 'path', value: '/p' } },
      { kind: 'cart' },
      { kind: 'order', where: { dimension: 'product', value: 'p' } },
    ];
    const query = { ...SPAN, steps, of: 'session', withinSeconds: 60 } as const;
    assert.deepEqual(await analytics.funnel(tenant, query), [5, 4, 3]);
    assert.deepEqual(await analytics.funnel(tenant, { ...query, of: 'subject' }), [0, 0, 0]);
  });

  test(`${adapter}: sessions are told where they began`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    const seen = (session: string, subject: string, when: number): Fact =>
      fact('view', when, { session, subject });
    await write(tenant, [
      seen('one', 'a', DAY - 1_000),
      seen('one', 'a', DAY + 29_000),
      seen('two', 'a', DAY - 5_000),
      seen('three', '', DAY + 1),
      seen('', 'a', DAY),
    ]);
    assert.deepEqual(await analytics.sessions(tenant, { ...daily, kind: 'view' }), [
      { at: at(0), sessions: 2, subjects: 1, facts: 3, bounces: 1, seconds: 30 },
      { at: at(DAY), sessions: 1, subjects: 0, facts: 1, bounces: 1, seconds: 0 },
    ]);
  });

  test(`${adapter}: cohorts are of those who were new, and followed for as long as was asked`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    const bought = (subject: string, when: number, amount: number): Fact =>
      fact('order', when, { subject, measures: { amount } });
    await write(tenant, [
      bought('known', -DAY, 1),
      bought('known', DAY, 2),
      bought('ann', 0, 10),
      bought('ann', 6 * DAY, 20),
      bought('ann', 8 * DAY, 30),
      bought('bob', DAY, 40),
      bought('bob', 36 * DAY, 50),
      bought('cyd', 7 * DAY, 60),
      bought('', 7 * DAY, 70),
    ]);
    const query = { ...SPAN, kind: 'order', unit: 'EUR', zone: UTC } as const;
    const weekly = await analytics.cohorts(tenant, { ...query, bucket: 'week', periods: 4 });
    const period = (offset: number, subjects: number, count: number, amount: number) => ({
      offset,
      subjects,
      count,
      sums: { amount, quantity: 0 },
    });
    assert.deepEqual(weekly, [
      { at: at(0), size: 2, periods: [period(0, 2, 3, 70), period(1, 1, 1, 30)] },
      { at: at(7 * DAY), size: 1, periods: [period(0, 1, 1, 60)] },
    ]);
    assert.deepEqual(await analytics.cohorts(tenant, { ...query, bucket: 'month', periods: 2 }), [
      {
        at: new Date('2026-03-01T00:00:00Z'),
        size: 3,
        periods: [period(0, 3, 5, 160), period(1, 1, 1, 50)],
      },
    ]);
  });

  test(`${adapter}: facts come back as they were given, page by page`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    const given = Array.from({ length: 7 }, (_, n) =>
      fact('order', Math.floor(n / 3), {
        subject: 's.1',
        session: 'v:2',
        dimensions: n % 2 === 0 ? { product: `“${n}” \\ ' \t😀` } : {},
        measures: { amount: n, quantity: 10 - n },
      }),
    );
    await write(tenant, given);
    const query = { ...SPAN, kind: 'order', unit: 'EUR', limit: 3 } as const;
    const all: Fact[] = [];
    let after: string | undefined;
    do {
      const page = await analytics.read(tenant, after === undefined ? query : { ...query, after });
      all.push(...page.facts);
      after = page.next;
    } while (after !== undefined);
    assert.deepEqual(all, given);
  });

  test(`${adapter}: whatever is written, series and tops of it add up to what the facts do`, async () => {
    const analytics = open();
    const given = fc.record({
      when: fc.integer({ min: 0, max: 3 * DAY }),
      product: fc.constantFrom('', 'a', 'b', 'ß'),
      amount: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(given, { minLength: 1, maxLength: 40 }), async (list) => {
        const tenant = fresh();
        const facts = list.map(({ when, product, amount }) =>
          fact('order', when, { dimensions: { product }, measures: { amount, quantity: 1 } }),
        );
        await write(tenant, facts);
        const query = { from: at(0), to: at(4 * DAY), kind: 'order', unit: 'EUR' };
        const total = list.reduce((sum, { amount }) => sum + amount, 0);
        for (const bucket of ['quarter', 'hour', 'week'] as const) {
          const points = await analytics.series(tenant, { ...query, bucket, zone: 'Asia/Tokyo' });
          assert.equal(
            points.reduce((sum, { count }) => sum + count, 0),
            list.length,
          );
          assert.equal(
            points.reduce((sum, { sums }) => sum + Number(sums['amount']), 0),
            total,
          );
        }
        const top = await analytics.top(tenant, { ...query, dimension: 'product', by: 'amount', limit: 100 });
        for (const { value, sums, count } of top) {
          const own = list.filter(({ product }) => product === value);
          assert.deepEqual([count, sums['quantity']], [own.length, own.length]);
          assert.equal(
            sums['amount'],
            own.reduce((sum, { amount }) => sum + amount, 0),
          );
        }
      }),
      { numRuns: 5 },
    );
  });

  test(`${adapter}: no question shows another tenant’s facts`, async () => {
    const [analytics, mine, other] = [open(), fresh(), fresh()];
    const facts = [
      fact('view', HOUR, { subject: 's', session: 'v' }),
      fact('cart', HOUR + 1, { session: 'v', subject: 's' }),
    ];
    await write(mine, facts, 'same');
    const query = { ...daily, kind: 'view' };
    assert.deepEqual(await analytics.series(other, query), []);
    assert.deepEqual(await analytics.series(other, { ...query, subjects: true }), []);
    assert.deepEqual(
      await analytics.top(other, { ...SPAN, kind: 'view', dimension: 'path', by: 'count', limit: 1 }),
      [],
    );
    const funnel = {
      ...SPAN,
      steps: [{ kind: 'view' }, { kind: 'cart' }],
      of: 'session',
      withinSeconds: 60,
    } as const;
    assert.deepEqual(await analytics.funnel(other, funnel), [0, 0]);
    assert.deepEqual(await analytics.sessions(other, query), []);
    assert.deepEqual(await analytics.cohorts(other, { ...query, periods: 2 }), []);
    assert.deepEqual(await analytics.read(other, { ...SPAN, kind: 'view', limit: 5 }), { facts: [] });
    // A batch of the same id is another tenant's own.
    await write(other, facts, 'same');
    assert.deepEqual(await analytics.funnel(other, funnel), [1, 1]);
  });

  test(`${adapter}: what is not declared or goes past a bound is refused`, async () => {
    const [analytics, tenant] = [open(), fresh()];
    const refused = (asked: Promise<unknown>): Promise<void> =>
      assert.rejects(asked, (error) => error instanceof ShopError && error.code === 'invalid_input');
    const good = { ...SPAN, kind: 'view' };
    await refused(write(tenant, []));
    await refused(write(tenant, [fact('view', 0)], 'a b'));
    await refused(write(tenant, [fact('visit', 0)]));
    await refused(write(tenant, [fact('view', 0, { dimensions: { colour: 'red' } })]));
    await refused(write(tenant, [fact('view', 0, { dimensions: { path: 'x'.repeat(201) } })]));
    await refused(write(tenant, [fact('view', 0, { subject: 'ann@example.com' })]));
    await refused(write(tenant, [fact('cart', 0, { measures: { quantity: 1.5 } })]));
    await refused(write(tenant, [fact('cart', 0, { unit: 'EUR' })]));
    await refused(analytics.series(tenant, { ...good, kind: 'order', bucket: 'day', zone: UTC }));
    await refused(analytics.series(tenant, { ...good, bucket: 'day', zone: "UTC' OR 1=1" }));
    await refused(analytics.series(tenant, { ...good, bucket: 'minute', zone: UTC }));
    await refused(analytics.series(tenant, { ...good, bucket: 'quarter', zone: UTC }));
    await refused(analytics.series(tenant, { ...good, from: at(1), bucket: 'day', zone: UTC }));
    await refused(analytics.series(tenant, { ...good, to: at(2_000 * DAY), bucket: 'month', zone: UTC }));
    await refused(analytics.top(tenant, { ...good, dimension: 'product', by: 'count', limit: 5 }));
    await refused(analytics.top(tenant, { ...good, dimension: 'path', by: 'count', limit: 101 }));
    for (const among of [[], [''], ['x'.repeat(201)], Array<string>(101).fill('x')])
      await refused(analytics.top(tenant, { ...good, dimension: 'path', by: 'count', limit: 5, among }));
    await refused(
      analytics.funnel(tenant, {
        ...SPAN,
        steps: [{ kind: 'view' }, { kind: 'view' }],
        of: 'session',
        withinSeconds: 1,
      }),
    );
    await refused(analytics.cohorts(tenant, { ...good, bucket: 'hour', zone: UTC, periods: 2 }));
    await refused(analytics.read(tenant, { ...good, limit: 5, after: 'elsewhere' }));
  });
}
