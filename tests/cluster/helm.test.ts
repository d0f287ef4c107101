/**
 * The chart's life under the real Helm on kube-apiserver: installed, upgraded, taken out; what holds the keys stays.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { shopServices } from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import { customResourceDefinitions, deployments, namespaces } from '../../operator/kube/resources.ts';
import { helm } from '../kubectl/kubectl.ts';
import { clientOf } from '../support/cluster.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

const run = promisify(execFile);
const CHART = join(import.meta.dirname, '../../operator/chart');

describe('the chart on kube-apiserver', () => {
  let plane: ControlPlane;
  let client: Client;
  let binary: string;

  before(async () => {
    binary = await helm();
    plane = await startControlPlane({ without: ['kube-scheduler'] });
    client = await clientOf(plane.kubeconfig);
  });

  after(async () => {
    client?.close();
    await plane?.stop();
  });

  async function helmed(...args: string[]): Promise<string> {
    const env = { KUBECONFIG: plane.kubeconfig, HOME: plane.directory };
    return (await run(binary, args, { env })).stdout;
  }

  const at = (name: string) => ({ namespace: SYSTEM_NAMESPACE, name });

  test('installs definitions and objects of their kinds in one go', async () => {
    await helmed('install', 'shopmind', CHART);
    assert.equal((await client.get(deployments, at('operator'))).spec?.replicas, 2);
    assert.ok(await client.find(shopServices, at('runtime')));
  });

  test('upgrades to other values', async () => {
    await helmed('upgrade', 'shopmind', CHART, '--set', 'gateway.replicas=3');
    assert.equal((await client.get(deployments, at('gateway'))).spec?.replicas, 3);
  });

  test('is taken out without the namespace that holds the keys, and without the definitions', async () => {
    assert.match(
      await helmed('uninstall', 'shopmind'),
      /kept due to the resource policy:\s+\[Namespace\] shopmind-system/,
    );
    assert.equal(await client.find(deployments, at('operator')), undefined);
    assert.ok(await client.find(namespaces, { name: SYSTEM_NAMESPACE }));
    assert.ok(await client.find(customResourceDefinitions, { name: 'shopmindtenants.shopmind.ai' }));
  });
});
