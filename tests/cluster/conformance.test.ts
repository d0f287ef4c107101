/**
 * The conformance suite, unchanged, on kube-apiserver: what it says of every Kubernetes is measured here, not believed.
 * Once on a control plane of this machine, whose API server can call the suite's webhooks back, and the cases of real Pods on a node.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { processes } from '../support/processes.ts';
import { startCluster } from './cluster.ts';
import { startControlPlane } from './control-plane.ts';
import { whyNoMachines } from './machines.ts';

const root = join(import.meta.dirname, '../..');
const SUITES = ['tests/conformance/conformance.test.ts', 'tests/conformance/kubectl.test.ts'];

test('every case that needs no Pods passes on kube-apiserver', async (context) => {
  const plane = await startControlPlane();
  try {
    const { passed } = await conform(context, plane.kubeconfig, []);
    assert.ok(passed >= 200, `only ${passed} cases ran`);
  } finally {
    await plane.stop();
  }
});

test('the cases of real Pods pass on a real node', { skip: whyNoMachines() ?? false }, async (context) => {
  const cluster = await startCluster();
  try {
    const { passed } = await conform(
      context,
      cluster.plane.kubeconfig,
      ['workloads', 'rollout', 'container'].map((pattern) => `--test-name-pattern=${pattern}`),
      { SHOPMIND_CONFORMANCE_PODS: 'true' },
    );
    assert.ok(passed >= 10, `only ${passed} cases ran`);
  } finally {
    await cluster.stop();
  }
  assert.deepEqual(await remainsOf(cluster.directory), []);
});

/** What can be found on this machine of a cluster that was stopped: processes, mounts, interfaces, groups, files. */
async function remainsOf(directory: string): Promise<string[]> {
  const [mounts, links, groups] = await Promise.all([
    readFile('/proc/mounts', 'utf8'),
    readFile('/proc/net/dev', 'utf8'),
    readdir('/sys/fs/cgroup/memory'),
  ]);
  const running = (await processes()).map(({ command }) => command);
  return [
    ...[...running, ...mounts.split('\n'), ...groups].filter((line) => line.includes(basename(directory))),
    ...links.split('\n').filter((line) => /^ *(shopmind|sm)[0-9]/.test(line)),
    ...(existsSync(directory) ? [directory] : []),
  ];
}

/** Runs the suites against a cluster; fails with what they said when a case fails. */
async function conform(
  context: TestContext,
  kubeconfig: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly passed: number }> {
  const { NODE_TEST_CONTEXT: _inherited, ...inherited } = process.env;
  // Both make everything they look at, and mostly wait for the server.
  const settings = ['--test', '--test-reporter=spec', '--test-concurrency=2'];
  const child = spawn(process.execPath, [...settings, ...flags, ...SUITES], {
    cwd: root,
    env: { ...inherited, SHOPMIND_CONFORMANCE_KUBECONFIG: kubeconfig, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const count = (what: string): number => Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(said)?.[1] ?? 0);
  context.diagnostic(`${count('pass')} cases passed, ${count('fail')} failed, ${count('skipped')} skipped`);
  for (const [line] of said.matchAll(/^ *﹣ .*$/gm)) context.diagnostic(line.trim());
  assert.equal(child.exitCode, 0, said.slice(said.indexOf('✖ failing tests')));
  return { passed: count('pass') };
}
