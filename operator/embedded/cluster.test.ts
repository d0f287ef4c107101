import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { firstLine, kill } from '../../tests/support/ended.ts';
import { own, ownFolder } from '../../tests/support/owned.ts';
import { isNotFound, type Api } from './controllers/machinery/client.ts';
import {
  AUTOSCALERS,
  CONFIG_MAPS,
  CRON_JOBS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  EVENTS,
  JOBS,
  NAMESPACES,
  PODS,
  REPLICA_SETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  type Container,
  type Deployment,
  type Pod,
} from './controllers/machinery/wire.ts';
import { identityOf } from './node/identity.ts';
import { connect, logOf, podsOf, ready, startTestCluster, until } from './testing/cluster.ts';

const POD_IP = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } };

function server(version = '1', more: Partial<Container> = {}): Container {
  return {
    name: 'main',
    image: 'shopmind/test:latest',
    args: ['serve'],
    env: [POD_IP, { name: 'VERSION', value: version }],
    ports: [{ containerPort: 8080, name: 'http' }],
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
    ...more,
  };
}

function deployment(name: string, replicas: number, container = server(), more: object = {}): object {
  return {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 5, containers: [container] },
      },
      ...more,
    },
  };
}

function pod(name: string, args: string[], more: object = {}): object {
  return {
    metadata: { name, labels: { app: name } },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 2,
      containers: [{ name: 'main', image: 'shopmind/test', args, env: [POD_IP] }],
      ...more,
    },
  };
}

const rolledOut = ({ status, metadata, spec }: Deployment): boolean =>
  status?.observedGeneration === metadata.generation &&
  status?.updatedReplicas === spec.replicas &&
  status?.replicas === spec.replicas &&
  status?.availableReplicas === spec.replicas;

