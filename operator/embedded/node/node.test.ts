import assert from 'node:assert/strict';
import { readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { encode, decode } from 'dns-packet';
import fc from 'fast-check';
import { ownFolder } from '../../../tests/support/owned.ts';
import type {
  ConfigMap,
  Container,
  ContainerStatus,
  PodSpec,
  Secret,
} from '../controllers/machinery/wire.ts';
import { ago, NOW, pod, stored } from '../controllers/testing/objects.ts';
import { until } from '../testing/cluster.ts';
import { createAddresses, LOOPBACK } from './addresses.ts';
import { statusPatch } from './agent.ts';
import { createBackoff } from './backoff.ts';
import { answerTo, serviceName, startDns, type Names } from './dns.ts';
import { ConfigError, containerEnv, type References } from './env.ts';
import { expand } from './expand.ts';
import { commandLine, resolveImage, unknownImageMessage } from './images.ts';
import type { ProcessFigures } from './identity.ts';
import { createLogStore, type LogQuery } from './logs.ts';
import { askServer } from './lookup.ts';
import { createMeter, podMetrics } from './metrics.ts';
import { ask, count, nextDelay, portNumber, probeLimits, UNKNOWN } from './probes.ts';
import { phaseOf, podStatus, qosOf } from './status.ts';
import { makeVolumes, volumeEnv } from './volumes.ts';

const PLACE = { podIP: '127.20.0.9', hostIP: '127.0.0.1' };
const NONE: References = { secret: () => undefined, configMap: () => undefined };

describe('images', () => {
  const images = {
    'shop/web': { command: ['node', 'web.ts'], args: ['--port', '1'] },
    'shop/web:old': { command: ['old'] },
  };
  test('are found with and without tag, digest and registry', () => {
    for (const name of [
      'shop/web',
      'shop/web:1.2',
      'shop/web@sha256:abc',
      'registry.example:5000/shop/web:1',
      'localhost/shop/web',
    ])
      assert.equal(resolveImage(images, name)?.command[0], 'node', name);
    assert.equal(resolveImage(images, 'shop/web:old')?.command[0], 'old');
    for (const name of ['nginx', 'other/shop/web', 'constructor', ''])
      assert.equal(resolveImage(images, name), undefined, name);
    assert.match(unknownImageMessage(images, 'nginx'), /"nginx".*shop\/web, shop\/web:old/);
  });

  const CASES: readonly [string, Partial<Container>, string[]][] = [
    ['nothing given: the image’s own', {}, ['node', 'web.ts', '--port', '1']],
    ['arguments replace the image’s arguments', { args: ['-v', '$(X)'] }, ['node', 'web.ts', '-v', 'y']],
    ['a command drops the image’s arguments', { command: ['sh'] }, ['sh']],
    ['both', { command: ['sh', '-c'], args: ['echo $$(X) $(NO)'] }, ['sh', '-c', 'echo $(X) $(NO)']],
  ];
  for (const [what, container, words] of CASES)
    test(what, () =>
      assert.deepEqual(commandLine(images['shop/web'], { name: 'main', ...container }, { X: 'y' }), words),
    );

  test('text without a reference stays as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => expand(text, { A: 'b' }) === text,
      ),
    );
  });
});

