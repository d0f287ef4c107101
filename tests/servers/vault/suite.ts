/**
 * Vault behind the secrets port, on a real one: what its provisioner makes and mends, who may read what, and a shop whose payment keys
 * are in Vault and nowhere else. The provisioner enters with the policy of decision 0038, not as root.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { SCHEMAS, withDefaults } from '../../../crds/index.ts';
import type { ShopMindTenant } from '../../../crds/index.ts';
import { openDataPlane, type DataPlane, type TenantData } from '../../../operator/provisioners/data-plane.ts';
import { loginOf } from '../../../operator/provisioners/logins.ts';
import { loginFor } from '../../../operator/provisioners/postgres/logins.ts';
import { SystemError, type Scope } from '../../../operator/provisioners/system.ts';
import { createVault, type VaultSystem } from '../../../operator/provisioners/vault/vault.ts';
import { startTestHost } from '../../../runtime/host/testing.ts';
import { parseBackends } from '../../../runtime/platform/backends/index.ts';
import { secretsContract } from '../../../runtime/platform/contract/secrets.ts';
import { startProcessor } from '../../../runtime/platform/payments/processor/processor.ts';
import type { Secrets } from '../../../runtime/platform/ports.ts';
import { createVaultSecrets } from '../../../runtime/platform/secrets/vault.ts';
import { vaultAddressFor } from '../../../runtime/platform/vault/index.ts';
import { ownFolder } from '../../support/owned.ts';
import { startTestPostgres } from '../../support/postgres.ts';
import { until } from '../../support/wait.ts';
import { startVault, type VaultServer } from '../vault.ts';

/** What the operator's login needs; decision 0038 says why. */
const OPERATOR = `
path "sys/mounts" { capabilities = ["read"] }
path "sys/mounts/shopmind" { capabilities = ["create", "update"] }
path "sys/mounts/shopmind-transit" { capabilities = ["create", "update"] }
path "sys/auth" { capabilities = ["read"] }
path "sys/auth/shopmind" { capabilities = ["create", "update", "sudo"] }
path "sys/policies/acl" { capabilities = ["list"] }
path "sys/policies/acl/shopmind.*" { capabilities = ["create", "read", "update", "delete"] }
path "auth/shopmind/role" { capabilities = ["list"] }
path "auth/shopmind/role/shopmind.*" { capabilities = ["create", "read", "update", "delete"] }
path "shopmind/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "shopmind-transit/*" { capabilities = ["create", "read", "update", "delete", "list"] }
`;

let server: VaultServer;
let adminAddress: string;
let system: VaultSystem;

before(async () => {
  server = await startVault();
  adminAddress = server.addressFor(await operatorsToken());
  system = createVault(adminAddress);
});
after(() => server.stop());

async function operatorsToken(): Promise<string> {
  await server.ask('PUT', 'sys/policies/acl/operator', { policy: OPERATOR });
  const { body } = await server.ask('POST', 'auth/token/create', { policies: ['operator'], no_parent: true });
  // As Vault's API says.
  return (body['auth'] as { client_token: string }).client_token;
}

const scopeNamed = (name: string, secret = 'one', former?: string): Scope => ({
  name,
  domains: [],
  login: loginOf(name, 'vault', secret),
  ...(former === undefined ? {} : { formerLogin: loginOf(name, 'vault', former) }),
});

/** Runtimes of a scope, and who tells them of changes. */
function runtime(scope: Scope, name = scope.name): Secrets & { readonly tell: (tenant: string) => void } {
  const listeners: ((tenant: string) => void)[] = [];
  const secrets = createVaultSecrets({
    address: system.address(scope),
    scope: name,
    changes: async (changed) => void listeners.push(changed),
  });
  return { ...secrets, tell: (tenant) => listeners.forEach((heard) => heard(tenant)) };
}

