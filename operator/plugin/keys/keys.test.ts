/** The command against a real API server, and a real runtime where the gateway would be. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts } from '../../../runtime/domains/accounts/definition.ts';
import { ADMIN_KEY, ADMIN_SECRETS, startTestHost, type TestHost } from '../../../runtime/host/testing.ts';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { tenants } from '../../controllers/kinds.ts';
import { endpointSlices, secrets } from '../../kube/resources.ts';
import { startPluginCluster, type PluginCluster, type Ran } from '../testing/cluster.ts';
import { tenant } from '../testing/objects.ts';

/** As the Pods of an embedded cluster have one each: port 8080 is theirs alone. */
const GATEWAY = `127.83.${process.pid % 250}.${1 + (process.ppid % 250)}`;

let cluster: PluginCluster;
let database: TestDatabase;
let runtime: TestHost;

before(async () => {
  database = await startTestDatabase([accounts]);
  for (const id of ['acme', 'bravo']) await database.addTenant({ id, domains: ['accounts'] }, ADMIN_SECRETS);
  runtime = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['accounts'],
    address: GATEWAY,
    port: 8080,
  });
  cluster = await startPluginCluster();
  for (const name of ['acme', 'bravo', 'keyless']) {
    await cluster.put(tenants, tenant(name));
    if (name !== 'keyless')
      await cluster.put(secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `${name}-admin`, namespace: 'shopmind-system' },
        data: { token: Buffer.from(ADMIN_KEY).toString('base64') },
      });
  }
  await cluster.put(endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'gateway-1',
      namespace: 'shopmind-system',
      labels: { 'kubernetes.io/service-name': 'gateway' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [GATEWAY], conditions: { ready: true } }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  });
});
after(async () => {
  await cluster.close();
  await runtime.stop();
  await database.stop();
});

const keys = (...args: string[]): Promise<Ran> => cluster.run('keys', ...args);

test('a key is made, alone on stdout; it opens what it may and is listed without itself; revoked, it opens nothing', async () => {
  const made = await keys('create', 'acme', 'stock keeping', '--scope', 'accounts:read');
  assert.equal(made.code, 0, made.stderr);
  const key = made.stdout.trim();
  assert.match(key, /^\S{40,}$/);
  assert.match(made.stderr, /may accounts:read; it is shown this once/);
  const enter = async (method: string, path: string): Promise<number> => {
    const answer = await fetch(`http://${GATEWAY}:8080${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'x-forwarded-host': 'acme.localhost' },
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  assert.equal(await enter('GET', '/api/admin/accounts/groups'), 200);
  assert.equal(await enter('GET', '/api/admin/keys'), 403);
  const listed = await keys('list', 'acme');
  assert.match(listed.stdout, /stock keeping +…\S{4} +good .* accounts:read$/m);
  assert.ok(!listed.stdout.includes(key));
  assert.equal((await keys('list', 'bravo')).stdout.trim(), 'no keys of bravo');
  const [{ id } = { id: '' }] = JSON.parse((await keys('list', 'acme', '-o', 'json')).stdout) as {
    id: string;
  }[];
  // Nobody can be asked here.
  assert.equal((await keys('revoke', 'acme', id)).code, 64);
  assert.equal(await enter('GET', '/api/admin/accounts/groups'), 200);
  assert.equal((await keys('revoke', 'acme', id, '--yes')).code, 0);
  assert.equal(await enter('GET', '/api/admin/accounts/groups'), 401);
  assert.equal((await keys('list', 'acme')).stdout.trim(), 'no keys of acme');
  assert.match((await keys('list', 'acme', '--all')).stdout, /stock keeping .* revoked /);
});

const WRONG: readonly (readonly [what: string, args: readonly string[], code: number, said: RegExp])[] = [
  ['a verb that is none', ['rotate', 'acme'], 64, /keys cannot rotate[\s\S]*list, create, revoke/],
  ['a key without a name', ['create', 'acme', '--scope', 'catalog:read'], 64, /a key has a name/],
  ['a key that may nothing', ['create', 'acme', 'idle'], 64, /may do something/],
  ['a scope that is none', ['create', 'acme', 'odd', '--scope', 'moon:read'], 65, /body\/scopes/],
  [
    'an end that is none',
    ['create', 'acme', 'odd', '--scope', 'catalog:read', '--expires', 'soon'],
    65,
    /expiresAt/,
  ],
  [
    'a key of another shop',
    ['revoke', 'bravo', 'key_of_nobody', '--yes'],
    65,
    /bravo has no key key_of_nobody/,
  ],
  ['a tenant that is not there', ['list', 'acmee'], 65, /acme/],
  ['a tenant whose admin key is not there yet', ['list', 'keyless'], 69, /has no admin key yet/],
];
for (const [what, args, code, said] of WRONG)
  test(`${what} is refused, and nothing is made`, async () => {
    const ran = await keys(...args);
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stderr, said);
    assert.equal(ran.stdout, '');
  });