describe('the environment', () => {
  const references: References = {
    secret: (name) =>
      name === 'keys'
        ? stored<Secret>({ data: { password: Buffer.from('s3').toString('base64') } })
        : undefined,
    configMap: (name) => (name === 'words' ? stored<ConfigMap>({ data: { A: '1', B: '2' } }) : undefined),
  };
  const env = (container: Partial<Container>) =>
    containerEnv(pod({ name: 'p', labels: { app: 'x' } }), { name: 'main', ...container }, PLACE, references);

  test('takes values from wherever they are declared', () => {
    const from = (valueFrom: object, name = 'V') => ({ name, valueFrom });
    assert.deepEqual(
      env({
        envFrom: [{ prefix: 'W_', configMapRef: { name: 'words' } }],
        resources: { limits: { memory: '64Mi', cpu: '1500m' } },
        env: [
          from({ fieldRef: { fieldPath: 'status.podIP' } }, 'IP'),
          from({ fieldRef: { fieldPath: "metadata.labels['app']" } }, 'APP'),
          from({ resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } }, 'MB'),
          from({ resourceFieldRef: { resource: 'limits.cpu' } }, 'CPU'),
          from({ secretKeyRef: { name: 'keys', key: 'password' } }, 'PASSWORD'),
          from({ configMapKeyRef: { name: 'none', key: 'x', optional: true } }, 'ABSENT'),
          { name: 'URL', value: 'http://$(IP):$(W_A)/$$(IP)' },
        ],
      }),
      {
        W_A: '1',
        W_B: '2',
        IP: '127.20.0.9',
        APP: 'x',
        MB: '64',
        CPU: '2',
        PASSWORD: 's3',
        URL: 'http://127.20.0.9:1/$(IP)',
      },
    );
  });

  test('says what is missing', () => {
    const missing = (valueFrom: object) => () => env({ env: [{ name: 'V', valueFrom }] });
    assert.throws(
      missing({ secretKeyRef: { name: 'none', key: 'x' } }),
      new ConfigError('secret "none" not found'),
    );
    assert.throws(
      missing({ secretKeyRef: { name: 'keys', key: 'x' } }),
      new ConfigError('key "x" not found in secret "keys"'),
    );
    assert.throws(missing({ fieldRef: { fieldPath: 'spec.nothing' } }), ConfigError);
    assert.throws(
      () => containerEnv(pod({}), { name: 'm', envFrom: [{ secretRef: { name: 'no' } }] }, PLACE, NONE),
      ConfigError,
    );
  });
});