let scopes = 0;
secretsContract('secrets in Vault', async () => {
  const scope = scopeNamed(`contract-${++scopes}`);
  await system.ensure(scope);
  const secrets = runtime(scope);
  const entry = (tenant: string): string => `shopmind/data/${scope.name}/${tenant}`;
  return {
    secrets,
    async write(tenant, values) {
      await system.secrets.write(scope.name, tenant, values);
      secrets.tell(tenant);
    },
    async copy([from, source], [to, target]) {
      const sealedOf = async (tenant: string): Promise<Record<string, string>> => {
        const { body } = await server.ask('GET', entry(tenant));
        // As Vault's API says.
        return (body['data'] as { data: Record<string, string> }).data;
      };
      const sealed = (await sealedOf(from))[source];
      await server.ask('POST', entry(to), { data: { ...(await sealedOf(to)), [target]: sealed } });
      secrets.tell(to);
    },
  };
});

test('a scope is made once, from nothing, by who may do no more than that', async () => {
  const scope = scopeNamed('pool');
  const planned = await system.plan(scope);
  const { user } = scope.login;
  assert.deepEqual(planned.slice(-4), [
    'CREATE KEY pool',
    `WRITE POLICY ${user}`,
    `CREATE LOGIN ${user}`,
    `ADMIT ${user}`,
  ]);
  assert.deepEqual(await system.ensure(scope), planned);
  assert.deepEqual(await system.plan(scope), []);
  assert.deepEqual(await system.ensure(scope), []);
  assert.deepEqual(await system.plan({ name: 'pool', domains: [] }), []);
  await system.ping();
});

test('a login reads what is of its scope, and can do nothing else', async () => {
  const [ours, theirs] = [scopeNamed('ours'), scopeNamed('theirs')];
  for (const scope of [ours, theirs]) await system.ensure(scope);
  await system.secrets.write('ours', 'acme', { key: 'a' });
  await system.secrets.write('theirs', 'fjord', { key: 'f' });
  assert.equal(await runtime(ours).get('acme', 'key'), 'a');
  await assert.rejects(runtime(ours, 'theirs').get('fjord', 'key'), { code: 'unavailable' });
  const token = await tokenOf(ours);
  const may = async (method: string, path: string, body?: unknown): Promise<number> =>
    (await server.ask(method, path, body, token)).status;
  assert.equal(await may('GET', 'shopmind/data/ours/acme'), 200);
  for (const [method, path, body] of [
    ['GET', 'shopmind/data/theirs/fjord', undefined],
    ['GET', 'shopmind/metadata/ours?list=true', undefined],
    ['POST', 'shopmind/data/ours/acme', { data: { key: 'x' } }],
    ['DELETE', 'shopmind/metadata/ours/acme', undefined],
    ['POST', 'shopmind-transit/decrypt/theirs', { ciphertext: 'vault:v1:x' }],
    ['POST', 'shopmind-transit/encrypt/ours', { plaintext: 'eA==' }],
    ['GET', 'auth/shopmind/role?list=true', undefined],
    ['GET', 'sys/policies/acl?list=true', undefined],
    ['GET', 'auth/token/lookup-self', undefined],
  ] as const)
    assert.equal(await may(method, path, body), 403, `${method} ${path}`);
});

async function tokenOf({ login }: Scope): Promise<string> {
  const { body } = await server.ask('POST', 'auth/shopmind/login', {
    role_id: login.user,
    secret_id: login.password,
  });
  // As Vault's API says.
  return (body['auth'] as { client_token: string }).client_token;
}

test('what somebody changed by hand is found and mended', async () => {
  const scope = scopeNamed('drifting');
  await system.ensure(scope);
  const { user } = scope.login;
  await server.ask('PUT', `sys/policies/acl/${user}`, { policy: 'path "*" { capabilities = ["read"] }' });
  await server.ask('POST', `auth/shopmind/role/${user}`, { token_ttl: 86_400, token_max_ttl: 86_400 });
  await server.ask('POST', 'shopmind-transit/keys/drifting/config', { auto_rotate_period: 0 });
  await server.ask('POST', `auth/shopmind/role/${user}/secret-id/destroy`, {
    secret_id: scope.login.password,
  });
  await server.ask('PUT', 'sys/policies/acl/shopmind.drifting.00000000', {
    policy: 'path "x" { capabilities = ["read"] }',
  });
  const found = await system.plan(scope);
  assert.deepEqual(found, [
    'ALTER KEY drifting',
    `WRITE POLICY ${user}`,
    `ALTER LOGIN ${user}`,
    `ADMIT ${user}`,
    'DROP POLICY shopmind.drifting.00000000',
  ]);
  assert.deepEqual(await system.ensure(scope), found);
  assert.deepEqual(await system.plan(scope), []);
});

