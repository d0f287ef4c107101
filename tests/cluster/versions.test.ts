/**
 * Two versions of the API and the webhooks behind them, on kube-apiserver and on the embedded cluster: with the rights the
 * installation gives the operator, through a change of certificates, and while nobody answers.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import {
  API_VERSION,
  customResourceDefinitions,
  FINALIZER,
  GROUP,
  OLD_VERSION,
  SYSTEM_NAMESPACE,
} from '../../crds/index.ts';
import { issueApart } from '../../operator/admission/certificate.ts';
import { installAdmission } from '../../operator/admission/install.ts';
import { rotate } from '../../operator/admission/rotation.ts';
import type { AdmissionServer } from '../../operator/admission/server.ts';
import {
  OLD_KINDS,
  shopServices,
  tenants,
  type ServiceObject,
  type TenantObject,
} from '../../operator/controllers/kinds.ts';
import { createClient, type Client } from '../../operator/kube/client.ts';
import { systemClock, type Clock } from '../../operator/kube/clock.ts';
import { KubeError } from '../../operator/kube/errors.ts';
import { configMaps, namespaces } from '../../operator/kube/resources.ts';
import { testLog } from '../../operator/kube/testing/log.ts';
import type { KubeObject, ResourceType } from '../../operator/kube/types.ts';
import { install } from '../../operator/plugin/start/install.ts';
import { installManifests } from '../../operator/resources/install.ts';
import { defaultValues } from '../../operator/resources/values.ts';
import { startControlPlane as startEmbedded } from '../faults/control-plane.ts';
import { clientOf } from '../support/cluster.ts';
import { freePort } from '../support/port.ts';
import { until } from '../support/wait.ts';
import { startControlPlane } from './control-plane.ts';
import { operatorsConnection } from './operator-in-process.ts';

const CLUSTERS = [
  {
    name: 'the embedded cluster',
    start: async () => {
      const { kubeconfig, close } = await startEmbedded();
      return { kubeconfig, stop: close };
    },
  },
  { name: 'kube-apiserver', start: () => startControlPlane() },
];

const [oldTenants = tenants] = OLD_KINDS as readonly [ResourceType?];
const OLD = `${GROUP}/${OLD_VERSION}`;
const DAY = 86_400_000;
const GIVEN_RIGHTS = [
  'Namespace',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
];

/** What the installation has of webhooks, at an address of this machine: no node runs the operator's Pods here. */
function installation(port: number): KubeObject[] {
  // A deep copy without the types of the builders, which are readonly.
  const objects = JSON.parse(
    JSON.stringify([...customResourceDefinitions(), ...installManifests(defaultValues())]),
  ) as KubeObject[];
  return objects
    .filter(
      ({ kind }) =>
        [...GIVEN_RIGHTS, 'CustomResourceDefinition'].includes(kind) || kind.endsWith('WebhookConfiguration'),
    )
    .map((object) => withAddress(object, port) as KubeObject);
}

/** Every `clientConfig.service` as an address of this machine. */
function withAddress(value: unknown, port: number): unknown {
  if (Array.isArray(value)) return value.map((item) => withAddress(item, port));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, field]) => {
    const path = key === 'clientConfig' ? (field as { service: { path: string } }).service.path : undefined;
    return [key, path === undefined ? withAddress(field, port) : { url: `https://localhost:${port}${path}` }];
  });
  return Object.fromEntries(entries);
}

/** As a client writes it: defaults are left to the server, so the type of what is stored is promised too early. */
function tenant(name: string, spec: object, apiVersion = API_VERSION): TenantObject {
  const whole = { displayName: name, hosts: [`${name}.localhost`], ...spec };
  return { apiVersion, kind: 'ShopMindTenant', metadata: { name }, spec: whole } as unknown as TenantObject;
}

function specOf(object: KubeObject): Readonly<Record<string, unknown>> {
  return (object as unknown as { spec: Record<string, unknown> }).spec;
}

