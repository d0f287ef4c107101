/**
 * How well the baselines guess, and what a guess costs: visits and orders of a made-up shop whose structure is known go through the real
 * consumers into a real PostgreSQL; of others all but the last product is shown to each recommender, which has ten guesses at the last.
 * `npm run bench:recommend -- [--visits 4000] [--orders 2000] [--seed 1]`
 */
import { parseArgs } from 'node:util';
import { alsoBought, popular, visitsAlike } from '../../runtime/domains/recommendations/baselines.ts';
import { recommendations } from '../../runtime/domains/recommendations/definition.ts';
import { hearOfOrder, hearOfProduct, hearOfVisit } from '../../runtime/domains/recommendations/hearing.ts';
import type { Recommender } from '../../runtime/domains/recommendations/recommender.ts';
import { createStore } from '../../runtime/domains/recommendations/store.ts';
import { startTestHost } from '../../runtime/host/testing.ts';
import { systemClock } from '../../runtime/platform/clock.ts';
import type { EventHandler, StoredEvent } from '../../runtime/platform/ports.ts';
import { randomFrom, type Random } from '../fuzz/random.ts';
import { startTestDatabase } from '../support/database.ts';
import { machine } from './machine.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    visits: { type: 'string', default: '4000' },
    orders: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
  },
});
const VISITS = Number(values.visits);
const ORDERS = Number(values.orders);
const ASKED = 500;
const GUESSES = 10;
const INTERESTS = 40;
const EACH = 15;
const TENANT = 'acme';

/** A guess at what comes after these. */
type Guess = (before: readonly string[]) => Promise<readonly string[]>;

/** A shop of forty interests. In each some products are liked more than others (Zipf), and each product has three that go with it. */
function makeShop(random: Random) {
  const products = Array.from({ length: INTERESTS * EACH }, (_, n) => `p${n}`);
  const interestOf = (id: string): number => Math.floor(Number(id.slice(1)) / EACH);
  const zipf = (count: number): readonly number[] => {
    const weights = Array.from({ length: count }, (_, n) => 1 / (n + 1));
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  };
  const [interests, liked] = [zipf(INTERESTS), zipf(EACH)];
  const complements = new Map(
    products.map((id) => [
      id,
      Array.from({ length: 3 }, () => `p${interestOf(id) * EACH + random.index(EACH)}`),
    ]),
  );
  /** How likely a visit that saw `last` goes on to each product. */
  function next(last: string): ReadonlyMap<string, number> {
    const chances = new Map<string, number>();
    const add = (id: string, chance: number): void => void chances.set(id, (chances.get(id) ?? 0) + chance);
    for (const id of complements.get(last) ?? []) add(id, 0.5 / 3);
    for (const [place, chance] of liked.entries()) add(`p${interestOf(last) * EACH + place}`, 0.4 * chance);
    for (const [interest, of] of interests.entries())
      for (const [place, chance] of liked.entries()) add(`p${interest * EACH + place}`, 0.1 * of * chance);
    return chances;
  }
  function draw(chances: Iterable<readonly [string, number]>): string {
    let left = random.next();
    let last = '';
    for (const [id, chance] of chances) {
      last = id;
      left -= chance;
      if (left < 0) break;
    }
    return last;
  }
  const first = (): string =>
    draw(
      interests.flatMap((of, interest) =>
        liked.map((chance, place) => [`p${interest * EACH + place}`, of * chance] as const),
      ),
    );
  /** Different products, one after the other. */
  function walk(length: number): readonly string[] {
    const path = [first()];
    for (let tries = 0; path.length < length && tries < 50; tries += 1) {
      const id = draw(next(path.at(-1) ?? ''));
      if (!path.includes(id)) path.push(id);
    }
    return path;
  }
  return { products, walk, next };
}

