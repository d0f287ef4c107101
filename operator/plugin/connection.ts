/**
 * Which cluster a command speaks to: KUBECONFIG, else the installation `npm start` runs in this folder, else kubectl's own.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createClient, type Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { loadConnection } from '../kube/kubeconfig.ts';
import { EXIT, Failure } from './failure.ts';

const LOCAL = '.shopmind/kubeconfig';

/** Runs `work` with a client and closes it. @throws Failure with a remedy when the cluster cannot be reached. */
export async function withCluster<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const local = resolve(LOCAL);
  const env =
    process.env['KUBECONFIG'] === undefined && existsSync(local)
      ? { ...process.env, KUBECONFIG: local }
      : process.env;
  let client: Client | undefined;
  try {
    client = createClient({ connection: await loadConnection(env), userAgent: 'kubectl-shopmind' });
    return await work(client);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    throw new Failure(error.message, {
      exitCode: error.code === 0 ? EXIT.unavailable : EXIT.failure,
      cause: error,
      ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
    });
  } finally {
    client?.close();
  }
}
