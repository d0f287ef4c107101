/**
 * What end-to-end tests ask the cluster of an installation: its objects, its database, its processes.
 */
import pg from 'pg';
import { createClient, type Client } from '../../operator/kube/client.ts';
import { loadConnection } from '../../operator/kube/kubeconfig.ts';
import { pods, secrets, type Pod } from '../../operator/kube/resources.ts';
import { processTree } from './processes.ts';
import type { Installation } from './installation.ts';

const SYSTEM = 'shopmind-system';

/** A client of any cluster. @param kubeconfig path of the file */
export async function clientOf(kubeconfig: string, userAgent = 'tests'): Promise<Client> {
  return createClient({ connection: await loadConnection({ KUBECONFIG: kubeconfig }), userAgent });
}

export function clusterOf(installation: Installation): Promise<Client> {
  return clientOf(installation.kubeconfig, 'e2e');
}

export async function secretValue(
  client: Client,
  namespace: string,
  name: string,
  key: string,
): Promise<string> {
  const secret = await client.get(secrets, { namespace, name });
  const value = secret.data?.[key];
  if (value === undefined) throw new Error(`secret ${namespace}/${name} has no key ${key}`);
  return Buffer.from(value, 'base64').toString('utf8');
}

/** The merchant's key of a tenant. */
export function adminToken(client: Client, tenant: string, namespace = SYSTEM): Promise<string> {
  return secretValue(client, namespace, `${tenant}-admin`, 'token');
}

/** Runs `work` with a superuser's connection to the installation's database. */
export async function withDatabase<T>(client: Client, work: (db: pg.Client) => Promise<T>): Promise<T> {
  const url = new URL(await secretValue(client, SYSTEM, 'platform', 'DATABASE_ADMIN_URL'));
  // The cluster's names are known inside its Pods only; from here the Pod's address is asked of the API.
  url.hostname = await podAddress(client, 'postgres');
  const db = new pg.Client({ connectionString: url.href });
  await db.connect();
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}

export async function podsOf(client: Client, app: string, namespace = SYSTEM): Promise<Pod[]> {
  return (await client.listAll(pods, { namespace, labelSelector: `app.kubernetes.io/name=${app}` })).items;
}

async function podAddress(client: Client, app: string): Promise<string> {
  const [pod] = await podsOf(client, app);
  const address = pod?.status?.podIP;
  if (address === undefined) throw new Error(`no Pod of ${app} has an address`);
  return address;
}

/**
 * kill -9 of the processes whose command line holds `entry`, among those the installation started.
 * @returns how many were killed
 */
export async function killProcess(installation: Installation, entry: RegExp): Promise<number> {
  const victims = (await processTree(installation.pid)).filter(
    ({ pid, command }) => pid !== installation.pid && entry.test(command),
  );
  for (const { pid } of victims) kill(pid);
  return victims.length;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in between, which is as good.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
