/** The marketing domain in a whole runtime: flags over OFREP, and experiments from their plan to their end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import { manualClock } from '../../platform/clock.ts';
import { marketing } from './definition.ts';
import type { Experiment, Results } from './experiments/schemas.ts';
import { pick, type Answer } from './flags/evaluate.ts';
import { createFlagProvider } from './flags/provider.ts';
import type { Evaluation, Flag } from './flags/schemas.ts';
import { createService } from './service.ts';

const HOUR_MS = 60 * 60_000;
const clock = manualClock();
const tenants = Array.from({ length: 6 }, (_, n) => `shop-${n}`);
let database: TestDatabase;
let shop: TestHost;

before(async () => {
  database = await startTestDatabase([marketing]);
  for (const id of tenants) await database.addTenant({ id, domains: ['marketing'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['marketing'] },
    { clock },
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

function newTenant(): string {
  const id = tenants.pop();
  assert.ok(id);
  return id;
}

const admin = <T>(tenant: string, method: string, path: string, json?: object, status?: number): Promise<T> =>
  shop.managed<T>(tenant, method, `/api/admin/marketing/${path}`, json, status);

async function ask(tenant: string, key: string, context: object): Promise<Evaluation & { status: number }> {
  const answer = await shop.call(tenant, 'POST', `/api/marketing/ofrep/v1/evaluate/flags/${key}`, {
    json: { context },
  });
  return { ...answer.json<Evaluation>(), status: answer.status };
}

const FLAG = {
  enabled: true,
  variants: { old: false, new: true },
  off: 'old',
  serve: [{ variant: 'old', weight: 1 }],
};
const PLAN = {
  name: 'One page',
  flagKey: 'checkout',
  control: 'old',
  shares: [
    { variant: 'old', weight: 1 },
    { variant: 'new', weight: 1 },
  ],
  goal: 'order',
  guards: [{ goal: 'refund', worse: 'more' }],
  windowHours: 24,
};

/** Two seconds on: what was kept of flags is asked for anew. */
const later = (): void => clock.advance(3_000);

/** As many people for each variant: the experiment's id shuffles them, and chance is no part of a test. */
function peopleFor(id: string, each: number): readonly string[] {
  const all = Array.from({ length: each * 20 }, (_, n) => `person-${n}`);
  const of = (variant: string): string[] =>
    all.filter((person) => pick(PLAN.shares, `checkout/${id}`, person) === variant).slice(0, each);
  const [olds, news] = [of('old'), of('new')];
  assert.deepEqual([olds.length, news.length], [each, each]);
  return olds.flatMap((old, n) => [old, news[n] ?? '']);
}

async function started(tenant: string, plan: object = PLAN): Promise<string> {
  await admin(tenant, 'PUT', 'flags/checkout', FLAG);
  const { id } = await admin<Experiment>(tenant, 'POST', 'experiments', plan, 201);
  await admin(tenant, 'POST', `experiments/${id}/start`);
  later();
  return id;
}

/** What orders tell, at this clock's time. */
async function heard(tenant: string, type: string, orderId: string, customerId?: string): Promise<void> {
  const hear = createService(shop.host.platform).consumers['orders.order'];
  assert.ok(hear);
  await shop.host.sql.transaction(tenant, (tx) =>
    hear(
      {
        id: `evt-${type}-${orderId}`,
        tenant,
        topic: 'orders.order',
        type: `orders.order.${type}`,
        key: orderId,
        payload: {
          orderId,
          ...(customerId === undefined ? {} : { customerId }),
          total: { amount: 1_000, currency: 'EUR' },
          refunded: 0,
          at: clock.now().toISOString(),
        },
        occurredAt: clock.now(),
      },
      tx,
    ),
  );
}

async function settled(): Promise<void> {
  await shop.host.tasks.settled();
}

/** Their time is over, and the task has looked. */
async function counted(tenant: string, id: string): Promise<Results> {
  await settled();
  clock.advance(25 * HOUR_MS);
  await settled();
  return admin<Results>(tenant, 'GET', `experiments/${id}/results`);
}

test('flags are written by versions, answered over OFREP with reasons and error codes, and are the tenant’s own', async () => {
  const [tenant, other] = [newTenant(), newTenant()];
  const made = await admin<Flag>(tenant, 'PUT', 'flags/checkout', { ...FLAG, version: 0 });
  assert.equal(made.version, 1);
  await admin(tenant, 'PUT', 'flags/checkout', { ...FLAG, version: 0 }, 409);
  await admin(tenant, 'PUT', 'flags/checkout', { ...FLAG, off: 'none' }, 400);
  later();
  assert.deepEqual(await ask(tenant, 'checkout', {}), {
    status: 200,
    key: 'checkout',
    value: false,
    variant: 'old',
    reason: 'STATIC',
  });
  await admin(tenant, 'PUT', 'flags/checkout', { ...FLAG, serve: PLAN.shares, version: 1 });
  const { status, errorCode } = await ask(tenant, 'checkout', {});
  assert.deepEqual([status, errorCode], [400, 'TARGETING_KEY_MISSING']);
  assert.equal((await ask(tenant, 'checkout', { targetingKey: 'ada' })).reason, 'SPLIT');
  assert.deepEqual(
    [(await ask(other, 'checkout', {})).errorCode, (await ask(other, 'checkout', {})).status],
    ['FLAG_NOT_FOUND', 404],
  );
  const all = await shop.call(tenant, 'POST', '/api/marketing/ofrep/v1/evaluate/flags', {
    json: { context: { targetingKey: 'ada' } },
  });
  assert.deepEqual(
    all.json<{ flags: Evaluation[] }>().flags.map(({ key }) => key),
    ['checkout'],
  );
  const provider = createFlagProvider((key, context) =>
    shop.host.platform.call<Answer | undefined>(tenant, 'marketing', 'evaluateFlag', { key, context }),
  );
  const { reason, value } = await provider.resolveBooleanEvaluation('checkout', true, {
    targetingKey: 'ada',
  });
  assert.deepEqual(
    [reason, value],
    ['SPLIT', (await ask(tenant, 'checkout', { targetingKey: 'ada' })).value],
  );
  assert.equal((await provider.resolveBooleanEvaluation('none', true, {})).errorCode, 'FLAG_NOT_FOUND');
  await admin(tenant, 'DELETE', 'flags/checkout', undefined, 204);
  assert.equal((await ask(tenant, 'checkout', {})).status, 404);
});

