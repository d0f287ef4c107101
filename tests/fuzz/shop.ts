/**
 * What is fuzzed: a whole runtime with every domain, its payment processor and its PostgreSQL, as processes of their own, so that what
 * they log, how they grow and whether they live is seen from outside. Two tenants, whose data hold words that the other's never do.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { MALLOC } from '../../operator/resources/environment.ts';
import { startTestProvider } from '../../runtime/domains/accounts/providers/testing/provider.ts';
import { DOMAINS } from '../../runtime/domains/index.ts';
import { ADDRESS, merchantKeyHash, payAsBrowser } from '../../runtime/domains/orders/testing/shop.ts';
import { createSigners, SIGNER_NAME } from '../../runtime/platform/payments/processor/paypal/signer.ts';
import { linkTo, newCustomer } from '../support/customers.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { endOf, kill } from '../support/ended.ts';
import { own, ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { memoryOf, processTree } from '../support/processes.ts';
import { shopAt, type Shop, type ShopResponse } from '../support/shop.ts';
import { until } from '../support/wait.ts';
import type { Actor } from './actors.ts';
import { createMemory, type Memory } from './memory.ts';
import type { Finding } from './oracles.ts';
import { PNG } from './pixel.ts';
import { secretsOf } from './secrets.ts';
import type { Elsewhere } from './stories/telling.ts';

export const TENANTS = ['alpha', 'beta'] as const;

export interface FuzzedShop {
  readonly port: number;
  readonly grpcPort: number | undefined;
  /** As the shop itself serves it. */
  readonly document: unknown;
  readonly database: TestDatabase;
  /** Present ones: who is renewed has new credentials. */
  actors(): readonly Actor[];
  memoryOf(tenant: string): Memory;
  /** Words that no answer to this tenant may hold. */
  markersFor(tenant: string): readonly string[];
  /** Gives somebody whose credentials the fuzzing has spoiled new ones. */
  renew(actor: Actor): Promise<void>;
  /** Where browsers pay. */
  readonly pay: string;
  /** Of the shop's pages. */
  originOf(tenant: string): string;
  /** Where people have accounts that shops may let them in by. */
  readonly elsewhere: Elsewhere;
  /** Somebody new. */
  enter(tenant: string, email: string, kind: 'customer' | 'owner'): Promise<Actor>;
  /** The token of the last link to one of these pages that somebody was mailed. */
  mailed(tenant: string, email: string, pages: readonly string[]): Promise<string>;
  /** Headers by which an event is known to be the payment provider's, as the stand-in signs it. */
  signedByPayPal(tenant: string, event: string): Promise<Record<string, string>>;
  /** Does what merchants and shoppers do: rules that work, goods in stock, a paid order. */
  tend(): Promise<void>;
  /** What was logged as an error since it was asked last, and whether the process lives. */
  complaints(): Finding[];
  /** What the log says of a request. */
  logged(requestId: string): string | undefined;
  /** Bytes of the runtime and all that it started. */
  memory(): Promise<number>;
  /** Resolves when everything that came of the requests has been done: what never is done is told. */
  settled(): Promise<Finding[]>;
  stop(): Promise<void>;
}