describe('one cluster', { concurrency: false }, () => {
  let running: Awaited<ReturnType<typeof startTestCluster>>;
  let api: Api;
  const inNamespace = async (name: string): Promise<string> => {
    await api.create(NAMESPACES, '', { metadata: { name } });
    return name;
  };

  before(async () => {
    running = await startTestCluster({ autoscalerPeriodMs: 300, samplePeriodMs: 300 });
    api = running.api;
  });
  after(() => running[Symbol.asyncDispose]());

  test('a namespace gets its default ServiceAccount and the certificate of the authority', async () => {
    const ns = await inNamespace('first');
    await until('the ServiceAccount', () => api.get(SERVICE_ACCOUNTS, ns, 'default'));
    const map = await until('the ConfigMap', () => api.get(CONFIG_MAPS, ns, 'kube-root-ca.crt'));
    assert.match(map.data?.['ca.crt'] ?? '', /BEGIN CERTIFICATE/);
  });

  test('a Deployment becomes ready Pods with addresses of their own, and a Service knows them', async () => {
    const ns = await inNamespace('web');
    await api.create(SERVICES, ns, {
      metadata: { name: 'web' },
      spec: { clusterIP: 'None', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    });
    await api.create(DEPLOYMENTS, ns, deployment('web', 2));
    const done = await until('the rollout', async () => {
      const found = await api.get(DEPLOYMENTS, ns, 'web');
      return rolledOut(found) && found;
    });
    assert.deepEqual(
      done.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
      [
        ['Available', 'True', 'MinimumReplicasAvailable'],
        ['Progressing', 'True', 'NewReplicaSetAvailable'],
      ],
    );
    const addresses = (await podsOf(api, ns, 'web')).map(({ status }) => status?.podIP);
    assert.equal(new Set(addresses).size, 2);
    const slice = await until('both endpoints ready', async () => {
      const [found] = (await api.list(ENDPOINT_SLICES, ns)).items;
      return found?.endpoints?.filter(({ conditions }) => conditions?.ready).length === 2 && found;
    });
    assert.equal(slice.ports?.[0]?.port, 8080);
    for (const address of addresses)
      assert.match(await (await fetch(`http://${address}:8080/`)).text(), /^web-.* 1$/);
  });

  test('a rolling update never has fewer ready Pods than allowed, keeps its history, and goes back', async (context) => {
    const ns = await inNamespace('rolling');
    const strategy = { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
    await api.create(DEPLOYMENTS, ns, deployment('roll', 2, server('1'), strategy));
    const await_ = (revision: string): Promise<Deployment> =>
      until(`revision ${revision}`, async () => {
        const found = await api.get(DEPLOYMENTS, ns, 'roll');
        return (
          rolledOut(found) &&
          found.metadata.annotations?.['deployment.kubernetes.io/revision'] === revision &&
          found
        );
      });
    await await_('1');
    let lowest = Infinity;
    let watching = true;
    context.after(() => void (watching = false));
    const watch = (async () => {
      while (watching) lowest = Math.min(lowest, (await podsOf(api, ns, 'roll')).filter(ready).length);
    })();
    const change = (version: string): Promise<unknown> =>
      api.patch(
        DEPLOYMENTS,
        { namespace: ns, name: 'roll' },
        { spec: { template: { spec: { containers: [server(version)] } } } },
      );
    await change('2');
    await await_('2');
    await change('1');
    await await_('3');
    watching = false;
    await watch;
    assert.ok(lowest >= 2, `${lowest} Pods were ready at the worst moment`);
    const sets = (await api.list(REPLICA_SETS, ns)).items;
    assert.deepEqual(
      sets.map(({ metadata }) => metadata.annotations?.['deployment.kubernetes.io/revision']).toSorted(),
      ['2', '3'],
    );
    assert.equal(
      sets.find(({ spec }) => spec.replicas === 2)?.metadata.annotations?.[
        'deployment.kubernetes.io/revision-history'
      ],
      '1',
    );
  });

  test('an update that never becomes ready leaves the old Pods serving', async () => {
    const ns = await inNamespace('stuck');
    await api.create(DEPLOYMENTS, ns, deployment('stuck', 1, server(), { progressDeadlineSeconds: 1 }));
    await until('the first rollout', async () => rolledOut(await api.get(DEPLOYMENTS, ns, 'stuck')));
    const broken = server('2', { env: [POD_IP, { name: 'READY_STATUS', value: '503' }] });
    await api.patch(
      DEPLOYMENTS,
      { namespace: ns, name: 'stuck' },
      { spec: { template: { spec: { containers: [broken] } } } },
    );
    const failed = await until('the deadline', async () => {
      const found = await api.get(DEPLOYMENTS, ns, 'stuck');
      return found.status?.conditions?.find(({ reason }) => reason === 'ProgressDeadlineExceeded');
    });
    assert.equal(failed.status, 'False');
    assert.equal((await podsOf(api, ns, 'stuck')).filter(ready).length, 1);
  });

  test('a container that ends is started again at once, then later and later', async () => {
    const ns = await inNamespace('crash');
    await api.create(PODS, ns, pod('crash', ['exit', '7'], { restartPolicy: 'Always' }));
    const looping = await until('the crash loop', async () => {
      const [status] = (await api.get(PODS, ns, 'crash')).status?.containerStatuses ?? [];
      return status?.state?.waiting?.reason === 'CrashLoopBackOff' && status;
    });
    assert.equal(looping.restartCount, 1);
    assert.equal(looping.lastState?.terminated?.exitCode, 7);
    assert.match(
      looping.state?.waiting?.message ?? '',
      /^back-off 10s restarting failed container=main pod=crash_crash/,
    );
    const events = await until('the event', async () => {
      const { items } = await api.list(EVENTS, ns);
      return items.some(({ reason }) => reason === 'BackOff') && items;
    });
    assert.ok(events.every(({ involvedObject }) => involvedObject.name === 'crash'));
  });

  test('an image nobody knows is named, with those that are known', async () => {
    const ns = await inNamespace('images');
    await api.create(PODS, ns, pod('unknown', [], { containers: [{ name: 'main', image: 'nginx:1.29' }] }));
    const waiting = await until('the back-off', async () => {
      const state = (await api.get(PODS, ns, 'unknown')).status?.containerStatuses?.[0]?.state?.waiting;
      return state?.reason === 'ImagePullBackOff' && state;
    });
    assert.match(waiting.message ?? '', /"nginx:1.29".*knows: shopmind\/postgres, shopmind\/test/);
  });

  test('configuration that is missing is waited for', async () => {
    const ns = await inNamespace('config');
    const env = [{ name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'words', key: 'greeting' } } }];
    await api.create(
      PODS,
      ns,
      pod('config', [], {
        containers: [
          {
            name: 'main',
            image: 'shopmind/test',
            command: ['sh', '-c', 'echo $GREETING $(SHOUT)'],
            env: [...env, { name: 'SHOUT', value: '$(GREETING)!' }],
          },
        ],
      }),
    );
    await until('the error', async () => {
      const state = (await api.get(PODS, ns, 'config')).status?.containerStatuses?.[0]?.state?.waiting;
      return (
        state?.reason === 'CreateContainerConfigError' && state.message === 'configmap "words" not found'
      );
    });
    await api.create(CONFIG_MAPS, ns, { metadata: { name: 'words' }, data: { greeting: 'hello' } });
    await until('success', async () => (await api.get(PODS, ns, 'config')).status?.phase === 'Succeeded');
    assert.equal(await logOf(api, ns, 'config'), 'hello hello!\n');
  });

  test('a failing liveness probe restarts the container, readiness takes it out of the Service', async () => {
    const ns = await inNamespace('probes');
    await api.create(SERVICES, ns, {
      metadata: { name: 'p' },
      spec: { clusterIP: 'None', selector: { app: 'p' }, ports: [{ port: 8080 }] },
    });
    const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1, failureThreshold: 1 };
    const container = server('1', {
      readinessProbe: probe,
      livenessProbe: { ...probe, failureThreshold: 3 },
    });
    await api.create(PODS, ns, pod('p', [], { restartPolicy: 'Always', containers: [container] }));
    const up = await until('readiness', async () => {
      const found = await api.get(PODS, ns, 'p');
      return ready(found) && found;
    });
    await fetch(`http://${up.status?.podIP}:8080/break`);
    await until('the endpoint to leave', async () => {
      const [slice] = (await api.list(ENDPOINT_SLICES, ns)).items;
      return slice?.endpoints?.[0]?.conditions?.ready === false;
    });
    const again = await until('the restart', async () => {
      const found = await api.get(PODS, ns, 'p');
      return found.status?.containerStatuses?.[0]?.restartCount === 1 && ready(found) && found;
    });
    assert.equal(again.status?.podIP, up.status?.podIP);
    assert.match(await logOf(api, ns, 'p', '?previous=true'), /ending/);
  });

  test('logs can be followed, cut and told the time', async () => {
    const ns = await inNamespace('logs');
    await api.create(PODS, ns, pod('printer', ['print', '5']));
    await until('the end', async () => (await api.get(PODS, ns, 'printer')).status?.phase === 'Succeeded');
    assert.equal(await logOf(api, ns, 'printer'), 'line 1\nline 2\nline 3\nline 4\nline 5\n');
    assert.equal(await logOf(api, ns, 'printer', '?tailLines=2'), 'line 4\nline 5\n');
    assert.match(
      await logOf(api, ns, 'printer', '?tailLines=1&timestamps=true'),
      /^\d{4}-\d\d-\d\dT[\d:.]+Z line 5\n$/,
    );
    await api.create(
      PODS,
      ns,
      pod('talker', [], {
        containers: [
          { name: 'main', image: 'shopmind/test', command: ['sh', '-c', 'echo one; read never; echo two'] },
        ],
      }),
    );
    await until('its start', async () => (await api.get(PODS, ns, 'talker')).status?.phase !== 'Pending');
    // The command reads from nothing and ends: following ends with it.
    assert.equal(await logOf(api, ns, 'talker', '?follow=true'), 'one\ntwo\n');
  });

  test('a Pod is asked to end and gets its time; one that does not listen is ended', async () => {
    const ns = await inNamespace('stop');
    await api.create(PODS, ns, pod('stubborn', ['stubborn'], { terminationGracePeriodSeconds: 1 }));
    const up = await until('its start', async () => {
      const found = await api.get(PODS, ns, 'stubborn');
      return (await logOf(api, ns, 'stubborn')).includes('started') && found;
    });
    const lines: string[] = [];
    const following = (async () => {
      for await (const piece of api.text(`/api/v1/namespaces/${ns}/pods/stubborn/log?follow=true`))
        lines.push(piece);
    })();
    const began = performance.now();
    await api.remove(PODS, up.metadata);
    await until('the Pod to go', async () => gone(api, ns, 'stubborn'));
    await following;
    assert.ok(performance.now() - began >= 900, 'it had its second');
    assert.match(lines.join(''), /asked to end/);
  });

  test('names lead to Pods: headless to their addresses, others through a cluster address', async () => {
    const ns = await inNamespace('names');
    await api.create(DEPLOYMENTS, ns, deployment('web', 2));
    const spec = { selector: { app: 'web' }, ports: [{ port: 8088, targetPort: 'http', name: 'http' }] };
    await api.create(SERVICES, ns, { metadata: { name: 'direct' }, spec: { ...spec, clusterIP: 'None' } });
    await api.create(SERVICES, ns, { metadata: { name: 'proxied' }, spec });
    await until('the rollout', async () => rolledOut(await api.get(DEPLOYMENTS, ns, 'web')));
    const addresses = (await podsOf(api, ns, 'web')).map(({ status }) => status?.podIP ?? '');
    await api.create(PODS, ns, pod('asks', ['resolve', `direct.${ns}.svc`], { restartPolicy: 'OnFailure' }));
    await api.create(
      PODS,
      ns,
      pod('fetches', ['fetch', `http://proxied.${ns}.svc.cluster.local:8088/`], {
        restartPolicy: 'OnFailure',
      }),
    );
    for (const name of ['asks', 'fetches'])
      await until(
        `${name} to end`,
        async () => (await api.get(PODS, ns, name)).status?.phase === 'Succeeded',
      );
    assert.deepEqual((await logOf(api, ns, 'asks')).trim().split(',').toSorted(), addresses.toSorted());
    assert.match(await logOf(api, ns, 'fetches'), /^web-/);
    // In the cluster's own process too, where webhooks are called by their Service.
    assert.match(await (await fetch(`http://direct.${ns}.svc:8080/`)).text(), /^web-/);
  });

  test('init containers run in order, and volumes and the ServiceAccount are there', async () => {
    const ns = await inNamespace('volumes');
    await api.create(CONFIG_MAPS, ns, { metadata: { name: 'files' }, data: { 'a.txt': 'from the map' } });
    const mounts = {
      volumeMounts: [
        { name: 'shared', mountPath: '/shared' },
        { name: 'my-files', mountPath: '/files' },
      ],
    };
    const shell = (name: string, script: string): object => ({
      name,
      image: 'shopmind/test',
      command: ['sh', '-c', script],
      ...mounts,
    });
    await api.create(
      PODS,
      ns,
      pod('volumes', [], {
        volumes: [
          { name: 'shared', emptyDir: {} },
          { name: 'my-files', configMap: { name: 'files' } },
        ],
        initContainers: [
          shell('one', 'echo 1 > $SHOPMIND_VOLUME_SHARED/x'),
          shell('two', 'echo 2 >> $SHOPMIND_VOLUME_SHARED/x'),
        ],
        containers: [
          shell(
            'main',
            'cat $SHOPMIND_VOLUME_SHARED/x $SHOPMIND_VOLUME_MY_FILES/a.txt; grep -c token $KUBECONFIG',
          ),
        ],
      }),
    );
    const end = await until('its end', async () => {
      const found = await api.get(PODS, ns, 'volumes');
      return (found.status?.phase === 'Succeeded' || found.status?.phase === 'Failed') && found;
    });
    assert.equal(await logOf(api, ns, 'volumes', '?container=main'), '1\n2\nfrom the map1\n');
    assert.equal(end.status?.phase, 'Succeeded');
  });

  test('hooks run after the start and before the end, and a sidecar outlives the work', async () => {
    const ns = await inNamespace('hooks');
    const diary = join(running.dir, 'diary');
    const volumes = [{ name: 'diary', hostPath: { path: diary, type: 'DirectoryOrCreate' } }];
    const volumeMounts = [{ name: 'diary', mountPath: '/diary' }];
    const note = (text: string): string[] => ['sh', '-c', `echo ${text} >> $SHOPMIND_VOLUME_DIARY/notes`];
    await api.create(
      PODS,
      ns,
      pod('hooks', [], {
        terminationGracePeriodSeconds: 30,
        volumes,
        initContainers: [
          {
            name: 'sidecar',
            image: 'shopmind/test',
            restartPolicy: 'Always',
            command: [
              'sh',
              '-c',
              `trap "echo sidecar-ends >> $SHOPMIND_VOLUME_DIARY/notes; exit 0" TERM; echo sidecar-up >> $SHOPMIND_VOLUME_DIARY/notes; while :; do sleep 0.05; done`,
            ],
            startupProbe: {
              exec: { command: ['sh', '-c', 'grep -q sidecar-up $SHOPMIND_VOLUME_DIARY/notes'] },
            },
            volumeMounts,
          },
        ],
        containers: [
          {
            name: 'main',
            image: 'shopmind/test',
            command: [
              'sh',
              '-c',
              `trap "echo main-ends >> $SHOPMIND_VOLUME_DIARY/notes; exit 0" TERM; while :; do sleep 0.05; done`,
            ],
            lifecycle: {
              postStart: { exec: { command: note('after-start') } },
              preStop: { exec: { command: note('before-stop') } },
            },
            volumeMounts,
          },
        ],
      }),
    );
    const up = await until('both to be ready', async () => {
      const found = await api.get(PODS, ns, 'hooks');
      return ready(found) && found;
    });
    assert.equal(up.status?.initContainerStatuses?.[0]?.started, true);
    await api.remove(PODS, up.metadata);
    await until('the Pod to go', () => gone(api, ns, 'hooks'));
    assert.equal(
      await readFile(join(diary, 'notes'), 'utf8'),
      'sidecar-up\nafter-start\nbefore-stop\nmain-ends\nsidecar-ends\n',
    );
  });

  test('a Pod that runs longer than it may fails, and one whose object is gone is ended', async () => {
    const ns = await inNamespace('limits');
    await api.create(
      PODS,
      ns,
      pod('late', ['stubborn'], { activeDeadlineSeconds: 1, terminationGracePeriodSeconds: 1 }),
    );
    const late = await until('the deadline', async () => {
      const found = await api.get(PODS, ns, 'late');
      return found.status?.phase === 'Failed' && found;
    });
    assert.equal(late.status?.reason, 'DeadlineExceeded');
    await api.create(PODS, ns, pod('forced', ['serve']));
    const forced = await until('its start', async () => {
      const found = await api.get(PODS, ns, 'forced');
      return (await logOf(api, ns, 'forced')).includes('listening') && found;
    });
    await api.remove(PODS, forced.metadata, { gracePeriodSeconds: 0 });
    assert.equal(await gone(api, ns, 'forced'), true);
    await until('its process to end', async () => {
      try {
        await fetch(`http://${forced.status?.podIP}:8080/`);
        return false;
      } catch {
        // Nobody listens any more.
        return true;
      }
    });
  });

  test('a Job runs to its completions, one that fails says why, and both go when their time is over', async () => {
    const ns = await inNamespace('jobs');
    const job = (name: string, args: string[], spec: object): object => ({
      metadata: { name },
      spec: {
        template: {
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'shopmind/test', args }] },
        },
        ...spec,
      },
    });
    await api.create(JOBS, ns, job('good', ['exit', '0'], { completions: 3, parallelism: 2 }));
    await api.create(JOBS, ns, job('bad', ['exit', '1'], { backoffLimit: 0, ttlSecondsAfterFinished: 0 }));
    const good = await until('completion', async () => {
      const found = await api.get(JOBS, ns, 'good');
      return (
        found.status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') &&
        found
      );
    });
    assert.equal(good.status?.succeeded, 3);
    assert.ok(good.status?.completionTime);
    await until('the failed Job and its Pods to go', async () => {
      const left = (await api.list(PODS, ns)).items.filter(
        ({ metadata }) => metadata.labels?.['job-name'] === 'bad',
      );
      return left.length === 0 && (await absent(() => api.get(JOBS, ns, 'bad')));
    });
    const events = (await api.list(EVENTS, ns)).items;
    assert.ok(events.some(({ reason }) => reason === 'BackoffLimitExceeded'));
  });

  test('a CronJob makes the Job it has missed, and keeps no more than its history', async () => {
    const ns = await inNamespace('cron');
    const template = {
      spec: {
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'main', image: 'shopmind/test', args: ['exit', '0'] }],
          },
        },
      },
    };
    await api.create(CRON_JOBS, ns, {
      metadata: { name: 'tick' },
      spec: { schedule: '*/5 * * * *', suspend: true, jobTemplate: template },
    });
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+Z/, 'Z');
    await api.patch(
      CRON_JOBS,
      { namespace: ns, name: 'tick' },
      { status: { lastScheduleTime: hourAgo } },
      { subresource: 'status' },
    );
    await api.patch(CRON_JOBS, { namespace: ns, name: 'tick' }, { spec: { suspend: false } });
    // At a time of its schedule there is another, too.
    await until('the Job', async () => (await api.list(JOBS, ns)).items.length > 0);
    await until(
      'its success to be known',
      async () => (await api.get(CRON_JOBS, ns, 'tick')).status?.lastSuccessfulTime,
    );
    await api.patch(CRON_JOBS, { namespace: ns, name: 'tick' }, { spec: { successfulJobsHistoryLimit: 0 } });
    await until('the history to go', async () => (await api.list(JOBS, ns)).items.length === 0);
  });

  test('an autoscaler follows the load of the Pods', async () => {
    const ns = await inNamespace('load');
    const burner = {
      name: 'main',
      image: 'shopmind/test',
      args: ['burn'],
      // However little of a busy machine it gets, it is more than it asked for.
      resources: { requests: { cpu: '10m' } },
    };
    await api.create(DEPLOYMENTS, ns, deployment('load', 1, burner));
    await api.create(AUTOSCALERS, ns, {
      metadata: { name: 'load' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'load' },
        minReplicas: 1,
        maxReplicas: 2,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    });
    await until('a second Pod', async () => (await podsOf(api, ns, 'load')).length === 2);
    const found = await until('the status', async () => {
      const one = await api.get(AUTOSCALERS, ns, 'load');
      return one.status?.currentMetrics && one.status.desiredReplicas === 2 && one;
    });
    assert.ok((found.status?.currentMetrics?.[0]?.resource?.current.averageUtilization ?? 0) > 100);
    await api.remove(DEPLOYMENTS, { namespace: ns, name: 'load' });
    await until('the load to end', async () => (await podsOf(api, ns, 'load')).length === 0);
  });

  test('what belongs to an owner goes with it: at once, before it, or not at all', async () => {
    const ns = await inNamespace('garbage');
    for (const name of ['back', 'fore', 'free']) await api.create(DEPLOYMENTS, ns, deployment(name, 1));
    for (const name of ['back', 'fore', 'free'])
      await until(`${name} to be ready`, async () => rolledOut(await api.get(DEPLOYMENTS, ns, name)));
    await api.remove(DEPLOYMENTS, { namespace: ns, name: 'back' }, { propagationPolicy: 'Background' });
    await api.remove(DEPLOYMENTS, { namespace: ns, name: 'fore' }, { propagationPolicy: 'Foreground' });
    await api.remove(DEPLOYMENTS, { namespace: ns, name: 'free' }, { propagationPolicy: 'Orphan' });
    for (const name of ['back', 'fore', 'free'])
      await until(`${name} to go`, () => absent(() => api.get(DEPLOYMENTS, ns, name)));
    assert.equal((await podsOf(api, ns, 'fore')).length, 0);
    await until('the Pods in the background to go', async () => (await podsOf(api, ns, 'back')).length === 0);
    const [orphan] = (await api.list(REPLICA_SETS, ns)).items;
    assert.deepEqual(orphan?.metadata.ownerReferences ?? [], []);
    assert.equal((await podsOf(api, ns, 'free')).length, 1);
  });

  test('what names an owner that never was is removed', async () => {
    const ns = await inNamespace('ghost');
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: '00000000-0000-4000-8000-000000000000' },
    ];
    await api.create(CONFIG_MAPS, ns, { metadata: { name: 'child', ownerReferences } });
    await until('the child to go', () => absent(() => api.get(CONFIG_MAPS, ns, 'child')));
  });

  test('a namespace goes with everything in it, and waits for finalizers', async () => {
    const ns = await inNamespace('leaving');
    await api.create(DEPLOYMENTS, ns, deployment('web', 1));
    await api.create(CONFIG_MAPS, ns, { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
    await until('the rollout', async () => rolledOut(await api.get(DEPLOYMENTS, ns, 'web')));
    await api.remove(NAMESPACES, { name: ns });
    const waiting = await until('the condition', async () => {
      const { status } = await api.get(NAMESPACES, '', ns);
      return status?.conditions?.find(
        ({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True',
      );
    });
    assert.match(waiting.message ?? '', /example.com\/hold in 1 resource instances/);
    await api.patch(CONFIG_MAPS, { namespace: ns, name: 'held' }, { metadata: { finalizers: null } });
    await until('the namespace to go', () => absent(() => api.get(NAMESPACES, '', ns)));
    assert.deepEqual((await api.list(PODS, ns)).items, []);
  });
});

test('PostgreSQL runs as a Pod, keeps its data over a kill of the whole cluster, and leaves no process behind', async () => {
  const dir = ownFolder('kill');
  await chmod(dir, 0o711);
  const kubeconfig = join(dir, 'kubeconfig');
  let cluster = await launch(dir, kubeconfig);
  let client = await connect(kubeconfig);
  try {
    const env = [
      { name: 'PGDATA', value: join(dir, 'pg', 'data') },
      { name: 'POSTGRES_PASSWORD', value: 'correct horse' },
      { name: 'POSTGRES_DB', value: 'shopmind' },
      POD_IP,
    ];
    const postgres = {
      name: 'postgres',
      image: 'shopmind/postgres',
      env,
      readinessProbe: { tcpSocket: { port: 5432 } },
    };
    await client.api.create(
      DEPLOYMENTS,
      'default',
      deployment('pg', 1, postgres, { strategy: { type: 'Recreate' } }),
    );
    await client.api.create(DEPLOYMENTS, 'default', deployment('web', 1));
    const first = await readyPod(client.api, 'pg');
    await readyPod(client.api, 'web');
    await query(first, 'create table kept (n int); insert into kept values (42)');
    const [web] = await podsOf(client.api, 'default', 'web');
    const children = await childrenOf(cluster.pid ?? 0);
    assert.ok(children.length >= 2);

    client.close();
    await kill(cluster);
    await until('the children to end with their parent', () =>
      children.every((pid) => identityOf(pid) === undefined),
    );

    cluster = await launch(dir, kubeconfig);
    client = await connect(kubeconfig);
    const told = await client.api.get(DEPLOYMENTS, 'default', 'pg');
    const [present] = await podsOf(client.api, 'default', 'pg');
    assert.ok(
      told.status?.readyReplicas === undefined ||
        told.status.readyReplicas === 0 ||
        present?.status?.containerStatuses?.[0]?.restartCount === 1,
      'no word from before the kill',
    );
    const second = await until('PostgreSQL again', async () => {
      const [found] = await podsOf(client.api, 'default', 'pg');
      return found?.status?.containerStatuses?.[0]?.restartCount === 1 && ready(found) && found;
    });
    assert.equal(second.metadata.uid, first.metadata.uid);
    assert.equal(second.status?.podIP, first.status?.podIP);
    assert.deepEqual(await query(second, 'select n from kept'), [{ n: 42 }]);
    await until('the other Pod again', async () => {
      const [found] = await podsOf(client.api, 'default', 'web');
      return (
        found?.metadata.uid === web?.metadata.uid &&
        found?.status?.containerStatuses?.[0]?.restartCount === 1 &&
        ready(found)
      );
    });
    const last = await childrenOf(cluster.pid ?? 0);
    await kill(cluster, 'SIGTERM');
    assert.deepEqual(
      last.filter((pid) => identityOf(pid) !== undefined),
      [],
    );
  } finally {
    client.close();
    cluster.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  }
});

async function launch(dir: string, kubeconfig: string): Promise<ChildProcess> {
  const entry = join(import.meta.dirname, 'testing/cluster-process.ts');
  const child = spawn(process.execPath, [entry, dir, kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] });
  own(child);
  await firstLine(child);
  return child;
}

const readyPod = (api: Api, app: string): Promise<Pod> =>
  until(`a ready Pod of ${app}`, async () => (await podsOf(api, 'default', app)).find(ready));

async function query(pod: Pod, text: string): Promise<unknown[]> {
  const { Client } = (await import('pg')).default;
  return until('an answer of PostgreSQL', async () => {
    const client = new Client({
      host: pod.status?.podIP ?? '',
      user: 'postgres',
      password: 'correct horse',
      database: 'shopmind',
    });
    await client.connect();
    const { rows } = await client.query(text);
    await client.end();
    return (rows ?? []) as unknown[]; // rows of any shape
  });
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

async function absent(get: () => Promise<unknown>): Promise<boolean> {
  try {
    await get();
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

const gone = (api: Api, namespace: string, name: string): Promise<boolean> =>
  absent(() => api.get(PODS, namespace, name));
