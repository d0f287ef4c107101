/**
 * Which cluster a command speaks to: the one its flags name, else KUBECONFIG, else the installation `npm start` runs in this
 * folder, else kubectl's own.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createClient, type Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { loadConnection } from '../kube/kubeconfig.ts';
import type { Cli, Target } from './cli.ts';
import { EXIT, Failure, Interrupted } from './failure.ts';

const LOCAL = '.shopmind/kubeconfig';

/** Runs `work` with a client and closes it. @throws Failure with a remedy when the cluster cannot be reached or says no. */
export async function withCluster<T>(cli: Cli, work: (client: Client) => Promise<T>): Promise<T> {
  let client: Client | undefined;
  try {
    const context = cli.target.context;
    const connection = await loadConnection(
      environment(cli.target, cli.env),
      context === undefined ? {} : { context },
    );
    client = createClient({ connection, userAgent: 'kubectl-shopmind' });
    return await work(client);
  } catch (error) {
    throw asFailure(error);
  } finally {
    client?.close();
  }
}

/** The environment whose KUBECONFIG is the one that is meant. */
export function environment(
  { kubeconfig }: Pick<Target, 'kubeconfig'>,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  if (kubeconfig !== undefined) return { ...env, KUBECONFIG: kubeconfig };
  const local = resolve(LOCAL);
  return env['KUBECONFIG'] === undefined && existsSync(local) ? { ...env, KUBECONFIG: local } : env;
}

/** What the API server refused, in the plugin's words. Any other error stays as it is. */
function asFailure(error: unknown): unknown {
  if (!(error instanceof KubeError)) return error;
  if (error.reason === 'Aborted') return new Interrupted();
  return new Failure(error.message, {
    exitCode:
      error.reason === 'Forbidden'
        ? EXIT.forbidden
        : error.code === 0 || error.code >= 500
          ? EXIT.unavailable
          : EXIT.failure,
    cause: error,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  });
}