export async function startFuzzedShop(): Promise<FuzzedShop> {
  const folder = ownFolder('fuzz');
  const database = await startTestDatabase(DOMAINS);
  const names = DOMAINS.map(({ name }) => name);
  const [port, grpcPort, payPort] = [await freePort(), await freePort(), await freePort()];
  const pay = `http://127.0.0.1:${payPort}`;
  for (const tenant of TENANTS) {
    await addTenant(database, tenant, names);
    await drawPicture(folder, tenant);
  }
  const provider = await startTestProvider();
  const processor = await start('platform/payments/processor/main.ts', payPort, {
    PROCESSOR_DATA: folder,
    PAYMENTS_SECRET: 'x',
  });
  const runtime = await start('host/main.ts', port, {
    GRPC_PORT: String(grpcPort),
    SHOPMIND_DOMAINS: names.join(','),
    DATABASE_URL: database.url,
    SECRETS_KEY: database.secretsKey,
    BLOBS_URL: `file://${folder}/blobs`,
    SOURCES_URL: `file://${folder}/sources`,
    // The provider of accounts elsewhere is on this machine.
    OUTSIDE_LOOPBACK: 'true',
    PAYMENTS_URL: pay,
    PAYPAL_URL: `${pay}/paypal`,
    PAYMENTS_PUBLIC_ORIGIN: pay,
  });
  for (const tenant of TENANTS) await openAccount(payPort, port, tenant);
  const document = (await shopAt(port, hostOf('alpha'))('GET', '/api/openapi.json')).json();
  const memories = new Map<string, Memory>(TENANTS.map((tenant) => [tenant, createMemory()]));
  const memoryFor = (tenant: string): Memory => known(memories.get(tenant), tenant);
  const crowd = await crowdOf(port);
  const payPal = createSigners(folder, () => new Date());
  const world = { port, pay, database, memoryFor };

  return {
    port,
    grpcPort,
    document,
    database,
    actors: () => [...crowd.values()],
    memoryOf: memoryFor,
    markersFor: (tenant) => TENANTS.filter((other) => other !== tenant).map(markerOf),
    async renew(actor) {
      const authorization = await credentialsFor(port, actor);
      crowd.set(actor.name, { ...actor, authorization });
      const stranger = crowd.get(`${actor.name} elsewhere`);
      if (stranger !== undefined) crowd.set(stranger.name, { ...stranger, authorization });
    },
    pay,
    originOf: (tenant) => `https://${hostOf(tenant)}`,
    elsewhere: {
      issuer: provider.issuer,
      client: provider.client,
      signIn(address, email) {
        provider.person = { sub: email, email, email_verified: true };
        return provider.visit(address.href);
      },
    },
    async enter(tenant, email, kind) {
      const { adminKey } = secretsOf(tenant);
      const shop = shopAt(port, hostOf(tenant));
      const token =
        kind === 'owner'
          ? await newMember(shop, adminKey, email, kind)
          : (await newCustomer(shop, adminKey, { email, password: PASSWORD })).token;
      return { name: email, tenant, host: hostOf(tenant), kind, authorization: `Bearer ${token}` };
    },
    mailed: (tenant, email, pages) =>
      until(
        async () => {
          const links = pages.map((page) =>
            linkTo(shopAt(port, hostOf(tenant)), secretsOf(tenant).adminKey, email, page),
          );
          return (await Promise.all(links)).find((token) => token !== undefined);
        },
        { withinMs: 60_000, what: `${email} has a mail with a link` },
      ),
    async signedByPayPal(tenant, event) {
      const { name, sign } = await payPal();
      const [id, time] = [randomUUID(), new Date().toISOString().replace(/\.\d+Z$/, 'Z')];
      return {
        'paypal-transmission-id': id,
        'paypal-transmission-time': time,
        'paypal-transmission-sig': sign(id, time, secretsOf(tenant).paypal.webhookId, event),
        'paypal-auth-algo': 'SHA256withRSA',
        'paypal-cert-url': `https://${SIGNER_NAME}/v1/notifications/certs/${name}`,
      };
    },
    async tend() {
      for (const tenant of TENANTS)
        // The fuzzing changes rules and takes goods away in between, as it may.
        await until(() => tend(world, tenant), { withinMs: 300_000, what: `${tenant} sells again` });
    },
    complaints: () => [...runtime.complaints(), ...processor.complaints()],
    logged: (requestId) => runtime.errors.get(requestId),
    memory: async () => {
      const sizes = await Promise.all((await processTree(runtime.pid)).map(({ pid }) => memoryOf(pid)));
      return sizes.reduce((sum, bytes) => sum + bytes, 0);
    },
    settled: () => settled(database),
    async stop() {
      await Promise.all([runtime.stop(), processor.stop()]);
      await provider.stop();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** In whatever a tenant says of itself; nobody else has a reason to say it. */
export function markerOf(tenant: string): string {
  return `quince-of-${tenant}`;
}

function hostOf(tenant: string): string {
  return `${tenant}.localhost`;
}

/** Of a shop's own sources: a product's, and its logo. */
export function pictureOf(tenant: string): string {
  return `${tenant}/pixel.png`;
}

/** What follows its end nobody paints; by that each shop's is another. */
async function drawPicture(folder: string, tenant: string): Promise<void> {
  const path = join(folder, 'sources', pictureOf(tenant));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, Buffer.concat([PNG, Buffer.from(markerOf(tenant))]));
}

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`There is no ${what}.`);
  return value;
}

