/**
 * What is said of a Pod that does not serve, for each way not to.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../kube/resources.ts';
import { containerStatus, MADE, RUNNING, UNREADY, warning } from '../testing/objects.ts';
import { judgePod } from './pod.ts';

const pod = (status: NonNullable<Pod['status']>, metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'tenant-acme', uid: 'u', creationTimestamp: MADE, ...metadata },
  spec: { containers: [{ name: 'runtime' }] },
  status,
});

const CASES: readonly (readonly [string, Pod, string, string, RegExp])[] = [
  [
    'an image that is not there',
    pod({
      phase: 'Pending',
      containerStatuses: [
        containerStatus({
          waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nope:1"' },
        }),
      ],
    }),
    'failing',
    'ImagePullBackOff',
    /^container runtime: Back-off pulling image "nope:1"$/,
  ],
  [
    'a Secret that is not there',
    pod({
      phase: 'Pending',
      containerStatuses: [
        containerStatus({
          waiting: { reason: 'CreateContainerConfigError', message: 'secret "database" not found' },
        }),
      ],
    }),
    'failing',
    'CreateContainerConfigError',
    /secret "database" not found/,
  ],
  [
    'a process that ends by itself, with its last words',
    pod({
      phase: 'Running',
      containerStatuses: [
        containerStatus({ waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } }, false, {
          restartCount: 4,
          lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', message: 'heap' } },
        }),
      ],
    }),
    'failing',
    'CrashLoopBackOff',
    /ended with exit code 137 \(OOMKilled\): heap; back-off 40s/,
  ],
  [
    'no node that has room',
    pod({
      phase: 'Pending',
      conditions: [
        {
          type: 'PodScheduled',
          status: 'False',
          reason: 'Unschedulable',
          message: '0/3 nodes: Insufficient cpu',
        },
      ],
    }),
    'failing',
    'Unschedulable',
    /Insufficient cpu/,
  ],
  ['one that starts', pod({ phase: 'Pending' }), 'waiting', 'Starting', /runs and is not ready/],
  ['one that serves', pod(RUNNING), 'ready', '', /^$/],
  ['one that has ended well', pod({ phase: 'Succeeded' }), 'off', 'Completed', /ended well/],
  [
    'one that is being ended',
    pod(RUNNING, { deletionTimestamp: MADE }),
    'waiting',
    'Terminating',
    /being ended/,
  ],
];

for (const [what, object, health, reason, message] of CASES) {
  test(`${what}: ${health}`, () => {
    const judgement = judgePod(object, []);
    assert.equal(judgement.health, health);
    assert.equal(judgement.reason ?? '', reason);
    assert.match(judgement.message ?? '', message);
  });
}

test('a failing probe is told in the words of the kubelet', () => {
  const unready = pod(UNREADY);
  const said = warning(unready, 'Unhealthy', 'Readiness probe failed: HTTP 503: database: ECONNREFUSED');
  const judgement = judgePod(unready, [said]);
  assert.equal(judgement.health, 'failing');
  assert.equal(judgement.message, 'Readiness probe failed: HTTP 503: database: ECONNREFUSED');
});

test('a warning from before the last start speaks of another process', () => {
  const restarted = pod({
    ...UNREADY,
    containerStatuses: [containerStatus({ running: { startedAt: '2026-11-25T11:50:00Z' } })],
  });
  assert.equal(judgePod(restarted, [warning(restarted, 'Unhealthy', 'old')]).health, 'waiting');
});
