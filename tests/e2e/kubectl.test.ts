/**
 * A platform engineer's afternoon with the real kubectl on a running installation: a fourth and a fifth tenant,
 * every command they know, and nothing left when the tenants are deleted.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Client } from '../../operator/kube/client.ts';
import { kubectl as kubectlBinary } from '../kubectl/kubectl.ts';
import { clusterOf, withDatabase } from '../support/cluster.ts';
import { kill } from '../support/ended.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { processTree } from '../support/processes.ts';
import { until } from '../support/wait.ts';

const run = promisify(execFile);
const MANIFESTS = join(import.meta.dirname, 'manifests');
const PLUGIN = join(import.meta.dirname, '../../operator/plugin/shopmind.mjs');

let installation: Installation;
let client: Client;
let binary: string;

before(async () => {
  // Before the installation: where there is no kubectl, nothing runs that nobody stops.
  binary = await kubectlBinary();
  installation = await startInstallation({ storefront: false });
  await installation.event('tenants', 120_000);
  client = await clusterOf(installation);
});

after(async () => {
  client?.close();
  await removeInstallation(installation);
});

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run(binary, args, {
    env: { KUBECONFIG: installation.kubeconfig, HOME: installation.dataDir },
  });
  return stdout;
}

/** `shopmind plan` of one of the manifests. */
function planned(kind: string): ReturnType<typeof shopmind> {
  return shopmind('plan', '-f', join(MANIFESTS, `${kind}.yaml`));
}

/** The plugin's exit code and what it printed. */
async function shopmind(...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [PLUGIN, ...args],
      { env: { KUBECONFIG: installation.kubeconfig } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, text: stdout + stderr }),
    );
  });
}

test('plan says what a new tenant would bring, and changes nothing', async () => {
  const { code, text } = await planned('dedicated');
  assert.equal(code, 2, text);
  assert.match(text, /\+ Namespace tenant-atelier/);
  assert.match(text, /! CREATE SCHEMA tenant_atelier/);
  assert.equal((await kubectl('get', 'smt', '-o', 'name')).includes('atelier'), false);
});

for (const [kind, name] of [
  ['pooled', 'popup'],
  ['dedicated', 'atelier'],
] as const) {
  test(`a ${kind} tenant applied with kubectl becomes Ready and answers`, async (context) => {
    const began = performance.now();
    const applied = await kubectl('apply', '-f', join(MANIFESTS, `${kind}.yaml`));
    assert.match(applied, new RegExp(`shopmindtenant.shopmind.ai/${name} created`));
    await kubectl('wait', '--for=condition=Ready', `smt/${name}`, '--timeout=120s');
    const took = performance.now() - began;
    context.diagnostic(`${kind} tenant Ready after ${Math.round(took)} ms, two kubectl processes included`);
    const store = await installation.shop(`${name}.localhost`)('GET', '/api/store');
    assert.equal(store.status, 200, store.text);
  });
}

test('a tenant applied in one version of the API is read in the other', async () => {
  // pooled.yaml is written in the old version, dedicated.yaml in the new one.
  const json = async (resource: string, name: string) =>
    JSON.parse(await kubectl('get', resource, name, '-o', 'json')) as {
      apiVersion: string;
      spec: { domains: unknown };
    };
  await kubectl('patch', 'smt', 'atelier', '--type=merge', '-p', '{"spec":{"domains":[{"name":"orders"}]}}');
  const old = await json('shopmindtenants.v1alpha1.shopmind.ai', 'atelier');
  assert.deepEqual(
    [old.apiVersion, old.spec.domains],
    ['shopmind.ai/v1alpha1', { orders: { enabled: true } }],
  );
  await kubectl('patch', 'smt', 'atelier', '--type=merge', '-p', '{"spec":{"domains":[]}}');
  // What discovery prefers is what is stored.
  assert.equal((await json('smt', 'popup')).apiVersion, 'shopmind.ai/v1beta1');
});