async function addTenant(database: TestDatabase, tenant: string, domains: string[]): Promise<void> {
  const { adminKey, stripe, paypal, reports } = secretsOf(tenant);
  await database.addTenant(
    {
      id: tenant,
      displayName: `Shop ${markerOf(tenant)}`,
      locales: ['en', 'de'],
      currencies: ['EUR', 'USD'],
      branding: { logo: pictureOf(tenant) },
      domains,
    },
    {
      'admin-key-hash': await merchantKeyHash(adminKey),
      'payments-secret-key': stripe.secretKey,
      'payments-publishable-key': stripe.publishableKey,
      'payments-webhook-secret': stripe.webhookSecret,
      'paypal-client-id': paypal.clientId,
      'paypal-client-secret': paypal.clientSecret,
      'paypal-webhook-id': paypal.webhookId,
      'paypal-environment': 'local',
      'notifications-report-secret': reports,
    },
  );
}

async function openAccount(payPort: number, port: number, tenant: string): Promise<void> {
  const { stripe, paypal } = secretsOf(tenant);
  const accounts = [
    ['accounts', stripe, 'stripe'],
    ['paypal-accounts', paypal, 'paypal'],
  ] as const;
  for (const [kind, keys, provider] of accounts) {
    const webhookUrl = `http://${hostOf(tenant)}:${port}/api/payments/webhooks/${provider}`;
    const answer = await shopAt(payPort, '127.0.0.1')('POST', `/_admin/${kind}`, {
      json: { id: tenant, ...keys, webhookUrl },
      headers: { authorization: 'Bearer x' },
    });
    succeeded(answer, `the account for ${provider}`);
  }
}

function succeeded(answer: ShopResponse, what: string): ShopResponse {
  if (answer.status >= 300) throw new Error(`${what}: ${answer.status} ${answer.text.slice(0, 500)}`);
  return answer;
}

const KINDS = ['nobody', 'guest', 'customer', 'merchant', 'owner', 'viewer', 'key', 'reader'] as const;

/** Of each kind one, by name; and some of them at the other shop. */
async function crowdOf(port: number): Promise<Map<string, Actor>> {
  const crowd = new Map<string, Actor>();
  for (const tenant of TENANTS) {
    for (const kind of KINDS) {
      const actor: Actor = {
        name: `${tenant}'s ${kind}`,
        tenant,
        host: hostOf(tenant),
        kind,
        authorization: undefined,
      };
      crowd.set(actor.name, { ...actor, authorization: await credentialsFor(port, actor) });
    }
  }
  for (const actor of Array.from(crowd.values())) {
    if (actor.kind === 'nobody' || actor.kind === 'guest') continue;
    const tenant = known(
      TENANTS.find((other) => other !== actor.tenant),
      'other tenant',
    );
    crowd.set(`${actor.name} elsewhere`, {
      ...actor,
      name: `${actor.name} elsewhere`,
      tenant,
      host: hostOf(tenant),
      kind: 'stranger',
    });
  }
  return crowd;
}

let people = 0;