test('a rotation changes login and key while both logins read; then the former is out at once', async (context) => {
  const [one, both, two] = [
    scopeNamed('turning', 'one'),
    scopeNamed('turning', 'two', 'one'),
    scopeNamed('turning', 'two'),
  ];
  await system.ensure(one);
  await system.secrets.write('turning', 'acme', { key: 'value' });
  const token = await tokenOf(one);
  const stop = new AbortController();
  context.after(() => stop.abort());
  let reads = 0;
  /** Asks Vault each time, as so many Pods that have nothing kept. */
  const reading = (async () => {
    while (!stop.signal.aborted) {
      assert.equal(await runtime(one).get('acme', 'key'), 'value');
      reads += 1;
    }
  })();
  const done = await system.ensure(both);
  assert.deepEqual(done.slice(0, 1), ['ROTATE KEY turning']);
  assert.equal(await runtime(both).get('acme', 'key'), 'value', 'what the former key has sealed');
  assert.deepEqual(await system.secrets.write('turning', 'acme', { key: 'value' }), ['SEAL SECRETS OF acme']);
  assert.deepEqual(await system.secrets.write('turning', 'acme', { key: 'value' }), []);
  assert.equal(await runtime(both).get('acme', 'key'), 'value', 'what the new key has sealed');
  const { body } = await server.ask('GET', 'shopmind/data/turning/acme');
  assert.match(JSON.stringify(body), /vault:v2:/);
  stop.abort();
  await reading;
  assert.ok(reads > 0);
  assert.deepEqual(await system.ensure(two), [
    `DROP POLICY ${one.login.user}`,
    `DROP LOGIN ${one.login.user}`,
  ]);
  assert.equal((await server.ask('GET', 'shopmind/data/turning/acme', undefined, token)).status, 403);
  await assert.rejects(runtime(one).get('acme', 'key'), { code: 'unavailable' });
  assert.equal(await runtime(two).get('acme', 'key'), 'value');
});

test('killed before any of its changes, it finishes when it is repeated', async () => {
  const scope = scopeNamed('killed');
  for (let allowed = 0; ; allowed++) {
    let left = allowed;
    const mortal = createVault(adminAddress, {
      mayAct: () => {
        if (left-- === 0) throw new Error('killed');
      },
    });
    const ended = await mortal.ensure(scope).then(
      () => true,
      (error: unknown) => {
        assert.match(String(error), /killed/);
        return false;
      },
    );
    if (ended) break;
    assert.ok(allowed < 10);
  }
  assert.deepEqual(await system.plan(scope), []);
  assert.deepEqual(await system.secrets.write('killed', 'acme', { key: 'v' }), ['SEAL SECRETS OF acme']);
  assert.equal(await runtime(scope).get('acme', 'key'), 'v');
});

test('two operators at once leave one scope and one entry', async () => {
  const scope = scopeNamed('twice');
  const other = createVault(adminAddress);
  await Promise.all([system, other].map((one) => one.ensure(scope)));
  assert.deepEqual(await system.plan(scope), []);
  const written = await Promise.allSettled(
    [system, other].map((one) => one.secrets.write('twice', 'acme', { key: 'v' })),
  );
  for (const one of written)
    if (one.status === 'rejected') assert.ok(one.reason instanceof SystemError && one.reason.transient);
  assert.deepEqual(await system.secrets.write('twice', 'acme', { key: 'v' }), []);
});