test('applying the same file again changes nothing, and plan says so before', async () => {
  for (const kind of ['pooled', 'dedicated']) {
    const { code, text } = await planned(kind);
    assert.equal(code, 0, text);
    assert.match(text, /nothing would change/);
  }
  assert.match(await kubectl('apply', '-f', join(MANIFESTS, 'pooled.yaml')), /unchanged/);
});

test('a Deployment edited by hand is drift that diff names, until the operator puts it right', async () => {
  const at = ['-n', 'tenant-atelier'];
  const edited = async (): Promise<string> =>
    kubectl('get', 'deploy', 'runtime', ...at, '-o', 'jsonpath={.spec.revisionHistoryLimit}');
  await kubectl('annotate', 'smsvc', 'runtime', ...at, 'shopmind.ai/paused=true');
  await kubectl('patch', 'deploy', 'runtime', ...at, '-p', '{"spec":{"revisionHistoryLimit":7}}');
  const { code, text } = await shopmind('diff', 'atelier');
  assert.equal(code, 2, text);
  assert.match(text, /~ Deployment tenant-atelier\/runtime {2}\(spec\.revisionHistoryLimit\)/);
  assert.match(text, /-\s+revisionHistoryLimit: 7\n\s+\+\s+revisionHistoryLimit: 2/);
  assert.match(text, /\n {2}1 to change$/m);
  assert.equal(await edited(), '7', 'a diff changes nothing');
  await kubectl('annotate', 'smsvc', 'runtime', ...at, 'shopmind.ai/paused-');
  await until(async () => ((await edited()) === '2' ? true : undefined), {
    withinMs: 60_000,
    what: 'the operator puts it right',
  });
  const after = await shopmind('diff', 'atelier');
  assert.deepEqual([after.code, after.text.trim()], [0, 'tenant atelier: no drift']);
});

test('the whole installation has no drift: the pool is looked at too', async () => {
  const { code, text } = await shopmind('diff');
  assert.equal(code, 0, text);
  assert.match(text, /^service shopmind-system\/runtime: no drift$/m);
});