async function credentialsFor(port: number, { tenant, kind }: Actor): Promise<string | undefined> {
  const shop = shopAt(port, hostOf(tenant));
  const admin = `Bearer ${secretsOf(tenant).adminKey}`;
  const keyWith = async (scopes: readonly string[]): Promise<string> => {
    const headers = { authorization: admin };
    const made = await shop('POST', '/api/admin/keys', { json: { name: markerOf(tenant), scopes }, headers });
    if (made.status === 409) {
      // There may be fifty, and the fuzzing makes them too.
      const { keys } = (await shop('GET', '/api/admin/keys', { headers })).json<{
        keys: { id: string; revokedAt: string | null }[];
      }>();
      for (const { id } of keys.filter(({ revokedAt }) => revokedAt === null).slice(5))
        await shop('DELETE', `/api/admin/keys/${id}`, { headers });
      return keyWith(scopes);
    }
    return `Bearer ${succeeded(made, 'an API key').json<{ key: string }>().key}`;
  };
  switch (kind) {
    case 'guest': {
      const { guest } = succeeded(await shop('POST', '/api/chat/guests'), 'a guest').json<{
        guest: string;
      }>();
      return `Bearer ${guest}`;
    }
    case 'customer': {
      people += 1;
      const { token } = await newCustomer(shop, secretsOf(tenant).adminKey, {
        email: `ada${people}@${markerOf(tenant)}.example`,
        firstName: markerOf(tenant),
        password: PASSWORD,
      });
      return `Bearer ${token}`;
    }
    case 'merchant':
      return admin;
    case 'owner':
    case 'viewer': {
      people += 1;
      return `Bearer ${await newMember(shop, secretsOf(tenant).adminKey, `${kind}${people}@staff.example`, kind)}`;
    }
    case 'key':
      return keyWith(
        [
          'analytics',
          'catalog',
          'chat',
          'marketing',
          'media',
          'notifications',
          'orders',
          'recommendations',
        ].flatMap((domain) => [`${domain}:read`, `${domain}:write`]),
      );
    case 'reader':
      return keyWith(['catalog:read']);
    default:
      return undefined;
  }
}

export const PASSWORD = 'a long enough password';

/** Invited to the staff and joined by the link of the mail, if need be once more. @returns the token of the session */
async function newMember(
  shop: Shop,
  adminKey: string,
  email: string,
  role: string,
  tries = 5,
): Promise<string> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const invited = await shop('POST', '/api/admin/accounts/staff', {
    json: { email, roles: [role] },
    headers,
  });
  if (invited.status === 409) {
    // There may be two hundred, and the fuzzing invites more.
    await dismissSome(shop, headers);
    return newMember(shop, adminKey, email, role, tries);
  }
  succeeded(invited, 'an invitation');
  const token = await until(() => linkTo(shop, adminKey, email, 'join'), {
    withinMs: 120_000,
    what: `${email} has the mail with the link`,
  });
  const joined = await shop('POST', '/api/accounts/staff/accept', { json: { token, password: PASSWORD } });
  // Whoever made room for somebody else has dismissed this one meanwhile.
  if (joined.status === 410 && tries > 1) return newMember(shop, adminKey, email, role, tries - 1);
  return succeeded(joined, 'joining').json<{ token: string }>().token;
}

/** Those who have not come, half of them. */
async function dismissSome(shop: Shop, headers: Record<string, string>): Promise<void> {
  const { staff } = succeeded(await shop('GET', '/api/admin/accounts/staff', { headers }), 'the staff').json<{
    staff: { id: string; state: string }[];
  }>();
  const idle = staff.filter(({ state }) => state === 'invited');
  for (const { id } of idle.slice(idle.length / 2))
    succeeded(await shop('DELETE', `/api/admin/accounts/staff/${id}`, { headers }), 'dismissing');
}

interface World {
  readonly port: number;
  readonly pay: string;
  readonly memoryFor: (tenant: string) => Memory;
}