const random = randomFrom(Number(values.seed));
const head = machine();
const shop = makeShop(random);
const database = await startTestDatabase([recommendations]);
const host = await startTestHost({ databaseUrl: database.url, secretsKey: database.secretsKey, domains: [] });
try {
  const { sql } = host.host;
  const now = Date.now();
  const event = (topic: string, type: string, payload: unknown, at = now): StoredEvent => ({
    id: '',
    key: '',
    tenant: TENANT,
    topic,
    type: `${topic}.${type}`,
    payload,
    occurredAt: new Date(at),
  });
  async function hear(handler: EventHandler, events: readonly StoredEvent[]): Promise<number> {
    const began = performance.now();
    for (let start = 0; start < events.length; start += 16)
      await sql.transaction(TENANT, async (tx) => {
        for (const one of events.slice(start, start + 16)) await handler(one, tx);
      });
    return (performance.now() - began) / events.length;
  }
  await hear(
    hearOfProduct(systemClock),
    shop.products.map((id) =>
      event('catalog.product', 'upserted', {
        id,
        version: 1,
        published: true,
        type: '',
        vendor: '',
        variants: [{ id: `${id}.v` }],
      }),
    ),
  );
  const MINUTE_MS = 60_000;
  const perVisit = await hear(
    hearOfVisit(systemClock),
    Array.from({ length: VISITS }, (_, n) => {
      const at = now - (VISITS - n) * MINUTE_MS;
      const seen = shop.walk(3 + random.index(8)).map((productId, step) => ({
        productId,
        kind: 'view',
        at: new Date(at + step * 1_000).toISOString(),
      }));
      return event('analytics.visit', 'seen', { visit: `visit-${n}`, seen }, at);
    }),
  );
  const perOrder = await hear(
    hearOfOrder(systemClock),
    Array.from({ length: ORDERS }, (_, n) => {
      const lines = shop.walk(1 + random.index(4)).map((productId) => ({ productId, quantity: 1 }));
      return event('orders.order', 'confirmed', { lines }, now - (ORDERS - n) * MINUTE_MS);
    }),
  );
  await database.admin.query('analyze');

  const store = createStore({ sql, clock: systemClock });
  const most = popular(store, () => Promise.resolve([]));
  const ask =
    (recommender: Recommender, as: 'visited' | 'products'): Guess =>
    async (before) => {
      const request = { tenant: TENANT, context: 'home', collection: undefined, limit: GUESSES } as const;
      const seen = as === 'visited' ? { visited: before, products: [] } : { visited: [], products: before };
      return (await recommender.recommend({ ...request, ...seen })).map(({ productId }) => productId);
    };
  const chance: Guess = () => Promise.resolve(Array.from({ length: 40 }, () => random.pick(shop.products)));
  /** Who made the visits up knows how likely each product is: nobody can do better but by luck. */
  const bound: Guess = (before) =>
    Promise.resolve([...shop.next(before.at(-1) ?? '')].toSorted(([, a], [, b]) => b - a).map(([id]) => id));

  const visits = Array.from({ length: ASKED }, () => shop.walk(3 + random.index(8)));
  const baskets = Array.from({ length: ASKED }, () => shop.walk(2 + random.index(3)));
  const rows: string[][] = [];
  for (const [what, cases, guesses] of [
    [
      'next in a visit',
      visits,
      {
        random: chance,
        popular: ask(most, 'visited'),
        'session-knn': ask(visitsAlike(store, 'visit'), 'visited'),
        'who made it up': bound,
      },
    ],
    [
      'last in an order',
      baskets,
      {
        random: chance,
        popular: ask(most, 'products'),
        'also-bought': ask(alsoBought(store), 'products'),
        'who made it up': bound,
      },
    ],
  ] as const)
    for (const [name, guess] of Object.entries<Guess>(guesses))
      rows.push([what, name, ...(await judge(guess, cases))]);

  process.stdout.write(
    `${head}; ${VISITS} visits, ${ORDERS} orders, ${shop.products.length} products, ${ASKED} questions each\n\n`,
  );
  process.stdout.write(
    table(
      ['asked', 'recommender', `hit rate@${GUESSES}`, `MRR@${GUESSES}`, 'ms a request, p50', 'p99'],
      rows,
    ),
  );
  process.stdout.write(`\nHeard: ${perVisit.toFixed(2)} ms a visit, ${perOrder.toFixed(2)} ms an order.\n`);
} finally {
  await host.stop();
  await database.stop();
}

/** All but the last is shown, ten guesses are taken: how often it is among them, and the mean of one by its place. */
async function judge(guess: Guess, cases: readonly (readonly string[])[]): Promise<readonly string[]> {
  let [hits, ranks] = [0, 0];
  const times: number[] = [];
  for (const path of cases) {
    const before = path.slice(0, -1);
    const began = performance.now();
    const guessed = await guess(before);
    times.push(performance.now() - began);
    const place = [...new Set(guessed)]
      .filter((id) => !before.includes(id))
      .slice(0, GUESSES)
      .indexOf(path.at(-1) ?? '');
    if (place < 0) continue;
    hits += 1;
    ranks += 1 / (place + 1);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  return [
    `${((100 * hits) / cases.length).toFixed(1)} %`,
    (ranks / cases.length).toFixed(3),
    at(0.5),
    at(0.99),
  ];
}
