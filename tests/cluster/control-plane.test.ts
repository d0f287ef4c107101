/**
 * The control plane's own promises: real in what it does, reachable webhooks, nothing lost by a restart, nothing left when it has gone.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { after, before, describe, test } from 'node:test';
import type { Client } from '../../operator/kube/client.ts';
import { KubeError } from '../../operator/kube/errors.ts';
import { configMaps, deployments, pods, resource, services } from '../../operator/kube/resources.ts';
import { clientOf } from '../support/cluster.ts';
import { processes } from '../support/processes.ts';
import { until } from '../support/wait.ts';
import { kubernetesVersion } from './binaries.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';

const webhookConfigurations = resource(
  'admissionregistration.k8s.io',
  'v1',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  false,
);

describe('a control plane', () => {
  let plane: ControlPlane;
  let client: Client;

  before(async () => {
    plane = await startControlPlane();
    client = await clientOf(plane.kubeconfig);
  });
  after(async () => {
    client?.close();
    await plane?.stop();
  });

  test('is the Kubernetes that was built', async () => {
    // The server's own answer; its one field that is read is asserted.
    const version = JSON.parse(await client.raw('GET', '/version')) as { gitVersion?: string };
    assert.equal(version.gitVersion, await kubernetesVersion());
  });

  test('makes the Pods of a Deployment, which wait for a node', async () => {
    await client.create(deployments, deployment('web'));
    const waiting = await until(
      async () => {
        const { items } = await client.listAll(pods, { namespace: 'default', labelSelector: 'app=web' });
        const reasons = items.flatMap((pod) => pod.status?.conditions ?? []).map(({ reason }) => reason);
        return reasons.length === 2 ? reasons : undefined;
      },
      { withinMs: 20_000, what: 'two Pods that the scheduler has looked at' },
    );
    assert.deepEqual(waiting, ['Unschedulable', 'Unschedulable']);
  });

  test('knows a user by certificate and lets them do nothing that no role allows', async () => {
    const stranger = await clientOf(await plane.kubeconfigOf('stranger', ['nobodies']));
    await assert.rejects(
      stranger.listAll(pods, { namespace: 'default' }),
      (error: unknown) =>
        error instanceof KubeError && error.code === 403 && error.message.includes('stranger'),
    );
    stranger.close();
  });

  test('asks a webhook on this machine, by address and as a Service', async () => {
    const hook = await startRefusal(plane);
    const port = portOf(hook);
    await client.create(services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'refusal', namespace: 'default' },
      // The API server takes such a name as it is, so a Service can stand for a process of this machine.
      spec: { type: 'ExternalName', externalName: 'localhost' },
    });
    const caBundle = Buffer.from(plane.ca).toString('base64');
    const ways = {
      'by-address': { url: `https://127.0.0.1:${port}/`, caBundle },
      'by-service': { service: { namespace: 'default', name: 'refusal', port, path: '/' }, caBundle },
    };
    for (const [name, clientConfig] of Object.entries(ways)) {
      await client.create(webhookConfigurations, refusing(name, clientConfig));
      await until(() => refusalOf(client, name), {
        withinMs: 10_000,
        what: `${name}: the webhook's refusal`,
      });
      await client.delete(webhookConfigurations, { name });
    }
    hook.close();
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`keeps what it has when its API server is restarted by ${signal}`, async () => {
      const ref = { namespace: 'default', name: `kept-${signal.toLowerCase()}` };
      const made = await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref });
      const before = plane.pids.get('kube-apiserver');
      await plane.restartApiServer(signal);
      assert.notEqual(plane.pids.get('kube-apiserver'), before);
      assert.equal((await client.get(configMaps, ref)).metadata.uid, made.metadata.uid);
    });
  }
});

test('a stopped control plane leaves no process and no file', async () => {
  const plane = await startControlPlane({ without: ['kube-scheduler', 'kube-controller-manager'] });
  assert.deepEqual([...plane.pids.keys()].toSorted(), ['etcd', 'kube-apiserver']);
  await plane.stop();
  const left = (await processes()).filter(({ command }) => command.includes(plane.directory));
  assert.deepEqual(left, []);
  assert.ok(!existsSync(plane.directory));
});

function deployment(name: string) {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nowhere/none' }] } },
    },
  };
}

/** A webhook that refuses everything. */
async function startRefusal({ certificates }: ControlPlane): Promise<Server> {
  const names = ['localhost', '127.0.0.1', 'refusal.default.svc'];
  const { certificate, key } = certificates.issueServing('refusal', names);
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    // A request's chunks are buffers while no encoding is set.
    for await (const chunk of request) chunks.push(chunk as Buffer);
    // An AdmissionReview as the API server sends it.
    const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { request: { uid: string } };
    const answer = { uid: review.request.uid, allowed: false, status: { message: 'never', code: 403 } };
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the webhook has no port');
  return address.port;
}

function refusing(name: string, clientConfig: object) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: `${name}.shopmind.ai`,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig,
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }],
        matchConditions: [{ name: 'this-one', expression: `object.metadata.name == '${name}'` }],
      },
    ],
  };
}

/** The refusal of one more ConfigMap of that name, or `undefined` while none comes: configurations take effect after a moment. */
async function refusalOf(client: Client, name: string): Promise<string | undefined> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
  try {
    await client.create(configMaps, object, { dryRun: true });
    return undefined;
  } catch (error) {
    if (error instanceof KubeError && error.message.includes('never')) return error.message;
    throw error;
  }
}
