/**
 * `kill -9` around the sending of a mail: each one is sent, and by a provider that can tell it is sent once. SMTP cannot tell: there the
 * mail that was in the air comes a second time, and carries the same Message-ID.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { createMortals, type Mortal } from '../../../tests/support/mortal.ts';
import { until } from '../../../tests/support/wait.ts';
import { send } from '../../host/testing.ts';
import { startSmtp, type TestSmtp } from '../../platform/mail/testing/server.ts';
import { accounts } from '../accounts/definition.ts';
import { notifications } from './definition.ts';

type Moment = 'before' | 'taken' | 'noted';

const PATIENCE_MS = 60_000;
let database: TestDatabase;
let smtp: TestSmtp;
let tenant: string;
let shops = 0;

before(async () => {
  database = await startTestDatabase([accounts, notifications]);
  smtp = await startSmtp();
});
beforeEach(async () => {
  tenant = `shop-${++shops}`;
  await database.addTenant({ id: tenant, domains: ['accounts', 'notifications'] });
});
after(async () => {
  mortals.stop();
  await smtp.stop();
  await database.stop();
});

const mortals = createMortals(new URL('./testing/runtime.child.ts', import.meta.url), () => database);
const start = (env: { CRASH?: Moment; MAIL_PROVIDERS?: string }): Promise<Mortal> => mortals.start(env);

/** Whoever asks for an account gets a mail. @returns whether it was taken down */
async function register({ port }: Mortal, email: string): Promise<boolean> {
  const json = { email, firstName: 'Ada' };
  const answer = await send(port, `${tenant}.localhost`, 'POST', '/api/accounts/register', { json }).catch(
    () => undefined,
  );
  return answer?.status === 202;
}

async function states(): Promise<readonly string[]> {
  const { rows } = await database.admin.query<{ state: string }>(
    'select state from shop.notifications_deliveries where tenant_id = $1',
    [tenant],
  );
  return rows.map(({ state }) => state);
}

const allSent = (count: number): Promise<true> =>
  until(
    async () => {
      const found = await states();
      return (found.length === count && found.every((state) => state === 'sent')) || undefined;
    },
    {
      withinMs: PATIENCE_MS,
      what: `${count} mails are sent`,
      tell: async () => `${(await states()).join(', ')}`,
    },
  );

for (const [moment, arrivals] of [
  ['before', 1],
  ['taken', 2],
  ['noted', 1],
] as const)
  test(`by SMTP, killed ${{ before: 'with the mail in its hands', taken: 'once the server had taken it', noted: 'once the log said so' }[moment]}, the mail arrives ${arrivals === 1 ? 'once' : 'twice, recognisably the same'}`, async () => {
    const email = `${moment}@example.com`;
    const dying = await start({ CRASH: moment, MAIL_PROVIDERS: smtp.address });
    assert.ok(await register(dying, email));
    await dying.gone();
    const next = await start({ MAIL_PROVIDERS: smtp.address });
    await allSent(1);
    await next.kill();
    const ids = smtp.mails.filter(({ to }) => to === email).map(({ id }) => id);
    assert.equal(ids.length, arrivals);
    assert.equal(new Set(ids).size, 1);
  });

test('by the outbox, which can tell, it is sent once although it was taken before', async () => {
  const dying = await start({ CRASH: 'taken' });
  assert.ok(await register(dying, 'ada@example.com'));
  await dying.gone();
  const next = await start({});
  await allSent(1);
  await next.kill();
  assert.deepEqual(await outbox(), ['ada@example.com']);
});

test('killed anywhere while mails go out, whoever was registered has one mail, and nobody has two', async () => {
  const registered: string[] = [];
  const asked: string[] = [];
  let runtime = await start({});
  for (let life = 0; life < 3; life++) {
    const talking = Array.from({ length: 6 }, async (_, n) => {
      const email = `c${life}-${n}@example.com`;
      asked.push(email);
      if (await register(runtime, email)) registered.push(email);
    });
    // Somewhere between the first registration and the last mail.
    await Promise.any(talking);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 150));
    await runtime.kill();
    await Promise.all(talking);
    runtime = await start({});
  }
  const { rows } = await database.admin.query<{ email: string }>(
    'select email from shop.customer_registrations where tenant_id = $1',
    [tenant],
  );
  const standing = rows.map(({ email }) => email);
  await allSent(standing.length);
  await runtime.kill();
  assert.deepEqual(
    registered.filter((email) => !standing.includes(email)),
    [],
  );
  assert.ok(standing.length >= 3 && standing.every((email) => asked.includes(email)));
  assert.deepEqual(await outbox(), standing.toSorted());
});

async function outbox(): Promise<readonly string[]> {
  const { rows } = await database.admin.query<{ recipient: string }>(
    'select recipient from shop.sent_messages where tenant_id = $1 order by recipient collate "C"',
    [tenant],
  );
  return rows.map(({ recipient }) => recipient);
}
