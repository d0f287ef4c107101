/**
 * The operator's own reflectors and controllers in this process, against any API server, with the rights the installation
 * gives it and a data plane that does nothing: for tests of the objects it makes.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { customResourceDefinitions, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { createControllers } from '../../operator/controllers/index.ts';
import { createFakeMoves } from '../../operator/controllers/testing/moves.ts';
import type { Outside } from '../../operator/controllers/live.ts';
import { createReflectors, type Reflectors } from '../../operator/controllers/reflectors.ts';
import { createClient, type Client } from '../../operator/kube/client.ts';
import { createMetrics } from '../../operator/kube/metrics.ts';
import { configMaps } from '../../operator/kube/resources.ts';
import type { KubeObject } from '../../operator/kube/types.ts';
import { install } from '../../operator/plugin/start/install.ts';
import { installManifests } from '../../operator/resources/install.ts';
import { InstallValues } from '../../operator/resources/values.ts';

const GATEWAY_API = new URL('../../operator/resources/crds/gateway-api.yaml', import.meta.url);
/** What a control plane without nodes can hold of an installation, and the admission of the operator apart. */
const KEPT = ['Namespace', 'ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];

export interface OperatorInProcess {
  readonly reflectors: Reflectors;
  /** What makes it not ready, if anything: what its health page would say of its caches. */
  unsynced(): readonly string[];
  /** Further keys of ConfigMap platform. */
  configure(config: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

/** @param admin an administrator's client of the API server */
export async function startOperatorInProcess(admin: Client): Promise<OperatorInProcess> {
  await install(admin, await installation());
  const client = createClient({
    connection: await operatorsConnection(admin),
    userAgent: 'shopmind-operator',
  });
  const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' }, pino.destination(2));
  const stop = new AbortController();
  const reflectors = createReflectors(client, log);
  const watching = reflectors.run(stop.signal);
  const controllers = createControllers({
    client,
    reflectors,
    log,
    metrics: createMetrics(),
    events: { record: () => undefined, flush: async () => undefined },
    images: { runtime: 'shopmind/runtime', recovery: 'shopmind/recovery', pullPolicy: 'Never' },
    gatewayPort: 8080,
    outside: NOTHING_OUTSIDE,
  });
  const working = Promise.all(controllers.all.map((controller) => controller.run(stop.signal)));
  return {
    reflectors,
    unsynced: () => reflectors.all.filter((one) => !one.hasSynced()).map((one) => one.type.plural),
    configure: async (config) =>
      void (await admin.patch(
        configMaps,
        { namespace: SYSTEM_NAMESPACE, name: 'platform' },
        { kind: 'merge', body: { data: config } },
      )),
    async stop() {
      stop.abort();
      await Promise.all([working, watching]);
      await controllers.world.close();
      client.close();
    },
  };
}

/** Everything is provisioned, served and paid for. */
const NOTHING_OUTSIDE: Outside = {
  openDataPlane: async () => ({
    addresses: async () => ({}),
    ensurePool: async () => [],
    distrust: () => undefined,
    ensureTenant: async () => [],
    planTenant: async () => [],
    knows: async () => true,
    unregister: async () => [],
    destroyTenant: async () => [],
    moves: createFakeMoves((_, act) => Promise.resolve(act())),
    ensureTarget: async () => [],
    ping: async () => undefined,
    close: async () => undefined,
  }),
  runtime: {
    serves: async () => true,
    startImport: async () => {
      throw new Error('nothing is imported here');
    },
    importReport: async () => undefined,
  },
};

async function installation(): Promise<KubeObject[]> {
  const text = await readFile(GATEWAY_API, 'utf8');
  const gatewayApi = text.split('\n').filter((line) => line.startsWith('{'));
  const values = InstallValues.parse({ image: { pullPolicy: 'Never' } });
  return [
    ...gatewayApi.map((line): KubeObject => JSON.parse(line)),
    // Builders return deeply readonly objects; the client sends them as JSON and changes nothing.
    ...(customResourceDefinitions() as readonly unknown[] as KubeObject[]),
    ...(installManifests(values) as readonly unknown[] as KubeObject[]).filter(
      ({ kind, apiVersion }) =>
        KEPT.includes(kind) || (kind === 'Service' && apiVersion.startsWith('shopmind')),
    ),
    platform('ConfigMap', { BLOBS_URL: 'file:///blobs/', PUBLIC_PORT: '8080' }),
    platform('Secret', {
      DATABASE_ADMIN_URL: encoded('postgres://postgres.shopmind-system.svc:5432/shopmind'),
      SECRETS_KEY: encoded(randomBytes(32).toString('base64')),
    }),
  ];
}

function platform(kind: string, data: Readonly<Record<string, string>>): KubeObject {
  const object = {
    apiVersion: 'v1',
    kind,
    metadata: { name: 'platform', namespace: SYSTEM_NAMESPACE },
    data,
  };
  return object;
}

const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** A connection with the rights of the installed operator: without the administrator's certificate, which would win over the token. */
export async function operatorsConnection(admin: Client): Promise<Client['connection']> {
  const { server, tls, namespace } = admin.connection;
  const authorization = `Bearer ${await tokenOf(admin)}`;
  return {
    server,
    namespace,
    tls: tls.ca === undefined ? {} : { ca: tls.ca },
    authorization: () => authorization,
  };
}

/** Of the operator's own ServiceAccount: whatever it may not do fails here. */
async function tokenOf(client: Client): Promise<string> {
  const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/serviceaccounts/operator/token`;
  const body = JSON.stringify({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  });
  const answer = await client.raw('POST', path, { headers: { 'content-type': 'application/json' }, body });
  // TokenRequest of the authentication API, v1.
  return (JSON.parse(answer) as { status: { token: string } }).status.token;
}