for (const { name, start } of CLUSTERS) {
  describe(`versions and webhooks on ${name}`, () => {
    let stop: () => Promise<void>;
    let admin: Client;
    let operator: Client;
    const replicas: AdmissionServer[] = [];
    const stopping = new AbortController();
    let daysAgo = 60;
    /** The wall clock stands where the test says; API servers go by the real one. */
    const clock: Clock = { ...systemClock, now: () => new Date(Date.now() - daysAgo * DAY) };
    const rotation = () => ({
      client: operator,
      names: ['localhost'],
      issue: issueApart,
      clock,
      log: testLog().log,
    });

    async function replica(port: number): Promise<void> {
      replicas.push(
        await installAdmission(
          {
            ...rotation(),
            host: '127.0.0.1',
            port,
            around: () => ({
              ownerOf: (host) => (host === 'taken.localhost' ? 'bolt' : undefined),
              platformHosts: () => [],
              baseDomain: () => 'localhost',
              secretExists: async () => true,
            }),
          },
          stopping.signal,
        ),
      );
    }

    before(async () => {
      const cluster = await start();
      stop = cluster.stop;
      admin = await clientOf(cluster.kubeconfig);
      const port = await freePort();
      await install(admin, installation(port));
      operator = createClient({
        connection: await operatorsConnection(admin),
        userAgent: 'shopmind-operator',
      });
      // An authority that will soon have a successor.
      daysAgo = 285;
      await rotate({ ...rotation(), use: async () => undefined });
      daysAgo = 60;
      await replica(port);
      await replica(await freePort());
    });

    after(async () => {
      stopping.abort();
      for (const server of replicas) await server.close();
      operator?.close();
      admin?.close();
      await stop?.();
    });

    /** What a new connection to a replica is shown. */
    async function shownBy({ port }: AdmissionServer): Promise<string> {
      // Only the certificate is looked at; whether API servers trust it is what everything else here tests.
      const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { fingerprint256 } = new X509Certificate(socket.getPeerCertificate(true).raw);
      socket.destroy();
      return fingerprint256;
    }

    const readOld = (tenantName: string): Promise<KubeObject> => admin.get(oldTenants, { name: tenantName });

    test('what is written in one version is read in both', async () => {
      await admin.create(oldTenants, tenant('old', { domains: { orders: { enabled: false } } }, OLD));
      const asNew = await admin.get(tenants, { name: 'old' });
      assert.deepEqual(asNew.spec.domains, [{ name: 'orders', enabled: false }]);
      await admin.create(tenants, tenant('new', { domains: [{ name: 'orders', enabled: false }] }));
      const asOld = await readOld('new');
      assert.equal(asOld.apiVersion, OLD);
      assert.deepEqual(specOf(asOld)['domains'], { orders: { enabled: false } });
    });

    test('a list and a watch of the old version hold every object', async () => {
      const { items, metadata } = await admin.listAll(oldTenants);
      assert.deepEqual(items.map(({ metadata }) => metadata.name).toSorted(), ['new', 'old']);
      const seen: KubeObject[] = [];
      const ended = new AbortController();
      const { resourceVersion } = metadata;
      const from = resourceVersion === undefined ? {} : { resourceVersion };
      const watching = admin.watch(oldTenants, { ...from, signal: ended.signal }, ({ type, object }) => {
        if (type !== 'BOOKMARK') seen.push(object);
      });
      await admin.patch(tenants, { name: 'new' }, { kind: 'merge', body: { spec: { plan: 'growth' } } });
      const object = await until(() => seen[0], { withinMs: 10_000, what: 'the change' });
      ended.abort();
      await watching.catch(() => undefined);
      assert.deepEqual([object.apiVersion, specOf(object)['plan']], [OLD, 'growth']);
    });

    test('two managers that write in two versions each keep what is theirs', async () => {
      const apply = (type: ResourceType, fieldManager: string, object: object) =>
        admin.apply(type, object as KubeObject, { fieldManager });
      const head = (apiVersion: string) => ({
        apiVersion,
        kind: 'ShopMindTenant',
        metadata: { name: 'new' },
      });
      await apply(oldTenants, 'elder', { ...head(OLD), spec: { domains: { catalog: { enabled: true } } } });
      await apply(tenants, 'younger', { ...head(API_VERSION), spec: { domains: [{ name: 'accounts' }] } });
      const names = async () =>
        (await admin.get(tenants, { name: 'new' })).spec.domains.map((domain) => domain.name).toSorted();
      assert.deepEqual(await names(), ['accounts', 'catalog', 'orders']);
      await apply(oldTenants, 'elder', { ...head(OLD), spec: {} });
      assert.deepEqual(await names(), ['accounts', 'orders']);
    });

    test('a field of the old version is refused by its own name', async () => {
      const wrong = tenant('wrong', { domains: { weather: {} } }, OLD);
      await assert.rejects(admin.create(oldTenants, wrong), /spec\.domains: .*use one of accounts/);
    });

    test('a tenant that names no host gets one; a host of another is refused in both versions', async () => {
      const nameless = tenant('hostless', {});
      delete (specOf(nameless) as Record<string, unknown>)['hosts'];
      assert.deepEqual(specOf(await admin.create(tenants, nameless))['hosts'], ['hostless.localhost']);
      for (const [type, version] of [
        [tenants, API_VERSION],
        [oldTenants, OLD],
      ] as const)
        await assert.rejects(
          admin.create(type as ResourceType, tenant('greedy', { hosts: ['taken.localhost'] }, version)),
          /taken\.localhost belongs to tenant bolt/,
        );
    });

    test('both replicas show one certificate, follow a new authority, and no conversion fails on the way', async () => {
      const shown = new Set<string>();
      for (const days of [60, 9, 0]) {
        daysAgo = days;
        const asked = Array.from({ length: 5 }, () => readOld('old'));
        for (const server of replicas)
          await rotate({ ...rotation(), use: async (serving) => server.use(serving) });
        const [one, other] = await Promise.all(replicas.map(shownBy));
        assert.equal(one, other);
        shown.add(one ?? '');
        await Promise.all(asked);
        // The API server has read its configuration anew within moments; it trusts the old one as well.
        await readOld('old');
      }
      assert.equal(shown.size, 2);
    });

    test('while nobody answers only the old version fails, and at once; what is deleted goes', async () => {
      for (const server of replicas) await server.close();
      // One that nobody has read in the old version before: servers may remember what they have converted.
      await assert.rejects(readOld('hostless'), (error) => error instanceof KubeError && error.code === 500);
      await admin.patch(tenants, { name: 'old' }, { kind: 'merge', body: { spec: { suspended: true } } });
      await admin.create(tenants, tenant('meanwhile', {}));
      await admin.patch(
        tenants,
        { name: 'meanwhile' },
        { kind: 'merge', body: { metadata: { finalizers: [FINALIZER] } } },
      );
      await admin.patch(
        tenants,
        { name: 'meanwhile' },
        { kind: 'merge', body: { metadata: { finalizers: [] } } },
      );
      await admin.delete(tenants, { name: 'meanwhile' });
      await deletesNamespace();
    });

    /** The garbage collector and the namespace controller use the version that discovery prefers. */
    async function deletesNamespace(): Promise<void> {
      const namespace = 'busy';
      await admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      const service = { image: 'shopmind/test' };
      const make = (serviceName: string) =>
        admin.create(shopServices, {
          apiVersion: API_VERSION,
          kind: 'Service',
          metadata: { name: serviceName, namespace },
          spec: service,
        } as unknown as ServiceObject);
      const owner = await make('owner');
      await make('left');
      const { uid = '' } = owner.metadata;
      await admin.create(configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'owned',
          namespace,
          ownerReferences: [{ apiVersion: API_VERSION, kind: 'Service', name: 'owner', uid }],
        },
      });
      await admin.delete(shopServices, { namespace, name: 'owner' }, { propagation: 'Background' });
      // kube-controller-manager looks for new kinds every half minute, and waits longer each time it found something left.
      const gone = { withinMs: 240_000 };
      await until(
        async () =>
          (await admin.find(configMaps, { namespace, name: 'owned' })) === undefined ? true : undefined,
        { ...gone, what: 'the owned object is collected' },
      );
      await admin.delete(namespaces, { name: namespace });
      await until(
        async () => ((await admin.find(namespaces, { name: namespace })) === undefined ? true : undefined),
        { ...gone, what: 'the namespace is gone' },
      );
    }

    test('what the operator keeps of its certificates it keeps in one Secret of the system namespace', async () => {
      const secrets = JSON.parse(
        await admin.raw('GET', `/api/v1/namespaces/${SYSTEM_NAMESPACE}/secrets`),
      ) as {
        items: { metadata: { name: string }; data: object }[];
      };
      const [own] = secrets.items.filter(({ metadata }) => metadata.name === 'operator-webhook');
      assert.deepEqual(Object.keys(own?.data ?? {}).toSorted(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
    });
  });
}