test('a tenant’s secrets go with it in all their versions; a closed scope keeps them, a removed one has nothing', async () => {
  const scope = scopeNamed('going');
  await system.ensure(scope);
  for (const tenant of ['acme', 'fjord'])
    for (const key of ['one', 'two']) await system.secrets.write('going', tenant, { key });
  assert.deepEqual(await system.removeTenant('going', 'acme'), ['DELETE SECRETS OF acme']);
  assert.deepEqual(await system.removeTenant('going', 'acme'), []);
  assert.equal((await server.ask('GET', 'shopmind/data/going/acme?version=1')).status, 404);
  const { user } = scope.login;
  assert.deepEqual(await system.close('going'), [`DROP POLICY ${user}`, `DROP LOGIN ${user}`]);
  assert.deepEqual(await system.secrets.read('going', 'fjord'), new Map([['key', 'two']]));
  assert.deepEqual(await system.remove('going'), [
    'DELETE SECRETS OF fjord',
    'RELEASE KEY going',
    'DESTROY KEY going',
  ]);
  assert.deepEqual(await system.remove('going'), []);
});

test('sealed, frozen, away or entered wrongly: it says which system, what it did and what to do', async () => {
  const scope = scopeNamed('troubled');
  await system.ensure(scope);
  const impatient = createVault(adminAddress, { answerTimeoutMs: 500 });
  const told = async (work: Promise<unknown>): Promise<SystemError> => {
    const error = await work.then(
      () => assert.fail('it did not fail'),
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof SystemError, String(error));
    assert.equal(error.system, 'vault');
    return error;
  };
  await server.seal();
  const sealed = await told(impatient.ensure(scope));
  assert.deepEqual([sealed.transient, sealed.action], [true, 'READ LOGINS OF troubled']);
  assert.match(sealed.remedy, /unseal/);
  await server.unseal();
  await server.pause();
  assert.match((await told(impatient.secrets.read('troubled', 'acme'))).remedy, /reach it/);
  server.resume();
  assert.deepEqual(await impatient.ensure(scope), []);
  for (const wrong of [
    createVault(server.addressFor('hvs.wrong')),
    createVault(vaultAddressFor(server.address, 'nobody', 'nothing')),
    createVault(system.address(scope)),
  ]) {
    const refused = await told(wrong.ensure(scope));
    assert.deepEqual([refused.transient, refused.action], [false, 'READ LOGINS OF troubled']);
    assert.match(refused.remedy, /SECRETS_ADMIN_URL/);
    assert.doesNotMatch(refused.message, /hvs\.wrong|nothing/);
  }
  const taken = createVault(adminAddress.replace(/shopmind$/, 'cubbyhole'));
  assert.match((await told(taken.ensure(scope))).remedy, /another mount/);
});

