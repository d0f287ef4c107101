/**
 * The world a fault happens in: an API server with ShopMind installed, a real PostgreSQL behind a proxy, the stage
 * around the operator, and any number of operator processes, each behind a proxy of its own.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Pool } from 'pg';
import { API_VERSION, customResourceDefinitions, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import { tenants, type TenantObject } from '../../operator/controllers/kinds.ts';
import { createClient, type Client } from '../../operator/kube/client.ts';
import { KubeError } from '../../operator/kube/errors.ts';
import { loadConnection, type Connection } from '../../operator/kube/kubeconfig.ts';
import { services } from '../../operator/kube/resources.ts';
import type { KubeObject } from '../../operator/kube/types.ts';
import { install } from '../../operator/plugin/start/install.ts';
import { installManifests } from '../../operator/resources/install.ts';
import { InstallValues } from '../../operator/resources/values.ts';
import { ownFolder } from '../support/owned.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { until } from '../support/wait.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { startOperatorProcess, type OperatorProcess } from './operator-process.ts';
import { BOUND_MS } from './profile.ts';
import { startProxy, type Hooks, type Proxy } from './proxy.ts';
import { startSqlProxy, type SqlProxy } from './sql-proxy.ts';
import { startStage, type Stage } from './stage.ts';

const GATEWAY_API = new URL('../../operator/resources/crds/gateway-api.yaml', import.meta.url);
const VALUES = InstallValues.parse({
  image: { pullPolicy: 'Never' },
  networkPolicies: { enabled: false },
  admissionPolicy: { enabled: false },
});

/** An operator under test, and what stands between it and its API server. */
export interface Operator {
  readonly process: OperatorProcess;
  readonly proxy: Proxy;
  readonly client: Client;
  readonly address: string;
}

export interface World {
  readonly controlPlane: ControlPlane;
  /** An administrator's, past every proxy. */
  readonly client: Client;
  readonly postgres: TestPostgres;
  /** Superuser, past the proxy. */
  readonly database: Pool;
  readonly sql: SqlProxy;
  readonly stage: Stage;
  readonly secretsKey: string;
  /** Folder of the blob store. */
  readonly blobs: string;
  /** URL of the operator's own way to the database. */
  readonly databaseAdminUrl: string;
  /** Starts an operator process; resolves when its controllers work. */
  startOperator(options?: OperatorOptions): Promise<Operator>;
  /** The last complaints of the operators that run, for messages. */
  complaints(): readonly string[];
  /** Creates or changes a tenant; waits for an operator to answer admission. */
  put(name: string, spec: object): Promise<TenantObject>;
  close(): Promise<void>;
}

export interface OperatorOptions {
  readonly podName?: string;
  readonly runtimeImage?: string;
  readonly hooks?: Hooks;
  /** See `OperatorEnv.restarts`. */
  readonly restarts?: boolean;
  /** `elected`: works; `started`: runs, perhaps as a standby. */
  readonly until?: 'elected' | 'started';
}

