import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { systemClock } from '../../operator/kube/clock.ts';
import { until } from '../../operator/kube/testing/wait.ts';
import type { HttpRoute } from './httproute.ts';
import { reportStatus } from './status.ts';
import { startWorld, SYSTEM, type World } from './testing/world.ts';

let world: World;
let stop: AbortController;
let reporting: Promise<void>;

beforeEach(async () => {
  world = await startWorld();
  stop = new AbortController();
  reporting = reportStatus(
    {
      client: world.api.client(),
      log: world.log.log,
      clock: systemClock,
      gateway: { namespace: SYSTEM, name: 'shopmind' },
      discovery: world.discovery,
      lostHosts: world.table.lostHosts,
      attachedRoutes: () => world.table.size,
    },
    stop.signal,
  );
});

afterEach(async () => {
  stop.abort();
  await reporting;
  await world.close();
});

const route = (host: string): object => ({
  hostnames: [host],
  rules: [{ backendRefs: [{ name: 'runtime', port: 8080 }] }],
});

const condition = (name: string, type: string): string | undefined => {
  const live = world.api.get('httproutes', `${SYSTEM}/${name}`) as HttpRoute | undefined;
  const found = live?.status?.parents?.[0]?.conditions.find((each) => each.type === type);
  return found === undefined ? undefined : `${found.status} ${found.reason}: ${found.message}`;
};

test('a route is accepted, and resolved as soon as its Service exists', async () => {
  await world.route('acme', route('acme.localhost'));
  await until(() => condition('acme', 'Accepted') === 'True Accepted: ', 'it is accepted');
  await until(
    () =>
      condition('acme', 'ResolvedRefs') ===
      'False BackendNotFound: there is no Service shopmind-system/runtime',
    'the missing Service is named',
  );
  await world.service('runtime', []);
  await until(() => condition('acme', 'ResolvedRefs') === 'True ResolvedRefs: ', 'it is resolved');
});

test('the route of a Service is told what became of it, too', async () => {
  for (const name of ['runtime', 'runtime-canary']) await world.service(name, []);
  const parentRefs = [{ group: '', kind: 'Service', name: 'runtime', port: 8080 }];
  await world.route('split', { ...route(''), hostnames: undefined, parentRefs });
  await until(() => condition('split', 'Accepted') === 'True Accepted: ', 'it is accepted');
  assert.equal(condition('split', 'ResolvedRefs'), 'True ResolvedRefs: ');
});

test('a route whose host belongs to another learns so, and gets it when the other goes', async () => {
  await world.service('runtime', []);
  await world.route('first', route('a.localhost'), { creationTimestamp: '2026-01-01T00:00:00Z' });
  await world.route('second', route('a.localhost'));
  await until(
    () => condition('second', 'Accepted')?.startsWith('False HostnameConflict: a.localhost belongs') === true,
    'the conflict is told',
  );
  world.api.remove('httproutes', `${SYSTEM}/first`);
  await until(() => condition('second', 'Accepted') === 'True Accepted: ', 'it has the host now');
});

test('Gateway and class are told once, and nothing is written when nothing changes', async () => {
  world.api.put('gatewayclasses', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'shopmind' },
    spec: { controllerName: 'shopmind.ai/gateway' },
  });
  world.api.put('gateways', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'shopmind', namespace: SYSTEM },
    spec: { gatewayClassName: 'shopmind', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  });
  await world.service('runtime', []);
  await world.route('acme', route('acme.localhost'));
  const attached = (): number | undefined =>
    (
      world.api.get('gateways', `${SYSTEM}/shopmind`) as unknown as
        | { status?: { listeners?: { attachedRoutes: number }[] } }
        | undefined
    )?.status?.listeners?.[0]?.attachedRoutes;
  await until(() => attached() === 1, 'the Gateway counts its route');
  await until(() => condition('acme', 'ResolvedRefs') === 'True ResolvedRefs: ', 'the route is told');
  const before = world.api.writes().length;
  await world.service('runtime', []);
  world.api.bookmark();
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(world.api.writes().length, before);
});