test('a shop sells by payment keys that are in Vault and nowhere else; one that had them in the database keeps them', async () => {
  const postgres = await startTestPostgres();
  const folder = ownFolder('vault-shop');
  const processor = await startProcessor({
    host: '127.0.0.1',
    port: 0,
    data: join(folder, 'processor'),
    adminSecret: 'processor',
    forTests: true,
    warn: () => undefined,
  });
  const secretsKey = randomBytes(32).toString('base64');
  const open = (config: Readonly<Record<string, string>>): Promise<DataPlane> =>
    openDataPlane(
      {
        databaseAdminUrl: postgres.adminUrl,
        blobsUrl: pathToFileURL(`${folder}/blobs/`).href,
        paymentsUrl: processor.origin,
        paymentsSecret: 'processor',
        secretsKey,
        citus: { workers: [] },
        backends: parseBackends(config, { SECRETS_ADMIN_URL: adminAddress }, (why) => assert.fail(why)),
      },
      () => performance.now(),
    );
  const pool = loginFor('shop_runtime', 'the pool’s password');
  const data: TenantData = {
    tenant: shopNamed('acme'),
    schema: 'shop',
    domains: ['catalog', 'payments'],
    logins: [],
    adminToken: 'the-merchants-key',
    webhookUrl: 'http://acme.localhost/hook',
    paymentKeys: undefined,
  };
  const admin = new Client({ connectionString: postgres.adminUrl });
  await admin.connect();
  const inDatabase = async (): Promise<number> =>
    (await admin.query('select from platform.tenant_secrets')).rowCount ?? 0;
  let plane = await open({});
  try {
    await plane.ensurePool([pool], 'owner');
    await plane.ensureTenant(data);
    assert.ok((await inDatabase()) > 0);
    await plane.close();

    plane = await open({ SECRETS_URL: server.address });
    await plane.ensurePool([pool], 'owner');
    const done = await plane.ensureTenant(data);
    assert.deepEqual(done, ['SEAL SECRETS OF acme', 'REMOVE SECRETS OF acme FROM THE DIRECTORY']);
    assert.deepEqual(await plane.ensureTenant(data), []);
    assert.equal(await inDatabase(), 0);

    const { secrets } = await plane.addresses('pool', pool.password);
    assert.ok(secrets !== undefined);
    const host = await startTestHost({
      databaseUrl: postgres.adminUrl.replace(
        /\/\/[^@]*@/,
        `//${pool.user}:${encodeURIComponent(pool.password)}@`,
      ),
      secretsKey: randomBytes(32).toString('base64'),
      domains: ['catalog', 'payments'],
      paymentsUrl: processor.origin,
      paymentsPublicOrigin: processor.origin,
      backends: { secrets },
    });
    try {
      const { payments } = host.host.platform;
      const intent = await payments.createIntent('acme', {
        amount: 4_200,
        currency: 'EUR',
        metadata: {},
        idempotencyKey: 'first',
      });
      assert.deepEqual([intent.amount, intent.status], [4_200, 'requires_payment_method']);
      assert.match((await payments.browserConfig('acme', 'stripe')).publishableKey, /^pk_test_/);
      const { status } = await host.merchant('acme', 'GET', '/api/admin/catalog/products');
      assert.equal(status, 200, 'the merchant’s key is known');
    } finally {
      await host.stop();
    }
    assert.deepEqual(
      await plane
        .destroyTenant({ ...data.tenant, spec: { ...data.tenant.spec, deletionPolicy: 'Delete' } }, 'shop')
        .then((said) => said.includes('DELETE SECRETS OF acme')),
      true,
    );
  } finally {
    await admin.end();
    await plane.close();
    await processor.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

function shopNamed(name: string): ShopMindTenant {
  const schema = SCHEMAS.ShopMindTenant.properties?.['spec'];
  assert.ok(schema);
  // The schema's own defaults make it whole.
  const spec = withDefaults(schema, {
    displayName: name,
    hosts: [`${name}.localhost`],
  }) as ShopMindTenant['spec'];
  return { apiVersion: 'shopmind.ai/v1beta1', kind: 'ShopMindTenant', metadata: { name }, spec };
}

test('a shop goes on with the secrets it knows while Vault is frozen, killed or sealed, and hears of new ones after', async () => {
  const scope = scopeNamed('lasting');
  await system.ensure(scope);
  await system.secrets.write('lasting', 'acme', { key: 'one' });
  const secrets = runtime(scope);
  assert.equal(await secrets.get('acme', 'key'), 'one');
  for (const [leave, come] of [
    [() => server.pause(), () => server.resume()],
    [() => server.kill(), () => server.start()],
    [() => server.seal(), () => server.unseal()],
  ] as const) {
    await leave();
    assert.equal(await secrets.get('acme', 'key'), 'one');
    // Said to have changed, it is asked for, and known from before when nobody answers.
    secrets.tell('acme');
    assert.equal(await secrets.get('acme', 'key'), 'one');
    await assert.rejects(secrets.get('stranger', 'key'), { code: 'unavailable' });
    await come();
  }
  await system.secrets.write('lasting', 'acme', { key: 'two' });
  secrets.tell('acme');
  await until(async () => ((await secrets.get('acme', 'key')) === 'two' ? true : undefined), {
    withinMs: 10_000,
    what: 'the new one is heard of',
  });
});
