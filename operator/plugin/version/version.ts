/**
 * `shopmind version`: of the plugin, of the operator that runs, and of the API server; and whether they fit.
 */
import { readFileSync } from 'node:fs';
import { GROUP, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { Client } from '../../kube/client.ts';
import { isForbidden, isNotFound, KubeError } from '../../kube/errors.ts';
import { deployments } from '../../kube/resources.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { formatOf, show } from '../output.ts';
import { table } from '../terminal/table.ts';

export interface Versions {
  readonly client: { readonly version: string; readonly node: string };
  /** Absent with --client. */
  readonly operator?: { readonly image: string } | { readonly problem: string };
  readonly server?: { readonly version: string; readonly api: readonly string[] };
}

export function clientVersion(): Versions['client'] {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  // Our own file.
  const { version: own } = JSON.parse(text) as { version: string };
  return { version: own, node: process.version };
}

/** What the cluster says of itself. @throws KubeError when it cannot be reached */
export async function clusterVersions(
  client: Client,
): Promise<Required<Pick<Versions, 'operator' | 'server'>>> {
  const [server, api, operator] = await Promise.all([
    client.raw('GET', '/version').then((text) => (JSON.parse(text) as { gitVersion: string }).gitVersion),
    servedVersions(client),
    operatorImage(client),
  ]);
  return { server: { version: server, api }, operator };
}

async function servedVersions(client: Client): Promise<readonly string[]> {
  try {
    const group = JSON.parse(await client.raw('GET', `/apis/${GROUP}`)) as {
      versions: { version: string }[];
    };
    return group.versions.map(({ version: one }) => one);
  } catch (error) {
    if (isNotFound(error) || (error instanceof KubeError && error.code === 404)) return [];
    throw error;
  }
}

async function operatorImage(client: Client): Promise<NonNullable<Versions['operator']>> {
  try {
    const found = await client.find(deployments, { namespace: SYSTEM_NAMESPACE, name: 'operator' });
    if (found === undefined) return { problem: 'not installed' };
    return { image: found.spec?.template.spec?.containers[0]?.image ?? '' };
  } catch (error) {
    if (isForbidden(error)) return { problem: error.message };
    throw error;
  }
}

export async function version({ cli, flags }: Call): Promise<number> {
  const format = formatOf(flags.text('output'));
  const client = clientVersion();
  if (flags.on('client')) {
    await show(cli, format, { client }, () => `plugin ${client.version} (Node ${client.node})`);
    return 0;
  }
  const versions: Versions = { client, ...(await withCluster(cli, clusterVersions)) };
  await show(cli, format, versions, () => text(versions));
  if (versions.server?.api.length === 0)
    throw new Failure('this cluster has no ShopMind', {
      exitCode: EXIT.unavailable,
      remedy: `Install it: ${cli.self} install | kubectl apply --server-side -f -`,
    });
  return 0;
}

function text({ client, operator, server }: Versions): string {
  const image = operator === undefined ? '' : 'image' in operator ? operator.image : operator.problem;
  return table([
    ['plugin', `${client.version} (Node ${client.node})`],
    ['operator', image],
    ['API server', server?.version ?? ''],
    ['serves', (server?.api ?? []).map((one) => `${GROUP}/${one}`).join(', ')],
  ]);
}