export async function createWorld(): Promise<World> {
  const dir = ownFolder('world');
  const [controlPlane, postgres] = await Promise.all([startControlPlane(), startTestPostgres()]);
  const connection = await loadConnection({ KUBECONFIG: controlPlane.kubeconfig });
  const client = createClient({ connection, userAgent: 'faults' });
  const database = new Pool({ connectionString: postgres.adminUrl, max: 8 });
  database.on('error', () => undefined);
  const sql = await startSqlProxy(postgres.port);
  const [stageAddress, operatorAddress] = loopbackAddresses();
  const stage = await startStage({
    client,
    database,
    address: stageAddress,
    schedules: !controlPlane.hasScheduler,
  });
  const secretsKey = randomBytes(32).toString('base64');
  const databaseAdminUrl = `postgres://postgres@127.0.0.1:${sql.port}/shopmind`;
  const blobs = join(dir, 'blobs');
  await install(
    client,
    await objectsOf({
      BLOBS_URL: pathToFileURL(`${blobs}/`).href,
      PAYMENTS_URL: stage.processorUrl,
      PUBLIC_PORT: '8080',
      databaseAdminUrl,
      secretsKey,
    }),
  );
  const token = await tokenOf(client);
  let started = 0;
  const running = new Set<Operator>();

  const world: World = {
    controlPlane,
    client,
    postgres,
    database,
    sql,
    stage,
    secretsKey,
    blobs,
    databaseAdminUrl,
    async startOperator(options = {}) {
      for (const one of running) if (one.process.hasEnded()) running.delete(one);
      const proxy = await startProxy(connection);
      proxy.hooks = options.hooks ?? {};
      started += 1;
      const kubeconfig = join(dir, `operator-${started}`);
      await writeFile(kubeconfig, kubeconfigOf(proxy.url, token));
      const podName = options.podName ?? 'operator-0';
      // A second operator beside the first needs an address of its own.
      const address =
        podName === 'operator-0'
          ? operatorAddress
          : operatorAddress.replace(/\d+$/, String(1 + (started % 200)));
      const process = startOperatorProcess({
        kubeconfig,
        address,
        dns: stage.dns,
        podName,
        runtimeImage: options.runtimeImage ?? 'shopmind/runtime:1',
        restarts: options.restarts ?? false,
      });
      const operator = { process, proxy, client, address };
      running.add(operator);
      await pointWebhookAt(client, address);
      if (options.until === 'started') return operator;
      await until(() => (process.log.some(({ msg }) => msg === 'controllers work') ? true : undefined), {
        withinMs: BOUND_MS,
        everyMs: 10,
        what: 'the operator to work',
      }).catch((error: unknown) => {
        throw new Error(tail(process), { cause: error });
      });
      return operator;
    },
    complaints: () =>
      [...running].flatMap(({ process }) => [
        ...process.log
          .filter(({ level }) => level >= 40)
          .slice(-5)
          .map((line) => JSON.stringify(line).slice(0, 1_500)),
        ...process.noise.slice(-5),
        ...(process.hasEnded() ? [`an operator has ended with ${process.exitCode()}`] : []),
      ]),
    put: (name, spec) =>
      patiently(() =>
        client.apply(
          tenants,
          {
            apiVersion: API_VERSION,
            kind: 'ShopMindTenant',
            metadata: { name },
            spec,
            // The base type of objects names no spec.
          } as KubeObject,
          { fieldManager: 'merchant', force: true },
        ),
      ),
    async close() {
      for (const { process, proxy } of running) {
        process.wake();
        await process.kill();
        await proxy.close();
      }
      await stage.close();
      client.close();
      await database.end();
      await sql.close();
      await Promise.all([controlPlane.close(), postgres.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}

/** The last words of a process, for messages. */
export function tail({ log, noise }: OperatorProcess): string {
  return [...log.slice(-8).map((line) => JSON.stringify(line)), ...noise.slice(-8)].join('\n');
}

/** Ends an operator as a power cut would: what it had sent and was not answered is lost or not, as it happens. */
export async function kill({ process, proxy }: Operator): Promise<void> {
  const gone = process.kill();
  await proxy.close();
  await gone;
}

async function objectsOf(options: {
  readonly BLOBS_URL: string;
  readonly PAYMENTS_URL: string;
  readonly PUBLIC_PORT: string;
  readonly databaseAdminUrl: string;
  readonly secretsKey: string;
}): Promise<KubeObject[]> {
  const { databaseAdminUrl, secretsKey, ...config } = options;
  const gatewayApi = await readFile(GATEWAY_API, 'utf8');
  const lines = gatewayApi.split('\n').filter((line) => line.startsWith('{'));
  // The operator under test runs outside of the cluster, and the gateway is played.
  const elsewhere = (object: KubeObject): boolean =>
    ['Deployment', 'PodDisruptionBudget', 'NetworkPolicy'].includes(object.kind) &&
    /^(operator|gateway)/.test(object.metadata.name);
  const values: Record<string, string> = {
    DATABASE_ADMIN_URL: databaseAdminUrl,
    PAYMENTS_SECRET: 'the stage asks for no secret',
    SECRETS_KEY: secretsKey,
  };
  return [
    ...lines.map((line): KubeObject => JSON.parse(line)),
    // Builders return deeply readonly objects; the client sends them as JSON and changes nothing.
    ...(customResourceDefinitions() as readonly unknown[] as KubeObject[]),
    ...(installManifests(VALUES) as readonly unknown[] as KubeObject[]).filter(
      (object) => !elsewhere(object),
    ),
    platformObject('ConfigMap', config),
    platformObject(
      'Secret',
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
      ),
    ),
  ];
}

function platformObject(kind: string, data: Readonly<Record<string, string>>): KubeObject {
  const object = {
    apiVersion: 'v1',
    kind,
    metadata: { name: 'platform', namespace: SYSTEM_NAMESPACE },
    data,
  };
  return object;
}

/** The operator is no Pod here: API servers are sent to where it is, the youngest where there are several. */
async function pointWebhookAt(client: Client, address: string): Promise<void> {
  const spec = { type: 'ExternalName', externalName: address, selector: null };
  await client.patch(
    services,
    { namespace: SYSTEM_NAMESPACE, name: 'operator' },
    { kind: 'merge', body: { spec } },
  );
}

/** The operator runs with exactly the rights the installation gives it. */
async function tokenOf(client: Client): Promise<string> {
  const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/serviceaccounts/operator/token`;
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 86_400 },
  };
  const answer = await client.raw('POST', path, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (JSON.parse(answer) as { status: { token: string } }).status.token;
}

function kubeconfigOf(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

/** An update is refused while no operator answers admission; that passes. */
export async function patiently<T>(act: () => Promise<T>, withinMs = BOUND_MS): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      const passes =
        error instanceof KubeError &&
        !isIllTyped(error) &&
        (error.retryable || /failed calling webhook/.test(error.message));
      if (!passes || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** An API server answers 500 to the apply of a value of another type than the schema's; it will say so again. */
export const isIllTyped = ({ message }: KubeError): boolean =>
  message.includes('failed to create typed patch object');

export type { Connection };

/** Two neighbours in 127.0.0.0/8, so that several worlds fit on one machine. */
function loopbackAddresses(): [stage: string, operator: string] {
  const net = `127.${randomInt(100, 250)}.${randomInt(1, 255)}`;
  return [`${net}.250`, `${net}.251`];
}
