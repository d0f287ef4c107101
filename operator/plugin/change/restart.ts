/**
 * `shopmind restart TENANT [SERVICE]`: new Pods in place of the old ones, one after the other, as `kubectl rollout restart` does.
 */
import { deployments, type Deployment } from '../../kube/resources.ts';
import { isAborted } from '../../kube/errors.ts';
import type { Client } from '../../kube/client.ts';
import type { Cli } from '../cli.ts';
import { watchUntil } from '../cluster/watch.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Interrupted } from '../failure.ts';
import { judge } from '../health/judge.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import { parseSpan, span } from '../terminal/time.ts';
import { affected, servicesOf } from './services.ts';
import { FIELD_MANAGER } from './write.ts';

/** What kubectl writes: the operator leaves other people's annotations where they are. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** @returns the exit code */
export async function restart({ cli, args: [name = '', service], flags }: Call): Promise<number> {
  return withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const services = await servicesOf(client, tenant, service);
    const who = await affected(client, tenant, services);
    const names = services.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    if (who !== name)
      await confirm(
        cli,
        `The Pods of ${names.join(', ')} serve ${who}. They are replaced one after the other.`,
        flags.on('yes'),
      );
    const at = new Date(cli.now()).toISOString();
    for (const { metadata } of services)
      await client.patch(
        deployments,
        { namespace: metadata.namespace, name: metadata.name },
        {
          kind: 'strategic',
          body: { spec: { template: { metadata: { annotations: { [RESTARTED_AT]: at } } } } },
        },
        { fieldManager: FIELD_MANAGER },
      );
    cli.print(`${names.join(', ')} ${names.length === 1 ? 'restarts' : 'restart'}`);
    if (!flags.on('wait')) return 0;
    const namespace = services[0]?.metadata.namespace;
    const only = new Set(services.map(({ metadata }) => metadata.name));
    return followRollout(cli, client, namespace, only, parseSpan(flags.text('timeout') ?? '5m', '--timeout'));
  });
}

/** Until every Deployment runs what is asked for. @returns the exit code */
async function followRollout(
  cli: Cli,
  client: Client,
  namespace: string | undefined,
  names: ReadonlySet<string>,
  timeout: number,
): Promise<number> {
  const late = AbortSignal.timeout(timeout);
  const said = new Map<string, string>();
  let failed: string | undefined;
  try {
    await watchUntil<Deployment>(
      client,
      deployments,
      AbortSignal.any([late, cli.interrupted()]),
      namespace === undefined ? {} : { namespace },
      (all) => {
        const mine = all.filter(({ metadata }) => names.has(metadata.name));
        const judged = mine.map((one) => [one.metadata.name, judge(one)] as const);
        for (const [name, { message = 'rolled out' }] of judged) {
          if (said.get(name) !== message) cli.note(cli.notes.dim(`${name}: ${message}`));
          said.set(name, message);
        }
        const failing = judged.find(([, { health }]) => health === 'failing');
        failed = failing === undefined ? undefined : `${failing[0]}: ${failing[1].message ?? ''}`;
        return (
          failed !== undefined || judged.every(([, { health }]) => health === 'ready' || health === 'off')
        );
      },
    );
  } catch (error) {
    if (!isAborted(error)) throw error;
    if (!late.aborted) throw new Interrupted();
    cli.stderr.write(
      `error: not rolled out after ${span(timeout)}: ${[...said].map((one) => one.join(': ')).join('; ')}\n`,
    );
    return EXIT.timeout;
  }
  if (failed === undefined) return 0;
  cli.stderr.write(`error: ${failed}\n`);
  return EXIT.failure;
}