/** @throws Error when the shop refuses what any merchant or shopper may do */
async function tend({ port, pay, memoryFor }: World, tenant: string): Promise<true> {
  const shop = shopAt(port, hostOf(tenant));
  /** Told at the end, so that nobody else has the cart meanwhile. */
  const heard: [string, unknown][] = [];
  const merchant = { authorization: `Bearer ${secretsOf(tenant).adminKey}` };
  const step = async <T>(
    method: string,
    path: string,
    json?: unknown,
    headers: Record<string, string> = {},
    template = path,
  ): Promise<T> => {
    const answer = succeeded(
      await shop(method, path, {
        ...(json === undefined ? {} : { json }),
        headers: { 'idempotency-key': `tend-${tenant}-${(people += 1)}`, ...headers },
        timeoutMs: 60_000,
      }),
      `${method} ${path}`,
    );
    if (answer.text === '') return undefined as T; // such steps are not looked at
    const said = answer.json<T>();
    heard.push([template, said]);
    return said;
  };
  for (const [path, rules] of [
    ['/api/admin/orders/shipping', SHIPPING],
    ['/api/admin/orders/taxes', TAXES],
  ] as const) {
    const { version } = await step<{ version: number }>('GET', path, undefined, merchant);
    await step('PUT', path, { version, rules }, merchant);
  }
  await step(
    'PUT',
    '/api/admin/marketing/settings',
    { loyalty: { enabled: true, currency: 'EUR', perPoint: 10, worth: 1, least: 1 } },
    merchant,
  );
  // Links of mails are followed.
  const outbox = '/api/admin/notifications/outbox';
  await step('GET', `${outbox}?limit=100`, undefined, merchant, outbox);
  const { variants } = await step<{ variants: { id: string }[] }>(
    'POST',
    '/api/admin/catalog/products',
    productNumber((people += 1), tenant),
    merchant,
  );
  const variantId = known(variants[0], 'variant').id;
  await until(
    async () => {
      const answer = await shop('GET', `/api/orders/stock?variantIds=${variantId}`);
      return answer.text.includes(variantId) ? true : undefined;
    },
    { withinMs: 120_000, everyMs: 100, what: 'orders know the new product' },
  );
  const cart = await step<{ id: string }>('POST', '/api/orders/carts', { currency: 'EUR' });
  const cartPath = `/api/orders/carts/${cart.id}`;
  await step('POST', `${cartPath}/lines`, { variantId, quantity: 2 });
  const { methods } = await step<{ methods: { id: string }[] }>(
    'GET',
    `/api/orders/shipping-methods?cartId=${cart.id}&country=GB`,
    undefined,
    {},
    '/api/orders/shipping-methods',
  );
  await step(
    'PATCH',
    cartPath,
    {
      email: `ada@${markerOf(tenant)}.example`,
      shippingAddress: ADDRESS,
      shippingMethod: known(methods[0], 'shipping method').id,
    },
    {},
    '/api/orders/carts/{cartId}',
  );
  const { payment } = await step<{
    payment?: { intentId: string; clientSecret: string; publishableKey: string };
  }>('POST', '/api/orders/checkout', { cartId: cart.id });
  if (payment !== undefined) await payAsBrowser(pay, payment, '4242424242424242');
  // It has become an order, and is of no use to anybody.
  const useful = heard.filter(([template]) => !template.startsWith('/api/orders/carts'));
  const another = await step<{ id: string }>('POST', '/api/orders/carts', { currency: 'EUR' });
  await step(
    'POST',
    `/api/orders/carts/${another.id}/lines`,
    { variantId, quantity: 1 },
    {},
    '/api/orders/carts/{cartId}',
  );
  for (const [template, said] of [...useful, ...heard.slice(-2)]) memoryFor(tenant).learn(template, said);
  return true;
}

const SHIPPING = {
  zones: [
    {
      name: 'Everywhere we go',
      places: ['GB', 'DE', 'US', 'FR'].map((country) => ({ country })),
      methods: [
        {
          id: 'standard',
          title: 'Standard',
          minDays: 1,
          maxDays: 3,
          rate: { by: 'order', price: { EUR: 500, USD: 600 } },
        },
      ],
    },
  ],
};

