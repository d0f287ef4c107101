/**
 * A customer asks to see what the shop has of them, and then to be forgotten; and a shop is brought back to a moment at which they were
 * still there, and then all of them: by the commands an operator's person has for it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { configMaps } from '../../operator/kube/resources.ts';
import { adminToken, clusterOf } from '../support/cluster.ts';
import { newCustomer } from '../support/customers.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { ownFolder } from '../support/owned.ts';
import { until } from '../support/wait.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const TENANT = 'sakura';
const EMAIL = 'ada.of.subjects@example.com';
const NEIGHBOUR = 'grace.of.subjects@example.com';
const PASSWORD = 'a long enough one';

let installation: Installation;
let folder: string;
let customer: string;
/** When both customers were there as they had registered. */
let moment: string;

before(async () => {
  folder = ownFolder('subjects');
  installation = await startInstallation({ storefront: false });
  await installation.event('tenants', 120_000);
});
after(async () => {
  await removeInstallation(installation);
  await rm(folder, { recursive: true, force: true });
});

test('an archive that is named is kept: what can be restored is told', async () => {
  const client = await clusterOf(installation);
  const data = {
    ARCHIVE_URL: pathToFileURL(join(installation.dataDir, 'archive/')).href,
    ARCHIVE_INTERVAL_SECONDS: '2',
    DRILL_SCHEDULE: 'off',
  };
  await client.patch(
    configMaps,
    { namespace: 'shopmind-system', name: 'platform' },
    { kind: 'merge', body: { data } },
    { fieldManager: 'e2e' },
  );
  client.close();
  const told = await conditionHolds('BackedUp');
  assert.equal(told.archive?.bases.length, 1);
  assert.match(await shopmind('backups', TENANT), /Any moment +from .*BackedUp +every moment/s);
});

test('the archive has what the shop has of the customer', async () => {
  const shop = installation.shop(`${TENANT}.localhost`);
  const client = await clusterOf(installation);
  const key = await adminToken(client, TENANT);
  client.close();
  const lastName = 'Byron';
  const ada = await newCustomer(shop, key, { email: EMAIL, firstName: 'Ada', lastName, password: PASSWORD });
  customer = ada.customer.id;
  const archive = (await shopmind('export', TENANT, '--customer', customer, '--to', folder)).trim();
  const { stdout } = await run('tar', ['-xzOf', archive], { maxBuffer: 1 << 26 });
  assert.match(stdout, new RegExp(EMAIL));
  await newCustomer(shop, key, {
    email: NEIGHBOUR,
    firstName: 'Grace',
    lastName: 'Hopper',
    password: PASSWORD,
  });
  moment = new Date().toISOString();
});

test('erased, nobody finds them, and the receipt proves it', async () => {
  const receipt = await shopmind('erase', TENANT, '--customer', customer, '--yes');
  assert.ok(!receipt.includes(EMAIL));
  const file = join(folder, 'receipt.json');
  await writeFile(file, receipt);
  assert.match(await shopmind('receipt', file), /^good: /);
  await writeFile(file, receipt.replace('"count": 1', '"count": 7'));
  await assert.rejects(shopmind('receipt', file), /not good: it was changed after it was signed/);
  await assert.rejects(shopmind('export', TENANT, '--customer', customer, '--to', folder), /has no customer/);
  const login = await installation.shop(`${TENANT}.localhost`)('POST', '/api/accounts/login', {
    json: { email: EMAIL, password: PASSWORD },
  });
  assert.equal(login.status, 401, login.text);
});

test('a shop is brought back to before an accident, first beside and then in place; who was erased stays erased', async () => {
  const changed = await signedIn(NEIGHBOUR);
  const shop = installation.shop(`${TENANT}.localhost`);
  const patched = await shop('PATCH', '/api/accounts/me', {
    json: { firstName: 'Garbled' },
    headers: { authorization: `Bearer ${changed.token}` },
  });
  assert.equal(patched.status, 200, patched.text);
  const beside = JSON.parse(
    await shopmind('restore', TENANT, '--to', moment, '--beside', '-w', '-o', 'json', '--timeout', '2m'),
  ) as Operation;
  assert.equal(beside.state, 'Beside', beside.message);
  assert.equal((await signedIn(NEIGHBOUR)).customer.firstName, 'Garbled');
  await assert.rejects(
    shopmind('restore', TENANT, '--to', moment, '--yes'),
    /put it in place or drop it first/i,
  );
  const restored = await shopmind('restore', TENANT, '--swap', '--yes', '-w', '--timeout', '2m');
  assert.match(
    restored,
    /Succeeded: the rows are as they were, and the shop is open \(no changes for \d+ ms\)/,
  );
  assert.equal((await signedIn(NEIGHBOUR)).customer.firstName, 'Grace');
  const forgotten = await shop('POST', '/api/accounts/login', { json: { email: EMAIL, password: PASSWORD } });
  assert.equal(forgotten.status, 401, forgotten.text);
  await assert.rejects(shopmind('export', TENANT, '--customer', customer, '--to', folder), /has no customer/);
});