test('plan of a changed Service shows what becomes of its Deployment', async () => {
  const file = join(installation.dataDir, 'service.yaml');
  await writeFile(
    file,
    `apiVersion: shopmind.ai/v1beta1
kind: Service
metadata: { name: runtime, namespace: tenant-atelier }
spec: { env: [{ name: FLAVOUR, value: vanilla }], scaling: { min: 2, max: 3 } }
`,
  );
  const { code, text } = await shopmind('plan', '-f', file);
  assert.equal(code, 2, text);
  assert.match(text, /^service tenant-atelier\/runtime$/m);
  assert.match(text, /~ Deployment tenant-atelier\/runtime {2}\(.*spec\.template\.spec\.containers/);
  assert.match(text, /\+\s+value: vanilla/);
  assert.match(text, /~ HorizontalPodAutoscaler tenant-atelier\/runtime {2}\(spec\.maxReplicas\)/);
});

test('get prints the columns people look for', async () => {
  const [head, ...rows] = (await kubectl('get', 'smt')).trim().split('\n');
  assert.match(head ?? '', /^NAME\s+READY\s+PLAN\s+PLACEMENT\s+URL\s+AGE\s+MESSAGE/);
  assert.ok(
    rows.some((row) => /^popup\s+True\s+starter\s+pooled\s+http:\/\/popup\.localhost/.test(row)),
    rows.join('\n'),
  );
});

test('the category shopmind lists both kinds', async () => {
  const listed = await kubectl('get', 'shopmind', '-A');
  assert.match(listed, /shopmindtenant\.shopmind\.ai\/popup/);
  assert.match(listed, /service\.shopmind\.ai\/runtime/);
});

test('explain tells what a field means', async () => {
  const text = await kubectl('explain', 'smt.spec.placement');
  assert.match(text, /FIELD: placement <string>/);
  assert.match(text, /pooled: rows in the shared schema/);
});

test('describe shows conditions and events', async () => {
  const text = await kubectl('describe', 'smt', 'atelier');
  assert.match(text, /Conditions:/);
  assert.match(text, /Type:\s+Ready/);
  assert.match(text, /Events:/);
});

test('logs of a runtime Pod are its own', async () => {
  const text = await kubectl('logs', '-n', 'tenant-atelier', 'deploy/runtime', '--tail=50');
  assert.ok(text.trim().length > 0);
});

test('get -w shows a change as it happens', async () => {
  const child = spawn(binary, ['get', 'smt', 'popup', '-w', '--output-watch-events'], {
    env: { KUBECONFIG: installation.kubeconfig, HOME: installation.dataDir },
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await until(() => lines.find((line) => line.includes('ADDED')), {
    withinMs: 60_000,
    what: 'the first row',
  });
  await kubectl('patch', 'smt', 'popup', '--type=merge', '-p', '{"spec":{"plan":"growth"}}');
  await until(() => lines.find((line) => /MODIFIED.*growth/.test(line)), {
    withinMs: 60_000,
    what: 'the changed row',
  });
  await kill(child, 'SIGTERM');
});

test('a bad field is refused with its path and changes nothing', async () => {
  await assert.rejects(
    kubectl('patch', 'smt', 'popup', '--type=merge', '-p', '{"spec":{"hosts":["NOT A HOST"]}}'),
    (error) => error instanceof Error && /spec\.hosts\[0\]/.test(error.message),
  );
  assert.match(await kubectl('get', 'smt', 'popup', '-o', 'jsonpath={.spec.hosts}'), /popup\.localhost/);
});

test('a host that another shop has is refused, naming that shop', async () => {
  await assert.rejects(
    kubectl(
      'patch',
      'smt',
      'popup',
      '--type=merge',
      '-p',
      '{"spec":{"hosts":["popup.localhost","acme.localhost"]}}',
    ),
    (error) => error instanceof Error && /acme/.test(error.message),
  );
});

test('deleting the tenants leaves nothing behind: processes, roles, schemas, rows, objects', async () => {
  await kubectl('delete', 'smt', 'popup', 'atelier', '--timeout=60s');
  await until(
    async () => {
      const namespaces = await kubectl('get', 'ns', '-o', 'name');
      return namespaces.includes('tenant-atelier') ? undefined : true;
    },
    { withinMs: 30_000, what: 'the namespace is gone' },
  );
  const left = await kubectl(
    'get',
    'all,secrets,configmaps,httproutes,services.shopmind.ai,hpa,pdb,networkpolicies',
    '-A',
    '-l',
    'shopmind.ai/tenant in (popup,atelier)',
    '-o',
    'name',
  );
  assert.equal(left.trim(), '');
  const tree = await processTree(installation.pid);
  assert.deepEqual(
    tree.filter(({ command }) => /atelier|popup/.test(command)),
    [],
  );
  await withDatabase(client, async (db) => {
    const { rows: roles } = await db.query(`select rolname from pg_roles where rolname ~ 'atelier|popup'`);
    const { rows: schemas } = await db.query(
      `select nspname from pg_namespace where nspname ~ 'atelier|popup'`,
    );
    const { rows: directory } = await db.query(
      `select id from platform.tenants where id in ('atelier', 'popup')`,
    );
    assert.deepEqual([roles, schemas, directory], [[], [], []]);
    const { rows: tables } = await db.query<{ table_name: string }>(
      `select table_name from information_schema.columns where table_schema = 'shop' and column_name = 'tenant_id'`,
    );
    for (const { table_name: table } of tables) {
      const { rows } = await db.query(
        `select 1 from shop.${table} where tenant_id in ('atelier', 'popup') limit 1`,
      );
      assert.equal(rows.length, 0, `rows are left in ${table}`);
    }
  });
});