const TAXES = {
  pricesInclude: true,
  rates: [{ country: 'DE', basisPoints: 1900, name: 'MwSt.' }],
};

function productNumber(number: number, tenant: string): object {
  return {
    handle: `tent-${number}`,
    title: `Tent ${number} ${markerOf(tenant)}`,
    variants: [
      {
        prices: [
          { amount: 12_300, currency: 'EUR' },
          { amount: 13_300, currency: 'USD' },
        ],
        inventoryQuantity: 1_000_000,
      },
    ],
  };
}

interface Started {
  readonly pid: number;
  /** Error lines by the request they are about. */
  readonly errors: ReadonlyMap<string, string>;
  complaints(): Finding[];
  stop(): Promise<void>;
}

async function start(file: string, port: number, env: Record<string, string>): Promise<Started> {
  const adminPort = await freePort();
  const child = fork(new URL(`../../runtime/${file}`, import.meta.url), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // As in the runtime's image.
    execArgv: ['--max-semi-space-size=16'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      POD_IP: '127.0.0.1',
      LOG_LEVEL: 'error',
      ...MALLOC,
      ...env,
    },
  });
  own(child);
  const errors = new Map<string, string>();
  const complaints: Finding[] = [];
  let isStopping = false;
  listenTo(child, (line) => {
    const requestId = /"requestId":"([\w.:-]+)"/.exec(line)?.[1];
    if (requestId !== undefined) errors.set(requestId, line);
    // A request that failed is told with its answer.
    if (!line.includes('"msg":"request failed"')) complaints.push({ kind: 'logged', what: told(line) });
  });
  child.once('exit', (code, signal) => {
    if (!isStopping) complaints.push({ kind: 'crashed', what: `${file} ended with ${signal ?? code}` });
  });
  await until(async () => ((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok ? true : undefined), {
    withinMs: 120_000,
    what: `${file} is ready`,
    hopeless: () => endOf(child),
  });
  return {
    pid: known(child.pid, 'process'),
    errors,
    complaints: () => complaints.splice(0),
    async stop() {
      isStopping = true;
      await kill(child, 'SIGTERM');
    },
  };
}

function listenTo({ stdout, stderr }: ChildProcess, heard: (line: string) => void): void {
  for (const stream of [stdout, stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', heard);
}

/** Message, error and where it was thrown: the same for the same fault. */
function told(line: string): string {
  if (!line.startsWith('{')) return line.slice(0, 300);
  const { msg, task, err } = JSON.parse(line) as Record<string, unknown>; // pino's own line
  const { message, stack } = (err ?? {}) as { message?: string; stack?: string }; // pino's serializer of errors
  const where = /runtime\/[\w/.-]+:\d+/.exec(stack ?? '')?.[0];
  return [msg, task, message?.slice(0, 200), where].filter((part) => part !== undefined).join(' | ');
}

/** Events that nobody handles and tasks that are tried again and again were poisoned by what somebody could send. */
async function settled(database: TestDatabase): Promise<Finding[]> {
  try {
    await until(
      async () => {
        const waiting = await stuckTasks(database);
        return waiting.length === 0 ? true : undefined;
      },
      { withinMs: 60_000, everyMs: 500, what: 'no task is tried again' },
    );
    return [];
  } catch {
    return (await stuckTasks(database)).map((what) => ({ kind: 'stuck', what }));
  }
}

async function stuckTasks({ admin }: TestDatabase): Promise<string[]> {
  const { rows } = await admin.query<{ name: string; last_error: string | null }>(
    `SELECT name, max(last_error) AS last_error FROM shop.tasks WHERE attempts > 3 AND last_error IS NOT NULL GROUP BY name`,
  );
  return rows.map(({ name, last_error }) => `${name}: ${last_error?.slice(0, 200)}`);
}
