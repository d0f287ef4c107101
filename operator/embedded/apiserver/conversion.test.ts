import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clone, type KubeObject } from './objects.ts';
import { apiVersionOf, BUILT_IN, type ResourceType } from './resources.ts';
import { convert } from './conversion.ts';

const resource = (apiVersion: string, kind: string): ResourceType =>
  BUILT_IN.find((type) => type.kind === kind && apiVersionOf(type) === apiVersion) as ResourceType;

const metadata = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' };

const cpu = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
};
const memory = {
  type: 'Resource',
  resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
};

test('an autoscaler keeps what version 1 cannot say on its way there and back', () => {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const given: KubeObject = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 3, metrics: [cpu, memory] },
  };
  const v1 = convert(clone(given), resource('autoscaling/v1', 'HorizontalPodAutoscaler'));
  assert.deepEqual(v1['spec'], {
    scaleTargetRef,
    minReplicas: 1,
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 70,
  });
  const back = convert(v1, resource('autoscaling/v2', 'HorizontalPodAutoscaler'));
  assert.deepEqual(back['spec'], given['spec']);
});

test('an event is the same under both of its groups', () => {
  const given: KubeObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'Started',
    count: 2,
    source: { component: 'kubelet' },
    type: 'Normal',
  };
  const event = convert(clone(given), resource('events.k8s.io/v1', 'Event'));
  assert.deepEqual(
    [event['note'], event['regarding'], event['deprecatedCount']],
    ['Started', given['involvedObject'], 2],
  );
  assert.deepEqual(convert(event, resource('v1', 'Event')), given);
});