test('a restore that is called off leaves the shop as it is', async () => {
  const beside = await shopmind('restore', TENANT, '--to', moment, '--beside', '-w', '--timeout', '2m');
  assert.match(beside, /Beside/);
  assert.match(await shopmind('restore', TENANT, '--abort', '-w'), /Failed: it was called off/);
  await assert.rejects(shopmind('restore', TENANT, '--swap', '--yes'), /nothing of sakura lies beside/);
  assert.equal((await signedIn(NEIGHBOUR)).customer.firstName, 'Grace');
});

test('the whole cluster is brought back, in the pool and out of it, and every shop goes on selling', async () => {
  const then = new Date().toISOString();
  const newcomer = { email: 'lin.of.subjects@example.com', password: PASSWORD };
  const hosts = ['acme', 'fjord', TENANT].map((name) => installation.shop(`${name}.localhost`));
  const client = await clusterOf(installation);
  const keys = await Promise.all([
    adminToken(client, 'acme'),
    adminToken(client, 'fjord', 'tenant-fjord'),
    adminToken(client, TENANT),
  ]);
  client.close();
  for (const [index, shop] of hosts.entries()) await newCustomer(shop, keys[index] ?? '', newcomer);
  assert.match(await shopmind('restore', '--all', '--to', then, '--dry-run'), /6\. the former schemas/);
  const restored = await shopmind('restore', '--all', '--to', then, '--yes', '-w', '--timeout', '5m');
  assert.match(restored, /Succeeded: [\d,]+ rows of 3 tenants are as they were, and the shops are open/);
  for (const [index, shop] of hosts.entries()) {
    const login = await shop('POST', '/api/accounts/login', { json: newcomer });
    assert.equal(login.status, 401, login.text);
    const products = await shop('GET', '/api/catalog/products?limit=1');
    assert.equal(products.json<{ products: readonly object[] }>().products.length, 1);
    await newCustomer(shop, keys[index] ?? '', newcomer);
  }
  assert.equal((await signedIn(NEIGHBOUR)).customer.firstName, 'Grace');
  assert.match(await shopmind('backups'), /Last +restore-\w+ Succeeded/);
});

test('a drill proves the backups, a tenant and the database are backed up on demand', async () => {
  const drill = JSON.parse(await shopmind('drill', '-w', '-o', 'json', '--timeout', '2m')) as Operation;
  assert.equal(drill.state, 'Succeeded', drill.message);
  assert.match(drill.message ?? '', /within [\d.]+ s, \d+ rows of 3 tenants are what they were/);
  assert.match(await shopmind('backup', TENANT, '-w', '--timeout', '2m'), /sakura is backed up/);
  assert.match(await shopmind('backup', '-w', '--timeout', '2m'), /base backup .* is in file:/);
  await conditionHolds('Recoverable');
});

interface Told {
  readonly archive?: { readonly bases: readonly unknown[] };
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}

interface Operation {
  readonly state: string;
  readonly message?: string;
}

/** A status is drawn after what it tells of. */
async function conditionHolds(condition: string): Promise<Told> {
  return until(
    async () => {
      const told = JSON.parse(await shopmind('backups', '-o', 'json')) as Told;
      return told.conditions.some(({ type, status }) => type === condition && status === 'True')
        ? told
        : undefined;
    },
    { withinMs: 60_000, what: `the pool is ${condition}` },
  );
}

interface Session {
  readonly token: string;
  readonly customer: { readonly firstName: string };
}

async function signedIn(email: string): Promise<Session> {
  const answer = await installation.shop(`${TENANT}.localhost`)('POST', '/api/accounts/login', {
    json: { email, password: PASSWORD },
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Session>();
}

/** Standard output; a refusal's words are in the error. */
async function shopmind(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['operator/plugin/shopmind.mjs', ...args], {
    cwd: root,
    env: { ...process.env, KUBECONFIG: installation.kubeconfig },
    maxBuffer: 1 << 26,
  }).catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error(`${error.stdout ?? ''}${error.stderr ?? ''}`, { cause: error });
  });
  return stdout;
}