describe('volumes', () => {
  const sources = { ...NONE, ca: 'CA', token: () => Promise.resolve('a-token') };
  const secret = (name: string) =>
    name === 'keys' ? stored<Secret>({ data: { k: Buffer.from([0, 255]).toString('base64') } }) : undefined;

  test('lie where the variables say', async () => {
    const dir = ownFolder('volumes');
    const spec = {
      volumes: [
        { name: 'keys', secret: { secretName: 'keys', defaultMode: 0o400 } },
        { name: 'scratch-1', emptyDir: {} },
        {
          name: 'all',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'token' } },
              { downwardAPI: { items: [{ path: 'deep/name', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
      ],
    };
    const paths = await makeVolumes(pod({ name: 'p', spec }), PLACE, dir, { ...sources, secret });
    const env = volumeEnv(
      {
        name: 'm',
        volumeMounts: [
          { name: 'keys', mountPath: '/k' },
          { name: 'scratch-1', mountPath: '/s', subPath: 'x' },
          { name: 'all', mountPath: '/a' },
        ],
      },
      paths,
    );
    assert.deepEqual(await readFile(join(env['SHOPMIND_VOLUME_KEYS'] ?? '', 'k')), Buffer.from([0, 255]));
    assert.equal((await stat(join(env['SHOPMIND_VOLUME_KEYS'] ?? '', 'k'))).mode & 0o777, 0o400);
    assert.equal(env['SHOPMIND_VOLUME_SCRATCH_1'], join(dir, 'scratch-1', 'x'));
    assert.equal(await readFile(join(env['SHOPMIND_VOLUME_ALL'] ?? '', 'deep/name'), 'utf8'), 'p');
    assert.equal(await readFile(join(env['SHOPMIND_VOLUME_ALL'] ?? '', 'token'), 'utf8'), 'a-token');
    await rm(dir, { recursive: true });
  });

  const BAD: readonly [string, object, RegExp][] = [
    ['a missing secret', { secret: { secretName: 'none' } }, /secret "none" not found/],
    [
      'a missing key',
      { secret: { secretName: 'keys', items: [{ key: 'x', path: 'x' }] } },
      /key "x" not found/,
    ],
    [
      'a path that leads out',
      { secret: { secretName: 'keys', items: [{ key: 'k', path: '../../x' }] } },
      /leaves its volume/,
    ],
    ['a type there is not', { persistentVolumeClaim: { claimName: 'c' } }, /no volumes of this type/],
    [
      'a host folder that is not there',
      { hostPath: { path: '/nowhere/at/all', type: 'Directory' } },
      /not a directory/,
    ],
  ];
  for (const [what, source, message] of BAD)
    test(`${what} is refused`, async () => {
      const dir = ownFolder('volumes');
      await assert.rejects(
        makeVolumes(pod({ spec: { volumes: [{ name: 'v', ...source }] } }), PLACE, dir, {
          ...sources,
          secret,
        }),
        message,
      );
      await rm(dir, { recursive: true });
    });
});

describe('the status of a Pod', () => {
  const running = (ready = true): ContainerStatus => status({ state: { running: {} }, ready, started: true });
  const ended = (exitCode: number): ContainerStatus => status({ state: { terminated: { exitCode } } });
  const waiting = (lived = false): ContainerStatus =>
    status({
      state: { waiting: { reason: 'X' } },
      ...(lived ? { lastState: { terminated: { exitCode: 1 } } } : {}),
    });
  const status = (more: Partial<ContainerStatus>): ContainerStatus => ({
    name: 'main',
    image: '',
    imageID: '',
    ready: false,
    restartCount: 0,
    ...more,
  });
  const spec = (restartPolicy: string, init: Container[] = []): PodSpec => ({
    containers: [{ name: 'main' }],
    restartPolicy,
    initContainers: init,
  });

  const CASES: readonly [string, PodSpec, ContainerStatus[], ContainerStatus[], string, boolean?][] = [
    ['nothing has begun', spec('Always'), [], [waiting()], 'Pending'],
    ['it runs', spec('Always'), [], [running()], 'Running'],
    ['one of two waits for its first start', spec('Always'), [], [running(), waiting()], 'Pending'],
    ['a crash loop', spec('Always'), [], [waiting(true)], 'Running'],
    ['ended, to be started again', spec('Always'), [], [ended(0)], 'Running'],
    ['failed, to be tried again', spec('OnFailure'), [], [ended(1)], 'Running'],
    ['ended well', spec('OnFailure'), [], [ended(0), ended(0)], 'Succeeded'],
    ['ended badly', spec('Never'), [], [ended(0), ended(2)], 'Failed'],
    ['an init container runs', spec('Always', [{ name: 'i' }]), [running()], [waiting()], 'Pending'],
    ['an init container failed for good', spec('Never', [{ name: 'i' }]), [ended(1)], [waiting()], 'Failed'],
    [
      'a sidecar runs, the work is done',
      spec('Never', [{ name: 's', restartPolicy: 'Always' }]),
      [running()],
      [ended(0)],
      'Succeeded',
    ],
    ['ended on request', spec('Always'), [], [ended(143)], 'Failed', true],
    ['ended before it began', spec('Always'), [], [waiting()], 'Failed', true],
  ];
  for (const [what, podSpec, init, main, phase, final = false] of CASES)
    test(`${what}: ${phase}`, () => assert.equal(phaseOf({ spec: podSpec, init, main, final }), phase));

  const facts = {
    spec: spec('Always'),
    present: undefined,
    init: [],
    podIP: '1',
    hostIP: '2',
    startTime: ago(9),
    now: NOW,
    final: false,
  };
  const condition = (result: ReturnType<typeof podStatus>, type: string) =>
    result.conditions?.find((one) => one.type === type);

  test('a condition keeps its time while it stays as it is', () => {
    const before = podStatus({ ...facts, main: [running(false)] });
    const same = podStatus({
      ...facts,
      main: [running(false)],
      present: before,
      now: new Date(NOW.getTime() + 5_000),
    });
    assert.equal(
      condition(same, 'Ready')?.lastTransitionTime,
      condition(before, 'Ready')?.lastTransitionTime,
    );
    assert.match(condition(before, 'Ready')?.message ?? '', /unready status: \[main\]/);
    const changed = podStatus({
      ...facts,
      main: [running()],
      present: before,
      now: new Date(NOW.getTime() + 5_000),
    });
    assert.equal(condition(changed, 'Ready')?.lastTransitionTime, '2026-03-01T12:00:05Z');
  });

  test('a readiness gate that is closed keeps it from being ready, and stays', () => {
    const gate = { type: 'example.com/gate', status: 'False' };
    const gated = {
      ...facts,
      spec: { ...facts.spec, readinessGates: [{ conditionType: gate.type }] },
      present: { conditions: [gate] },
    };
    const result = podStatus({ ...gated, main: [running()] });
    assert.deepEqual(
      [condition(result, 'Ready')?.status, condition(result, 'ContainersReady')?.status],
      ['False', 'True'],
    );
    assert.deepEqual(condition(result, gate.type), gate);
  });

  test('its class follows what it asks for', () => {
    const asking = (resources: object): PodSpec => ({ containers: [{ name: 'main', resources }] });
    assert.equal(qosOf(asking({})), 'BestEffort');
    assert.equal(qosOf(asking({ requests: { cpu: '1' } })), 'Burstable');
    assert.equal(qosOf(asking({ limits: { cpu: '1', memory: '1Gi' } })), 'Guaranteed');
  });

  test('only what changed is written', () => {
    assert.equal(statusPatch({ phase: 'Running', podIP: '1' }, { phase: 'Running', podIP: '1' }), undefined);
    assert.deepEqual(statusPatch({ phase: 'Failed', reason: 'X' }, { phase: 'Running' }), {
      phase: 'Running',
      reason: null,
    });
  });
});

describe('probes', () => {
  const limits = probeLimits({ failureThreshold: 3, successThreshold: 2, periodSeconds: 10 }, 'readiness');
  const feed = (answers: readonly boolean[]) =>
    answers.reduce((state, ok) => count(state, ok, limits), UNKNOWN).verdict;
  test('count in a row', () => {
    assert.equal(feed([true]), undefined);
    assert.equal(feed([true, true]), true);
    assert.equal(feed([true, true, false, false]), true);
    assert.equal(feed([true, true, false, false, true, false, false]), true);
    assert.equal(feed([true, true, false, false, false]), false);
  });
  test('ask quickly until it is ready, then at their period', () => {
    assert.deepEqual(
      [0, 1, 2, 9].map((attempt) => nextDelay('readiness', UNKNOWN, limits, attempt, 0)),
      [25, 50, 100, 100],
    );
    assert.equal(nextDelay('readiness', { ...UNKNOWN, verdict: true }, limits, 0, 0), 10_000);
    assert.equal(nextDelay('readiness', UNKNOWN, limits, 0, 120_000), 10_000);
    assert.equal(nextDelay('liveness', UNKNOWN, limits, 0, 0), 10_000);
  });
  test('go by HTTP, TCP and command, and never throw', async () => {
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/ok' ? 204 : 500).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    const { port } = server.address() as AddressInfo; // a TCP server
    const container = { name: 'm', ports: [{ name: 'http', containerPort: port }] };
    const target = {
      host: LOOPBACK,
      container,
      exec: (command: readonly string[]) => Promise.resolve({ code: Number(command[0]), output: 'no' }),
    };
    const ok = async (probe: object) => (await ask(probe, target, 500)).ok;
    assert.equal(await ok({ httpGet: { path: '/ok', port: 'http' } }), true);
    assert.equal(await ok({ httpGet: { path: '/no', port } }), false);
    assert.equal(await ok({ httpGet: { path: '/', port: 'none' } }), false);
    assert.equal(await ok({ tcpSocket: { port } }), true);
    assert.equal(await ok({ tcpSocket: { port: 1 } }), false);
    assert.equal(await ok({ exec: { command: ['0'] } }), true);
    assert.equal(await ok({ exec: { command: ['1'] } }), false);
    assert.equal(await ok({ grpc: { port } }), false);
    assert.throws(() => portNumber('none', container), /no port named "none"/);
    server.close();
  });
});

test('the first restart is at once, the next after ten seconds, and so on up to five minutes', () => {
  const backoff = createBackoff();
  assert.deepEqual(
    Array.from({ length: 8 }, () => backoff.next(1_000)),
    [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000],
  );
  assert.equal(backoff.next(11 * 60_000), 0, 'ten good minutes are forgiveness');
});

describe('logs', () => {
  const target = { namespace: 'ns', pod: 'p', uid: 'u', container: 'c' };
  async function store(
    maxBytes: number,
    check: (logs: ReturnType<typeof createLogStore>, dir: string) => Promise<void>,
  ): Promise<void> {
    const dir = ownFolder('logs');
    try {
      await check(createLogStore(dir, maxBytes), dir);
    } finally {
      await rm(dir, { recursive: true });
    }
  }
  async function read(logs: ReturnType<typeof createLogStore>, query: LogQuery = {}): Promise<string> {
    let text = '';
    for await (const piece of logs.read(target, query) ?? []) text += piece;
    return text;
  }
  async function written(
    logs: ReturnType<typeof createLogStore>,
    attempt: number,
    ...chunks: (string | Buffer)[]
  ): Promise<void> {
    const sink = logs.open(target, attempt);
    const source = new PassThrough();
    sink.take('stdout', source);
    sink.close();
    for (const chunk of chunks) source.write(chunk);
    source.end();
    await until('the log to close', async () => (await read(logs, { follow: true })) !== undefined);
  }

  test('keep lines whole, however they come', () =>
    store(1e6, async (logs) => {
      const euro = Buffer.from('€');
      await written(logs, 0, 'on', 'e\ntw', 'o\r\n', euro.subarray(0, 1), euro.subarray(1), '\nlast');
      assert.equal(await read(logs), 'one\ntwo\r\n€\nlast\n');
      assert.equal(await read(logs, { limitBytes: 6 }), 'one\ntw');
    }));

  test('join the parts of a long line', () =>
    store(1e6, async (logs) => {
      const long = 'x'.repeat(50_000);
      await written(logs, 0, `${long}\nend\n`);
      assert.equal(await read(logs), `${long}\nend\n`);
    }));

  test('tell this life from the last, and forget those before', () =>
    store(1e6, async (logs) => {
      await written(logs, 0, 'a\n');
      await written(logs, 1, 'b\n');
      await written(logs, 2, 'c\n');
      assert.equal(await read(logs), 'c\n');
      assert.equal(await read(logs, { previous: true }), 'b\n');
      assert.equal(logs.read({ ...target, container: 'other' }, {}), undefined);
    }));

  test('stay within their size', () =>
    store(4_000, async (logs, dir) => {
      const sink = logs.open(target, 0);
      for (let line = 0; line < 400; line += 1) {
        sink.write('stdout', `line ${line}`);
        if (line % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      sink.close();
      const size = async (name: string) => (await stat(join(dir, 'ns_p_u', 'c', name))).size;
      assert.ok((await size('0.log')) <= 5_000 && (await size('0.log.1')) <= 5_000);
      assert.match(await read(logs), /line 399\n$/);
      assert.equal(await read(logs, { tailLines: 2 }), 'line 398\nline 399\n');
    }));

  test('are followed to the end, over the turn of the file', () =>
    store(2_000, async (logs) => {
      const sink = logs.open(target, 0);
      sink.write('stdout', 'line 0');
      const following = read(logs, { follow: true });
      for (let line = 1; line <= 100; line += 1) {
        sink.write('stdout', `line ${line}`);
        // One at a time, so that the reader is never a whole file behind.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      sink.close();
      assert.match(await following, /line 0\n[^]*line 100\n$/);
    }));

  test('stop being followed when nobody listens', () =>
    store(1e6, async (logs) => {
      const sink = logs.open(target, 0);
      sink.write('stdout', 'only');
      const stop = new AbortController();
      const lines: string[] = [];
      const following = (async () => {
        for await (const line of logs.read(target, { follow: true }, stop.signal) ?? []) lines.push(line);
      })();
      await until('the line', () => lines.length === 1);
      stop.abort();
      await following;
      sink.close();
    }));
});

describe('addresses', () => {
  test('each Pod has its own, and keeps the one it had', () => {
    const addresses = createAddresses('seed', true);
    const all = Array.from({ length: 300 }, (_, at) => addresses.take(`pod-${at}`));
    assert.equal(new Set(all).size, 300);
    assert.ok(all.every((address) => /^127\.([2-7]\d|8[0-3])\.\d+\.([1-9]\d*)$/.test(address)));
    assert.equal(addresses.take('pod-7'), all[7]);
    addresses.release('pod-7');
    assert.equal(addresses.take('again', all[7]), all[7]);
    assert.notEqual(addresses.take('other', all[7]), all[7]);
    assert.notEqual(addresses.take('stranger', '10.0.0.1'), '10.0.0.1');
  });
  test('where there is but one address, all share it', () => {
    const addresses = createAddresses('seed', false);
    assert.deepEqual([addresses.take('a'), addresses.take('b')], [LOOPBACK, LOOPBACK]);
  });
});

describe('names', () => {
  const names: Names = {
    addresses: (name) =>
      name === 'web.shop.svc' ? ['127.20.0.1', '127.20.0.2'] : name === 'idle.shop.svc' ? [] : undefined,
    services: (name) =>
      name === '_http._tcp.web.shop.svc' ? [{ port: 80, target: 'web.shop.svc' }] : undefined,
  };
  const query = (name: string, type: 'A' | 'AAAA' | 'SRV') =>
    decode(answerTo(encode({ type: 'query', id: 7, questions: [{ name, type }] }), names) ?? Buffer.alloc(0));
  const code = (answer: ReturnType<typeof decode>) => (answer.flags ?? 0) & 15;

  test('are answered: addresses, ports, nothing for IPv6, no for what is not', () => {
    assert.deepEqual(
      query('WEB.shop.svc', 'A').answers?.map((answer) => 'data' in answer && answer.data),
      ['127.20.0.1', '127.20.0.2'],
    );
    assert.deepEqual([query('web.shop.svc', 'AAAA').answers, code(query('web.shop.svc', 'AAAA'))], [[], 0]);
    assert.equal(query('_http._tcp.web.shop.svc', 'SRV').answers?.length, 1);
    assert.deepEqual([query('idle.shop.svc', 'A').answers, code(query('idle.shop.svc', 'A'))], [[], 0]);
    assert.equal(code(query('none.shop.svc', 'A')), 3);
    assert.equal(answerTo(Buffer.from('not a question'), names), undefined);
  });

  test('what is no question never ends the server', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void answerTo(Buffer.from(bytes), names)),
    );
  });

  test('are asked over UDP, as every container does', async () => {
    const server = await startDns(names);
    const resolve = askServer(server.address);
    assert.deepEqual(await resolve('web.shop.svc'), ['127.20.0.1', '127.20.0.2']);
    assert.deepEqual(await resolve('idle.shop.svc'), []);
    assert.equal(await resolve('none.shop.svc'), undefined);
    await server.close();
  });

  test('are taken apart', () => {
    assert.deepEqual(serviceName('web.shop.svc'), { key: 'shop/web', host: undefined });
    assert.deepEqual(serviceName('db-0.db.shop.svc.cluster.local.'), { key: 'shop/db', host: 'db-0' });
    for (const other of ['example.com', 'svc', 'a.svc', 'a.b.c.d.svc'])
      assert.equal(serviceName(other), undefined);
  });
});

test('use is measured over the whole tree of a container, shared pages once', () => {
  const process = (pid: number, parent: number, cpuTicks: number): ProcessFigures => ({
    pid,
    parent,
    cpuTicks,
    group: pid,
    session: pid,
    startTicks: 1,
    state: 'S',
  });
  let now = [process(10, 1, 0), process(11, 10, 0), process(99, 1, 0)];
  const meter = createMeter(
    () => [{ namespace: 'ns', pod: 'p', container: 'c', pid: 10 }],
    () => now,
    (pid) => ({ own: pid, file: 1_000, shared: pid * 100 }),
  );
  meter.sample();
  assert.deepEqual(meter.containers(), []);
  now = [process(10, 1, 30), process(11, 10, 20), process(99, 1, 900)];
  meter.sample();
  const [usage] = meter.containers();
  assert.equal(usage?.memory, 10 + 11 + 1_000 + 1_100);
  assert.ok((usage?.cpu ?? 0) > 0);
  assert.equal(podMetrics(meter.containers()).length, 1);
});
