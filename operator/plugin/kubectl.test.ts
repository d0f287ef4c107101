/**
 * As people call it: `kubectl shopmind …` with the real kubectl, which finds the plugin on the PATH and asks its neighbour to
 * complete words.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm, symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { ownFolder } from '../../tests/support/owned.ts';
import { tenants } from '../controllers/kinds.ts';
import { kubectl } from '../../tests/kubectl/kubectl.ts';
import { startPluginCluster, type PluginCluster, type Ran } from './testing/cluster.ts';
import { tenant } from './testing/objects.ts';

let cluster: PluginCluster;
let binary: string;
let folder: string;

before(async () => {
  // First: where there is none to be had, nothing is running yet that would keep this file from its end.
  binary = await kubectl();
  folder = await ownFolder('path');
  cluster = await startPluginCluster();
  await symlink(join(import.meta.dirname, 'shopmind.mjs'), join(folder, 'kubectl-shopmind'));
  await symlink(join(import.meta.dirname, 'kubectl-complete.mjs'), join(folder, 'kubectl_complete-shopmind'));
  await cluster.put(tenants, tenant('acme'));
});

after(async () => {
  await cluster.close();
  await rm(folder, { recursive: true, force: true });
});

function run(...args: string[]): Promise<Ran> {
  const path = [folder, dirname(process.execPath), process.env['PATH']].join(delimiter);
  return new Promise((resolve) => {
    const child = execFile(
      binary,
      args,
      { env: { KUBECONFIG: cluster.kubeconfig, HOME: folder, PATH: path } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test('kubectl finds the plugin and complains of nothing', async () => {
  const { code, stdout, stderr } = await run('plugin', 'list');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /kubectl-shopmind/);
  assert.doesNotMatch(stderr, /warning/i);
});

test('data, messages and exit codes come through kubectl as they are', async () => {
  const list = await run('shopmind', 'status', '-o', 'json');
  assert.equal(list.code, 0, list.stderr);
  assert.match(list.stdout, /"name": "acme"/);
  const unknown = await run('shopmind', 'status', 'acem');
  assert.deepEqual([unknown.code, unknown.stdout], [65, '']);
  assert.match(unknown.stderr, /Did you mean "acme"\?/);
});

test('kubectl completes the names of tenants', async () => {
  const { stdout } = await run('__complete', 'shopmind', 'status', 'a');
  assert.match(stdout, /^acme\tShop acme, pooled\n:4/);
});

test('flags of kubectl mean the same behind the plugin’s name', async () => {
  const { code, stderr } = await run('shopmind', 'status', '--context', 'nowhere');
  assert.equal(code, 69);
  assert.match(stderr, /has no entry named "nowhere"/);
});
