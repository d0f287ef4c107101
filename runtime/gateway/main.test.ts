/** The gateway as a process: starting, stopping in good order, and clients that mean no good. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startFakeServer, type FakeServer } from '../../operator/kube/testing/fake-server.ts';
import { ended } from '../../tests/support/ended.ts';
import { own, ownFolder } from '../../tests/support/owned.ts';
import { askPort, startPod, SYSTEM, type Answer, type PodServer } from './testing/world.ts';
import { freePort } from '../../tests/support/port.ts';

describe('the gateway process', () => {
  const folder = ownFolder('gateway');
  let api: FakeServer;
  let pod: PodServer;
  let gateway: ChildProcess;
  let port: number;
  let adminPort: number;
  let release = (): void => undefined;

  before(async () => {
    api = await startFakeServer();
    pod = await startPod((request, response) => {
      if (request.url !== '/slow') return void response.end('fast');
      response.writeHead(200);
      response.write('half ');
      release = () => void response.end('whole');
    });
    const meta = { name: 'runtime', namespace: SYSTEM };
    api.put('services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: { ports: [{ port: 8080 }] },
    });
    api.put('endpointslices', {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...meta, labels: { 'kubernetes.io/service-name': 'runtime' } },
      ports: [{ port: pod.port }],
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
    });
    api.put('httproutes', {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { ...meta, name: 'acme' },
      spec: {
        parentRefs: [{ name: 'shopmind' }],
        hostnames: ['acme.localhost'],
        rules: [{ backendRefs: [{ name: 'runtime', port: 8080 }] }],
      },
    });
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        'current-context': 'fake',
        contexts: [{ name: 'fake', context: { cluster: 'fake' } }],
        clusters: [{ name: 'fake', cluster: { server: api.connection.server.href } }],
      }),
    );
    [port, adminPort] = [await freePort(), await freePort()];
    gateway = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
      env: {
        ...process.env,
        KUBECONFIG: kubeconfig,
        POD_IP: '127.0.0.1',
        PORT: String(port),
        ADMIN_PORT: String(adminPort),
        LOG_LEVEL: 'warn',
        MAX_CONNECTIONS: '20',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    own(gateway);
  });

  after(async () => {
    if (gateway.exitCode === null) gateway.kill('SIGKILL');
    await pod.close();
    await api.close();
    rmSync(folder, { recursive: true });
  });

  const ask = (path: string): Promise<Answer> => askPort(port, 'acme.localhost', path, {});
  const ready = async (): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
    return `${response.status} ${await response.text()}`;
  };

  test('is not ready, and says why, until it knows all routes', async () => {
    const open = api.intercept(({ path }) => (path.endsWith('/httproutes') ? { kind: 'reset' } : undefined));
    await eventually(async () => assert.match(await ready(), /^503 \[-\] routes: httproutes not read yet/));
    await eventually(async () => assert.equal((await ask('/')).status, 503));
    open();
    await eventually(async () => assert.match(await ready(), /^200/));
    assert.equal((await ask('/')).body, 'fast');
  });

  test('shows its figures', async () => {
    const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    assert.match(
      text,
      /shopmind_gateway_requests_total\{tenant="shopmind-system\/acme",class="page",status="200"\} \d+/,
    );
    assert.match(text, /shopmind_gateway_routes 1/);
  });

  test('turns away connections beyond its limit, and serves again when they are gone', async () => {
    const idle = Array.from({ length: 40 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    // All from one address, which has more than its share.
    await eventually(async () => assert.equal((await ask('/')).status, 429));
    for (const socket of idle) socket.destroy();
    await eventually(async () => assert.equal((await ask('/')).status, 200));
  });

  test('lets requests under way finish when it is told to stop, and takes no new ones', async () => {
    const slow = ask('/slow');
    await eventually(async () => assert.match(String(release), /whole/));
    gateway.kill('SIGTERM');
    await eventually(() => assert.rejects(ask('/')));
    release();
    assert.equal((await slow).body, 'half whole');
    assert.equal(await ended(gateway), 0);
  });
});

async function eventually(check: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await check();
      return;
    } catch (error) {
      if (attempt >= 3_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
