/**
 * The plugin against a real API server: what each command prints, changes and exits with.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ANNOTATIONS } from '../../crds/index.ts';
import { shopServices, tenants } from '../controllers/kinds.ts';
import { clusterRoleBindings, clusterRoles, pods, secrets, serviceAccounts } from '../kube/resources.ts';
import { until } from '../../tests/support/wait.ts';
import { gather } from './report/report.ts';
import { startPluginCluster, type PluginCluster } from './testing/cluster.ts';
import { but, condition, service, tenant } from './testing/objects.ts';

let cluster: PluginCluster;

const STUCK = but(
  condition('Ready', 'False', 'SpecRefused', 'spec.branding: contrast is too low'),
  condition('Stalled', 'True', 'SpecRefused', 'spec.branding: contrast is too low'),
  condition('DataPlaneReady', 'False', 'SpecRefused', 'spec.branding: contrast is too low'),
);
const UPDATING = but(
  condition('Ready', 'False', 'Importing', 'imports x'),
  condition('Reconciling', 'True', 'Importing', 'imports x'),
  condition('CatalogReady', 'False', 'Importing', 'imports x'),
);

before(async () => {
  cluster = await startPluginCluster();
  await cluster.put(tenants, tenant('acme', { placement: 'dedicated' }));
  await cluster.put(tenants, tenant('bravo', {}, { conditions: [...STUCK] }));
  await cluster.put(tenants, tenant('charlie', {}, { conditions: [...UPDATING] }));
  await cluster.put(
    shopServices,
    service('tenant-acme', 'runtime', {
      tenant: 'acme',
      domains: ['orders', 'catalog'],
      scaling: { min: 1, max: 4 },
    }),
  );
  await cluster.put(shopServices, service('shopmind-system', 'runtime', { domains: ['orders'] }));
});

after(() => cluster.close());

test('status lists all tenants, what is wrong first, without a control code off a terminal', async () => {
  const { code, stdout, stderr } = await cluster.run('status');
  assert.equal(code, 0);
  assert.deepEqual(
    stdout
      .split('\n')
      .slice(1, 4)
      .map((line) => line.split(/\s+/).slice(0, 3).join(' ')),
    ['✗ bravo Stalled', '◌ charlie Updating', '✓ acme Ready'],
  );
  assert.match(stdout, /spec\.branding: contrast is too low/);
  assert.ok(!`${stdout}${stderr}`.includes('\u001b'));
});

test('-o json is the same as data, and nothing but data', async () => {
  const { stdout } = await cluster.run('status', '-o', 'json');
  const { tenants: rows, counts } = JSON.parse(stdout) as { tenants: { name: string }[]; counts: object };
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['bravo', 'charlie', 'acme'],
  );
  assert.deepEqual(counts, { Stalled: 1, Updating: 1, Ready: 1 });
});

test('-n narrows to what lives there', async () => {
  const { stdout } = await cluster.run('status', '-n', 'tenant-acme');
  assert.match(stdout, /1 tenant: 1 Ready/);
});

test('colour on a terminal, not with NO_COLOR, always with --color always', async () => {
  const coloured = async (args: readonly string[], options: Parameters<PluginCluster['start']>[1]) =>
    (await cluster.start(args, options).done).stdout.includes('\u001b[');
  assert.equal(await coloured(['status'], { isTTY: true }), true);
  assert.equal(await coloured(['status'], { isTTY: true, env: { NO_COLOR: '1' } }), false);
  assert.equal(await coloured(['status', '--color', 'always'], {}), true);
  assert.equal(await coloured(['--color', 'never', 'status'], { isTTY: true }), false);
});

test('status of one tenant has every section; what cannot be looked at is named', async () => {
  const { code, stdout } = await cluster.run('status', 'acme');
  assert.equal(code, 0);
  for (const section of ['Conditions', 'Services', 'Endpoints', 'Data plane'])
    assert.match(stdout, new RegExp(`^${section}$`, 'm'));
  assert.match(stdout, /\? {2}database {2}.*DATABASE_ADMIN_URL is missing/);
});

test('an unknown tenant: did you mean, and exit code 65', async () => {
  for (const args of [
    ['status', 'acem'],
    ['tree', 'acm'],
    ['logs', 'akme'],
    ['suspend', 'acmee', '-y'],
  ]) {
    const { code, stdout, stderr } = await cluster.run(...args);
    assert.deepEqual([code, stdout], [65, ''], args.join(' '));
    assert.match(stderr, /Did you mean "acme"\?/);
  }
});

test('tree exits with 1 and names the cause first', async () => {
  const { code, stdout } = await cluster.run('tree', 'bravo', '--no-data-plane');
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^Root cause {2}Phase DataPlaneReady SpecRefused\n {2}spec\.branding: contrast is too low/,
  );
});

test('wait: at once when it is so; at once when it never will be; the reason at the end', async () => {
  assert.deepEqual(await cluster.run('wait', 'acme', '-q'), {
    code: 0,
    stdout: 'acme is Ready\n',
    stderr: '',
  });
  const stuck = await cluster.run('wait', 'bravo');
  assert.equal(stuck.code, 1);
  assert.match(stuck.stderr, /error: bravo will not become Ready by itself\n {2}Root cause/);
  const late = await cluster.run('wait', 'charlie', '--timeout', '100ms');
  assert.equal(late.code, 75);
  assert.match(late.stderr, /charlie is not Ready after/);
  assert.equal((await cluster.run('wait', 'nobody', '--for', 'delete')).code, 0);
});

test('wait sees the change that it waits for', async () => {
  await cluster.put(tenants, tenant('delta', {}, { conditions: [...UPDATING] }));
  const waiting = cluster.start(['wait', 'delta']);
  await until(() => (waiting.stderr().includes('imports x') ? true : undefined), {
    withinMs: 60_000,
    what: 'the first line',
  });
  await cluster.setStatus('delta', tenant('delta').status ?? {});
  const { code, stdout } = await waiting.done;
  assert.deepEqual([code, stdout], [0, 'delta is Ready\n']);
  await cluster.client.delete(tenants, { name: 'delta' });
});

test('-w draws anew with a change, each view once, and Ctrl-C ends it with 130', async () => {
  await cluster.put(tenants, tenant('echo', {}, { conditions: [...UPDATING] }));
  const watching = cluster.start(['status', '-w'], { now: () => 0 });
  await until(() => (watching.stdout().includes('echo') ? true : undefined), {
    withinMs: 60_000,
    what: 'the first view',
  });
  await cluster.setStatus('echo', tenant('echo').status ?? {});
  await until(() => (/✓ {2}echo/.test(watching.stdout()) ? true : undefined), {
    withinMs: 60_000,
    what: 'the second view',
  });
  const { code, stderr } = await watching.stop();
  assert.deepEqual([code, stderr], [130, '']);
  await cluster.client.delete(tenants, { name: 'echo' });
});

test('suspend asks; a script must say --yes; resume undoes it; each says what comes next', async () => {
  const refused = await cluster.run('suspend', 'acme');
  assert.deepEqual([refused.code, refused.stdout], [64, '']);
  assert.match(refused.stderr, /every request is answered 503[\s\S]*--yes/);
  assert.equal((await cluster.client.get(tenants, { name: 'acme' })).spec.suspended, false);
  assert.match((await cluster.run('suspend', 'acme', '--yes')).stderr, /wait acme --for suspended/);
  assert.equal((await cluster.client.get(tenants, { name: 'acme' })).spec.suspended, true);
  assert.match((await cluster.run('suspend', 'acme', '-y')).stdout, /suspended already/);
  assert.match(
    (await cluster.run('unpause', 'acme')).stderr,
    /it is suspended, though; → kubectl shopmind resume acme/,
  );
  await cluster.run('resume', 'acme');
  assert.equal((await cluster.client.get(tenants, { name: 'acme' })).spec.suspended, false);
});

test('restore --all shows its plan and asks; a script must say --yes; the pool is asked, once', async () => {
  const pool = await cluster.client.get(shopServices, { namespace: 'shopmind-system', name: 'runtime' });
  const status = async (operation: object = {}): Promise<void> => {
    const archive = { location: 's3://backups', since: '2020-01-01T00:00:00Z', bases: [] };
    const body = { status: { archive, ...operation } };
    await cluster.client.patch(
      shopServices,
      pool.metadata,
      { kind: 'merge', body },
      { subresource: 'status' },
    );
  };
  const asked = async (): Promise<string | undefined> =>
    (await cluster.client.get(shopServices, pool.metadata)).metadata.annotations?.['shopmind.ai/operation'];
  assert.match((await cluster.run('restore', '--all', '--to', '1s')).stderr, /there is no archive/);
  await status();
  const dry = await cluster.run('restore', '--all', '--to', '1s', '--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /1\. every shop \(\d+\) is closed for changes/);
  assert.equal((await cluster.run('restore', 'acme', '--to', '1s', '--dry-run', '-y')).code, 64);
  const unsure = await cluster.run('restore', '--all', '--to', '1s');
  assert.deepEqual([unsure.code, await asked()], [64, undefined]);
  assert.equal((await cluster.run('restore', '--all', 'acme', '--to', '1s', '-y')).code, 64);
  const sure = await cluster.run('restore', '--all', '--to', '1s', '--yes');
  assert.equal(sure.code, 0, sure.stderr);
  const text = await asked();
  assert.match(text ?? '', /^restore restore-[a-z0-9]{10} to=\S+ mode=swap$/);
  const id = text?.split(' ')[1] ?? '';
  await status({ operation: { id, kind: 'restore', state: 'Running', startedAt: '2026-11-25T11:00:00Z' } });
  const second = await cluster.run('restore', '--all', '--to', '1s', '--yes');
  assert.match(second.stderr, /under way[\s\S]*restore --all --abort/);
  assert.equal((await cluster.run('restore', '--all', '--abort')).code, 0);
  assert.equal(await asked(), `abort ${id}`);
});

test('pause takes the tenant and its own Services, unpause gives both back', async () => {
  const paused = async () => [
    (await cluster.client.get(tenants, { name: 'acme' })).metadata.annotations?.[ANNOTATIONS.paused],
    (await cluster.client.get(shopServices, { namespace: 'tenant-acme', name: 'runtime' })).metadata
      .annotations?.[ANNOTATIONS.paused],
  ];
  await cluster.run('pause', 'acme');
  assert.deepEqual(await paused(), ['true', 'true']);
  assert.match((await cluster.run('status')).stdout, /acme {5}\S+, paused/);
  await cluster.run('unpause', 'acme');
  assert.deepEqual(await paused(), [undefined, undefined]);
});

test('scale writes where it lasts, and refuses what would be overruled', async () => {
  const refused = await cluster.run('scale', 'acme', 'orders', '--replicas', '3');
  assert.equal(refused.code, 65);
  assert.match(refused.stderr, /autoscaler decides.*between 1 and 4\n {2}→ Give bounds: --min 3 --max 3/);
  assert.equal((await cluster.run('scale', 'acme', '--min', '2', '--max', '6')).code, 0);
  const { autoscaling } = (await cluster.client.get(tenants, { name: 'acme' })).spec;
  assert.deepEqual([autoscaling?.min, autoscaling?.max], [2, 6]);
  const shared = await cluster.run('scale', 'bravo', '--replicas', '2');
  assert.equal(shared.code, 64);
  assert.match(shared.stderr, /serves all 2 pooled tenants, bravo among them/);
  assert.equal((await cluster.run('scale', 'bravo', '--replicas', '2', '--yes')).code, 0);
  const pool = await cluster.client.get(shopServices, { namespace: 'shopmind-system', name: 'runtime' });
  assert.equal(pool.spec.replicas, 2);
});

test('promote tells the operator the revision it means, and only what is under way can be promoted', async () => {
  const none = await cluster.run('promote', 'acme', '-y');
  assert.equal(none.code, 65);
  assert.match(none.stderr, /does not deliver by canary/);
  const ref = { namespace: 'tenant-acme', name: 'runtime' };
  const canary = { phase: 'Progressing', stable: 'r1', canary: 'r2', weight: 25, message: 'passed' };
  await cluster.client.patch(
    shopServices,
    ref,
    { kind: 'merge', body: { status: { canary } } },
    { subresource: 'status' },
  );
  const promoting = cluster.start(['promote', 'acme', '-y']);
  await until(
    async () => (await cluster.client.get(shopServices, ref)).metadata.annotations?.[ANNOTATIONS.canary],
    { withinMs: 60_000, what: 'the annotation' },
  );
  const after = { phase: 'Idle', stable: 'r2', canary: null, weight: 0, command: 'promote@r2', message: '' };
  await cluster.client.patch(
    shopServices,
    ref,
    { kind: 'merge', body: { status: { canary: after } } },
    { subresource: 'status' },
  );
  const { code, stdout, stderr } = await promoting.done;
  assert.deepEqual([code, stdout], [0, 'tenant-acme/runtime: promote r2\n']);
  assert.match(stderr, /Progressing, 25 % of the requests: passed/);
});

test('a denial names verb, resource and who is to be allowed; what is optional becomes a gap', async () => {
  const name = 'reader';
  await cluster.put(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'default' },
  });
  await cluster.put(clusterRoles, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: [{ apiGroups: ['shopmind.ai'], resources: ['shopmindtenants'], verbs: ['get', 'list'] }],
  });
  await cluster.put(clusterRoleBindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
  });
  const { writeFile, readFile } = await import('node:fs/promises');
  const limited = `${cluster.kubeconfig}.reader`;
  const whole = await readFile(cluster.kubeconfig, 'utf8');
  await writeFile(
    limited,
    whole.replaceAll(cluster.server.adminToken, cluster.server.issueServiceAccountToken('default', name)),
  );
  const list = await cluster.run('status', '--kubeconfig', limited);
  assert.equal(list.code, 0);
  assert.match(
    list.stdout,
    /^\? services\.shopmind\.ai is forbidden: User "system:serviceaccount:default:reader"/m,
  );
  const one = await cluster.run('status', 'acme', '--kubeconfig', limited);
  assert.equal(one.code, 0);
  assert.match(one.stdout, /Not shown\n {2}\? /);
  const write = await cluster.run('suspend', 'acme', '-y', '--kubeconfig', limited);
  assert.equal(write.code, 77);
  assert.match(
    write.stderr,
    /Allow "patch" on shopmindtenants\.shopmind\.ai in a role bound to system:serviceaccount:default:reader/,
  );
});

test('a cluster that is not there: exit code 69, and where it was looked for', async () => {
  const { code, stderr } = await cluster.start(['status'], { env: { KUBECONFIG: '/nowhere/kubeconfig' } })
    .done;
  assert.equal(code, 69);
  assert.match(stderr, /\/nowhere\/kubeconfig/);
});

test('no secret of the cluster is in a report, wherever it was written', async () => {
  const values = [
    'pg-password-81723',
    'line one of a key\nline two of a key',
    'postgres://shop:hunter2-hunter2@db:5432/shop',
  ];
  for (const [index, value] of values.entries())
    await cluster.put(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `s${index}`, namespace: 'tenant-acme', annotations: { note: `again: ${value}` } },
      data: { value: Buffer.from(value).toString('base64') },
    });
  // A careless merchant: the password as a plain variable, in an annotation, and in a condition's message.
  await cluster.put(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'careless', namespace: 'tenant-acme', annotations: { url: values[2] ?? '' } },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'i',
          env: [
            { name: 'ANY', value: values[0] ?? '' },
            { name: 'MY_TOKEN', value: 'unknown-elsewhere' },
          ],
        },
      ],
    },
    status: { phase: 'Pending', message: `login failed: ${Buffer.from(values[0] ?? '').toString('base64')}` },
  });
  const files = await gather(cluster.client, {
    name: 'acme',
    sinceSeconds: 60,
    now: Date.now(),
    say: () => undefined,
  });
  const all = [...files].map(([path, text]) => `${path}\n${text}`).join('\n');
  assert.match(all, /careless/);
  assert.match(files.get('README.txt') ?? '', /were looked for in every file/);
  for (const { data } of (await cluster.client.listAll(secrets)).items)
    for (const encoded of Object.values(data ?? {})) {
      const value = Buffer.from(encoded, 'base64').toString('utf8');
      for (const part of [encoded, value, ...value.split('\n')].filter((text) => text.length >= 8))
        assert.ok(!all.includes(part), part);
    }
  for (const part of ['hunter2-hunter2', 'unknown-elsewhere', cluster.server.adminToken])
    assert.ok(!all.includes(part), part);
});

test('an option before the command may have a value that names another command', async () => {
  const { code, stderr } = await cluster.run('--context', 'status', 'token', 'acme');
  assert.equal(code, 69);
  assert.match(stderr, /has no entry named "status"/);
});

test('a shell is offered the tenants of the cluster', async () => {
  const { stdout } = await cluster.run('__complete', 'status', 'a');
  assert.match(stdout, /^acme\tShop acme, dedicated\n:4\n$/);
});

test('a thousand tenants are listed, in pages', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `many-${String(index).padStart(4, '0')}`);
  for (let at = 0; at < names.length; at += 50)
    await Promise.all(
      names.slice(at, at + 50).map(async (name) => cluster.client.create(tenants, bare(name))),
    );
  const before = await requests();
  const { code, stdout } = await cluster.run('status');
  const asked = (await requests()) - before;
  assert.equal(code, 0);
  assert.match(stdout, /^1003 tenants: 1 Stalled, 1 Updating, 1001 Pending$/m);
  assert.ok(asked > 2 && asked < 50, `${asked} requests: in pages, and no tenant by itself`);
});

/** How many the API server has answered so far. */
async function requests(): Promise<number> {
  const text = await cluster.client.raw('GET', '/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith('apiserver_request_total'));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** As kubectl would create it: the server does the rest. */
function bare(name: string): ReturnType<typeof tenant> {
  const { apiVersion, kind, spec } = tenant(name);
  return { apiVersion, kind, spec, metadata: { name } };
}