test('an experiment gives a flag out evenly, counts each person once when their time is over, and finds what is there', async () => {
  const tenant = newTenant();
  const id = await started(tenant);
  const people = peopleFor(id, 45);
  const news: string[] = [];
  for (const person of people) {
    const { value, reason } = await ask(tenant, 'checkout', { targetingKey: person });
    assert.equal(reason, 'SPLIT');
    if (value === true) news.push(person);
    // Looked at twice, and by a page that only says what it showed.
    await ask(tenant, 'checkout', { targetingKey: person });
  }
  assert.equal(news.length, 45);
  // All with the new page buy, as customers or as guests whose page says so; before or after the order is confirmed. Nobody else does.
  for (const [n, person] of news.entries()) {
    const claim = { json: { targetingKey: person, orderId: `order-${n}` } };
    if (n % 3 === 0) await heard(tenant, 'confirmed', `order-${n}`, person);
    if (n % 3 === 1) {
      await shop.call(tenant, 'POST', '/api/marketing/goals', claim);
      await heard(tenant, 'confirmed', `order-${n}`);
    }
    if (n % 3 === 2) {
      await heard(tenant, 'confirmed', `order-${n}`);
      await shop.call(tenant, 'POST', '/api/marketing/goals', claim);
      await shop.call(tenant, 'POST', '/api/marketing/goals', claim);
    }
  }
  const early = await admin<Results>(tenant, 'GET', `experiments/${id}/results`);
  assert.deepEqual(early.exposed, { new: news.length, old: people.length - news.length });
  assert.equal(early.verdict, 'undecided');
  assert.deepEqual(early.comparisons[0]?.treated, { people: 0, did: 0 }, 'their time is not over');
  const results = await counted(tenant, id);
  assert.equal(results.verdict, 'better');
  const [orders] = results.comparisons;
  assert.deepEqual(orders?.treated, { people: news.length, did: news.length });
  assert.deepEqual(orders?.control, { people: people.length - news.length, did: 0 });
  assert.ok((orders?.pValue ?? 1) < 0.05 && (orders?.difference.low ?? 0) > 0);
  assert.ok(results.ratioPValue > 0.001);
  assert.equal((await counted(tenant, id)).comparisons[0]?.treated.people, news.length, 'each once');
});

test('an experiment that does harm ends by itself, and the flag is what it says itself', async () => {
  const tenant = newTenant();
  const id = await started(tenant);
  for (const [n, person] of peopleFor(id, 40).entries()) {
    const { value } = await ask(tenant, 'checkout', { targetingKey: person });
    if (value === true) await heard(tenant, 'refunded', `order-${n}`, person);
  }
  const results = await counted(tenant, id);
  assert.equal(results.verdict, 'harmful');
  assert.deepEqual([results.experiment.state, results.experiment.endedBy], ['ended', 'guard']);
  later();
  const { reason, value } = await ask(tenant, 'checkout', { targetingKey: 'ada' });
  assert.deepEqual([reason, value], ['STATIC', false]);
});

test('an experiment whose groups do not fill in their shares ends by itself and cannot be believed', async () => {
  const tenant = newTenant();
  const id = await started(tenant);
  for (const person of peopleFor(id, 30)) await ask(tenant, 'checkout', { targetingKey: person });
  // As if pages with the old variant lost what they were to tell.
  await database.admin.query(
    `delete from shop.marketing_exposures where tenant_id = $1 and variant = 'old'`,
    [tenant],
  );
  const { verdict, experiment } = await counted(tenant, id);
  assert.deepEqual([verdict, experiment.endedBy], ['untrustworthy', 'mismatch']);
});

test('one experiment a flag; what it gives out stays; a draft without its flag does not start; orders tell of themselves', async () => {
  const tenant = newTenant();
  await admin(tenant, 'POST', 'experiments', { ...PLAN, control: 'none' }, 400);
  const early = await admin<Experiment>(tenant, 'POST', 'experiments', PLAN, 201);
  await admin(tenant, 'POST', `experiments/${early.id}/start`, undefined, 400);
  const id = await started(tenant);
  await admin(tenant, 'POST', `experiments/${early.id}/start`, undefined, 409);
  await admin(tenant, 'PUT', 'flags/checkout', { ...FLAG, variants: { old: false } }, 409);
  await admin(tenant, 'DELETE', 'flags/checkout', undefined, 409);
  for (const json of [
    { targetingKey: 'ada', goal: 'order' },
    { targetingKey: 'ada' },
    { targetingKey: 'ada', goal: 'signup', orderId: 'o' },
  ])
    assert.equal((await shop.call(tenant, 'POST', '/api/marketing/goals', { json })).status, 400);
  const ended = await admin<Experiment>(tenant, 'POST', `experiments/${id}/end`);
  assert.equal(ended.endedBy, 'merchant');
  await admin(tenant, 'POST', `experiments/${id}/start`, undefined, 409);
  await admin(tenant, 'POST', `experiments/${early.id}/start`);
});
