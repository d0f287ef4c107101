import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import pino from 'pino';
import { ownFolder } from '../../../tests/support/owned.ts';
import { startApiServer } from '../apiserver/server.ts';
import { until } from '../testing/cluster.ts';
import { startControllers } from './index.ts';
import {
  createApi,
  isNotFound,
  type Api,
  type ApiRequest,
  type ApiResponse,
  type Transport,
} from './machinery/client.ts';
import { createInformers, SYSTEM_CLOCK } from './machinery/controller.ts';
import { createRecorder } from './machinery/events.ts';
import { createHttpsTransport } from './machinery/https.ts';
import {
  CONFIG_MAPS,
  controllerOf,
  DEPLOYMENTS,
  JOBS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  timestamp,
  type Pod,
} from './machinery/wire.ts';

/** The same numbers every time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Loses requests before they arrive, loses answers after they took effect, and cuts watches short. */
function unreliable(send: Transport, roll: () => number, on: () => boolean): Transport {
  async function* cut(body: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const piece of body) {
      if (on() && roll() < 0.05) throw new Error('injected: the connection broke');
      yield piece;
    }
  }
  return async (request: ApiRequest): Promise<ApiResponse> => {
    if (!on()) return send(request);
    if (roll() < 0.15) throw new Error('injected: never arrived');
    if (roll() < 0.05)
      return { status: 503, body: whole('{"reason":"ServiceUnavailable","message":"injected"}') };
    const response = await send(request);
    if (request.path.includes('watch=true')) return { ...response, body: cut(response.body) };
    if (roll() < 0.15) throw new Error('injected: the answer was lost');
    return response;
  };
}

async function* whole(text: string): AsyncGenerator<string> {
  yield text;
}

/** Does what a node agent does, in a moment: Pods run and are ready, Jobs' Pods succeed, leaving Pods leave. */
function startFakeNode(api: Api): () => Promise<void> {
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      for (const pod of (await api.list(PODS)).items) await serve(api, pod);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return () => {
    stopped = true;
    return running;
  };
}

async function serve(api: Api, pod: Pod): Promise<void> {
  if (!pod.spec.nodeName) return;
  const { metadata, status } = pod;
  try {
    if (metadata.deletionTimestamp)
      await api.remove(PODS, metadata, { uid: metadata.uid, gracePeriodSeconds: 0 });
    else if (status?.phase === 'Pending') {
      const ends = controllerOf(pod)?.kind === 'Job';
      const ready = {
        type: 'Ready',
        status: ends ? 'False' : 'True',
        lastTransitionTime: timestamp(new Date()),
      };
      const patch = {
        status: { phase: ends ? 'Succeeded' : 'Running', podIP: '127.20.0.1', conditions: [ready] },
      };
      await api.patch(PODS, metadata, patch, { subresource: 'status' });
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

const template = (version: number, restartPolicy = 'Always'): object => ({
  metadata: { labels: { app: 'web' } },
  spec: { restartPolicy, containers: [{ name: 'main', image: `web:${version}` }] },
});

for (const seed of [1, 42])
  test(`with requests, answers and watches lost, everything comes out right in the end (${seed})`, async (context) => {
    const dir = ownFolder('failures');
    const log = pino({ level: 'silent' });
    const server = await startApiServer({ dataDir: dir, port: 0, host: '127.0.0.1', log });
    const { send, close } = createHttpsTransport({
      server: server.url,
      ca: server.caCertificate,
      token: server.adminToken,
    });
    const api = createApi(send);
    let broken = true;
    const flaky = createApi(unreliable(send, dice(seed), () => broken));
    const informers = createInformers(flaky, log);
    const recorder = createRecorder(flaky, SYSTEM_CLOCK, log);
    const controllers = startControllers(
      { api: flaky, informers, recorder, clock: SYSTEM_CLOCK, log },
      { ca: 'CA' },
    );
    await api.create(NODES, '', { metadata: { name: 'node' }, spec: {} });
    const stopNode = startFakeNode(api);
    context.after(async () => {
      broken = false;
      await controllers.close();
      informers.close();
      await stopNode();
      close();
      await server.close();
      await rm(dir, { recursive: true, force: true });
    });

    await api.create(NAMESPACES, '', { metadata: { name: 'ns' } });
    const selector = { matchLabels: { app: 'web' } };
    await api.create(DEPLOYMENTS, 'ns', {
      metadata: { name: 'web' },
      spec: { replicas: 4, selector, template: template(1) },
    });
    await api.create(DEPLOYMENTS, 'ns', {
      metadata: { name: 'gone' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'gone' } },
        template: { ...template(1), metadata: { labels: { app: 'gone' } } },
      },
    });
    await api.create(JOBS, 'ns', {
      metadata: { name: 'work' },
      spec: { completions: 5, parallelism: 2, template: template(1, 'Never') },
    });
    const web = { namespace: 'ns', name: 'web' };
    await until('the first rollout to begin', async () => (await api.list(PODS, 'ns')).items.length > 0);
    await api.patch(DEPLOYMENTS, web, { spec: { template: template(2) } });
    await api.remove(DEPLOYMENTS, { namespace: 'ns', name: 'gone' }, { propagationPolicy: 'Background' });

    const rolledOut = async (version: number): Promise<boolean> => {
      const { status, metadata } = await api.get(DEPLOYMENTS, 'ns', 'web');
      const pods = (await api.list(PODS, 'ns')).items.filter(
        (pod) => pod.metadata.labels?.['app'] === 'web' && controllerOf(pod)?.kind === 'ReplicaSet',
      );
      return (
        status?.observedGeneration === metadata.generation &&
        status?.availableReplicas === 4 &&
        status.replicas === 4 &&
        pods.length === 4 &&
        pods.every(({ spec }) => spec.containers[0]?.image === `web:${version}`)
      );
    };
    await until('the second rollout', () => rolledOut(2));
    await until('the Job', async () => {
      const { status } = await api.get(JOBS, 'ns', 'work');
      return status?.conditions?.some(({ type }) => type === 'Complete');
    });
    await until('what was deleted to go', async () => {
      const sets = (await api.list(REPLICA_SETS, 'ns')).items;
      return sets.every((set) => controllerOf(set)?.name === 'web');
    });
    broken = false;
    const jobPods = (await api.list(PODS, 'ns')).items.filter((pod) => controllerOf(pod)?.kind === 'Job');
    assert.ok(
      jobPods.length >= 5 && jobPods.length <= 10,
      `${jobPods.length} Pods for five completions: each answer that was lost may cost one more`,
    );
    await until('the certificate', () => api.get(CONFIG_MAPS, 'ns', 'kube-root-ca.crt'));
    broken = true;
    await api.remove(NAMESPACES, { name: 'ns' });
    await until('the namespace to go', async () =>
      (await api.list(NAMESPACES)).items.every(({ metadata }) => metadata.name !== 'ns'),
    );
    assert.deepEqual((await api.list(PODS, 'ns')).items, []);
  });
