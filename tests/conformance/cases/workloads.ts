/** What the controllers of every cluster make of objects; Pods themselves only where they run. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { deployment, eventually, expect, names, type Scope, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';

const isTrue = (body: unknown, type: string): boolean =>
  listAt(body, 'status.conditions').some(
    (condition) => at(condition, 'type') === type && at(condition, 'status') === 'True',
  );

/** Where the test image listens. */
const podAddress = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } };

async function deploy(
  scope: Scope,
  spec: Body = {},
  container: Body = {},
): Promise<{ name: string; url: string }> {
  const name = scope.name();
  expect(
    await scope.api.create(
      scope.path('deployments', 'apps/v1'),
      deployment(name, spec, { imagePullPolicy: 'IfNotPresent', ...container }),
    ),
    201,
  );
  return { name, url: `${scope.path('deployments', 'apps/v1')}/${name}` };
}

export const workloads: Table = {
  async 'a Deployment makes a ReplicaSet of its template, owned by it'(scope) {
    const { name, url } = await deploy(scope, { replicas: 0 });
    const owner = expect(await scope.api.get(url), 200);
    const { body } = await eventually(
      () => scope.api.get(scope.path('replicasets', 'apps/v1'), { labelSelector: `app=${name}` }),
      ({ body: list }) => listAt(list, 'items').length === 1,
      'the ReplicaSet',
    );
    const set = listAt(body, 'items')[0];
    assert.equal(at(set, 'metadata.ownerReferences.0.uid'), at(owner.body, 'metadata.uid'));
    assert.equal(at(set, 'metadata.ownerReferences.0.controller'), true);
    assert.match(textAt(set, 'metadata.labels.pod-template-hash'), /^[a-z0-9]+$/);
    assert.equal(at(set, 'metadata.annotations[deployment.kubernetes.io/revision]'), '1');
  },
  async 'a Deployment of nothing is available at once, for the generation it observed'(scope) {
    const { url } = await deploy(scope, { replicas: 0 });
    const { body } = await eventually(
      () => scope.api.get(url),
      ({ body: app }) => isTrue(app, 'Available'),
      'the Deployment to be available',
    );
    assert.equal(at(body, 'status.observedGeneration'), at(body, 'metadata.generation'));
  },
  async 'a changed template makes a second ReplicaSet and a new revision'(scope) {
    const { name, url } = await deploy(scope, { replicas: 0 });
    await eventually(
      () => scope.api.get(url),
      ({ body }) => isTrue(body, 'Available'),
      'the first revision',
    );
    expect(
      await scope.api.patch(url, 'merge', {
        spec: { template: { metadata: { labels: { version: 'two' } } } },
      }),
      200,
    );
    const { body } = await eventually(
      () => scope.api.get(scope.path('replicasets', 'apps/v1'), { labelSelector: `app=${name}` }),
      ({ body: list }) => listAt(list, 'items').length === 2,
      'the second ReplicaSet',
    );
    const revisions = listAt(body, 'items').map((set) =>
      at(set, 'metadata.annotations[deployment.kubernetes.io/revision]'),
    );
    assert.deepEqual(revisions.toSorted(), ['1', '2']);
  },
  async 'a namespace gets its default service account'(scope) {
    await eventually(
      () => scope.api.get(`${scope.path('serviceaccounts')}/default`),
      ({ status }) => status === 200,
      'the default service account',
    );
  },
  async 'the certificate of the cluster is in every namespace'(scope) {
    const { body } = await eventually(
      () => scope.api.get(`${scope.path('configmaps')}/kube-root-ca.crt`),
      ({ status }) => status === 200,
      'kube-root-ca.crt',
    );
    assert.match(textAt(body, 'data[ca.crt]'), /BEGIN CERTIFICATE/);
  },
  async 'the default namespace has the service kubernetes'({ api }) {
    const { body } = await eventually(
      () => api.get('/api/v1/namespaces/default/services/kubernetes'),
      ({ status }) => status === 200,
      'the service',
    );
    assert.equal(at(body, 'spec.type'), 'ClusterIP');
  },
  async 'a Pod that the namespace asks for has its defaults and waits or runs'(scope) {
    await eventually(
      () => scope.api.get(`${scope.path('serviceaccounts')}/default`),
      ({ status }) => status === 200,
      'the default service account',
    );
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: scope.name() },
      spec: {
        containers: [
          { name: 'main', image: 'shopmind/test', imagePullPolicy: 'IfNotPresent', args: ['print', '1'] },
        ],
        restartPolicy: 'Never',
      },
    };
    const { body } = expect(await scope.api.create(scope.path('pods'), pod), 201);
    assert.equal(at(body, 'status.phase'), 'Pending');
    assert.equal(at(body, 'status.qosClass'), 'BestEffort');
    assert.equal(at(body, 'spec.serviceAccountName'), 'default');
    expect(
      await scope.api.remove(`${scope.path('pods')}/${textAt(body, 'metadata.name')}`, {
        gracePeriodSeconds: 0,
      }),
      200,
    );
  },
  async 'a Deployment of running Pods becomes ready, and a Service finds them'(scope) {
    if (!scope.target.runsPods) return scope.skip('this cluster runs no Pods');
    const { name, url } = await deploy(
      scope,
      { replicas: 1 },
      {
        args: ['serve'],
        env: [podAddress],
        readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
      },
    );
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { clusterIP: 'None', selector: { app: name }, ports: [{ port: 8080 }] },
    };
    expect(await scope.api.create(scope.path('services'), service), 201);
    await eventually(
      () => scope.api.get(url),
      ({ body }) => at(body, 'status.readyReplicas') === 1,
      'a ready Pod',
    );
    const { body } = await eventually(
      () =>
        scope.api.get(scope.path('endpointslices', 'discovery.k8s.io/v1'), {
          labelSelector: `kubernetes.io/service-name=${name}`,
        }),
      ({ body: list }) => at(list, 'items.0.endpoints.0.conditions.ready') === true,
      'the endpoint',
    );
    assert.equal(at(body, 'items.0.ports.0.port'), 8080);
    expect(await scope.api.remove(url), 200);
  },
  async 'the log of a container can be read, and its tail'(scope) {
    if (!scope.target.runsPods) return scope.skip('this cluster runs no Pods');
    const name = scope.name();
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        restartPolicy: 'Never',
        containers: [
          { name: 'main', image: 'shopmind/test', imagePullPolicy: 'IfNotPresent', args: ['print', '5'] },
        ],
      },
    };
    expect(await scope.api.create(scope.path('pods'), pod), 201);
    await eventually(
      () => scope.api.get(`${scope.path('pods')}/${name}`),
      ({ body }) => at(body, 'status.phase') === 'Succeeded',
      'the Pod to end',
    );
    const whole = expect(await scope.api.get(`${scope.path('pods')}/${name}/log`), 200);
    assert.equal(whole.text, 'line 1\nline 2\nline 3\nline 4\nline 5\n');
    const tail = expect(await scope.api.get(`${scope.path('pods')}/${name}/log`, { tailLines: '2' }), 200);
    assert.equal(tail.text, 'line 4\nline 5\n');
  },
  async 'a Job runs to completion'(scope) {
    if (!scope.target.runsPods) return scope.skip('this cluster runs no Pods');
    const name = scope.name();
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name },
      spec: {
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              { name: 'main', image: 'shopmind/test', imagePullPolicy: 'IfNotPresent', args: ['exit', '0'] },
            ],
          },
        },
      },
    };
    expect(await scope.api.create(scope.path('jobs', 'batch/v1'), job), 201);
    const url = `${scope.path('jobs', 'batch/v1')}/${name}`;
    const { body } = await eventually(
      () => scope.api.get(url),
      ({ body: current }) => isTrue(current, 'Complete'),
      'the Job to complete',
    );
    assert.equal(at(body, 'status.succeeded'), 1);
    expect(await scope.api.remove(url, { propagationPolicy: 'Background' }), 200);
  },
  async 'Pods of a deleted Deployment go with it'(scope) {
    if (!scope.target.runsPods) return scope.skip('this cluster runs no Pods');
    const { name, url } = await deploy(scope, { replicas: 1 }, { args: ['serve'] });
    await eventually(
      () => scope.api.get(url),
      ({ body }) => at(body, 'status.readyReplicas') === 1,
      'a ready Pod',
    );
    expect(await scope.api.remove(url, { propagationPolicy: 'Background' }), 200);
    await eventually(
      () => scope.api.get(scope.path('pods'), { labelSelector: `app=${name}` }),
      (reply) => names(reply).length === 0,
      'the Pods to go',
    );
  },
};
