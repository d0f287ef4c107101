/**
 * What is installed can be taken out again: not while tenants exist, not without being told to, and never the data.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { tenants } from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import {
  clusterRoles,
  customResourceDefinitions,
  deployments,
  namespaces,
  secrets,
  validatingWebhookConfigurations,
} from '../../operator/kube/resources.ts';
import { clusterOf, podsOf } from '../support/cluster.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { until } from '../support/wait.ts';

const root = join(import.meta.dirname, '../..');
const PLUGIN = join(root, 'operator/plugin/shopmind.mjs');

let installation: Installation;
let client: Client;

before(async () => {
  installation = await startInstallation({
    storefront: false,
    tenants: join(import.meta.dirname, 'manifests/pooled.yaml'),
  });
  await installation.event('tenants', 180_000);
  client = await clusterOf(installation);
});

after(async () => {
  client?.close();
  await removeInstallation(installation);
});

function uninstall(...flags: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const env = { KUBECONFIG: installation.kubeconfig };
    const child = execFile(
      process.execPath,
      [PLUGIN, 'uninstall', ...flags],
      { env },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, text: stdout + stderr }),
    );
  });
}

test('while a tenant exists nothing is taken out, not even with --yes', async () => {
  const { code, text } = await uninstall('--yes');
  assert.equal(code, 65, text);
  assert.match(text, /a tenant exists: popup/);
  assert.ok(await client.find(deployments, { namespace: SYSTEM_NAMESPACE, name: 'operator' }));
});

test('without --yes it says what would go and what stays, and changes nothing', async () => {
  await client.delete(tenants, { name: 'popup' });
  await until(
    async () => ((await client.find(tenants, { name: 'popup' })) === undefined ? true : undefined),
    {
      withinMs: 60_000,
      what: 'the tenant is gone',
    },
  );
  const { code, text } = await uninstall();
  assert.equal(code, 0, text);
  assert.match(text, /would go.*\n(.*\n)*.*Deployment shopmind-system\/operator/);
  assert.match(text, /stays:\n(.*\n)*.*Secret platform/);
  assert.ok(await client.find(deployments, { namespace: SYSTEM_NAMESPACE, name: 'operator' }));
});

test('with --yes operator, gateway, pool, rights and webhooks go; definitions, namespace and keys stay', async () => {
  const { code, text } = await uninstall('--yes');
  assert.equal(code, 0, text);
  for (const name of ['operator', 'gateway', 'runtime'])
    await until(async () => ((await podsOf(client, name)).length === 0 ? true : undefined), {
      withinMs: 60_000,
      what: `no Pod of ${name}`,
    });
  assert.equal(await client.find(clusterRoles, { name: 'shopmind-operator' }), undefined);
  assert.equal(await client.find(validatingWebhookConfigurations, { name: 'shopmind' }), undefined);
  assert.equal(
    await client.find(secrets, { namespace: SYSTEM_NAMESPACE, name: 'operator-webhook' }),
    undefined,
  );
  assert.ok(await client.find(customResourceDefinitions, { name: 'shopmindtenants.shopmind.ai' }));
  assert.ok(await client.find(namespaces, { name: SYSTEM_NAMESPACE }));
  for (const name of ['platform', 'database'])
    assert.ok(await client.find(secrets, { namespace: SYSTEM_NAMESPACE, name }), `Secret ${name} stays`);
});

test('a second time there is nothing left to take out', async () => {
  const { code, text } = await uninstall('--yes');
  assert.equal(code, 0, text);
  assert.match(text, /nothing: there is no installation/);
});
