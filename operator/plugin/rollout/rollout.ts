/**
 * Says what a person wants of a delivery, and follows it until the operator has done so.
 */
import { ANNOTATIONS } from '../../../crds/index.ts';
import type { CanaryStatus } from '../../../crds/index.ts';
import { shopServices, type ServiceObject, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isAborted } from '../../kube/errors.ts';
import { affected, servicesOf } from '../change/services.ts';
import { merge } from '../change/write.ts';
import type { Cli } from '../cli.ts';
import { watchUntil } from '../cluster/watch.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure, Interrupted } from '../failure.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import { parseSpan, span } from '../terminal/time.ts';
import { commandOf, progressText, VERBS, type Command, type Verb } from './verbs.ts';

export async function rollout(
  verb: Verb,
  ask: boolean,
  { cli, args: [name = '', named], flags }: Call,
): Promise<number> {
  const timeout = parseSpan(flags.text('timeout') ?? '5m', '--timeout');
  return withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const service = await chosen(client, tenant, named, verb);
    const at = `${service.metadata.namespace}/${service.metadata.name}`;
    const command = commandOf(verb, at, service.status?.canary);
    const who = await affected(client, tenant, [service]);
    if (ask || who !== name)
      await confirm(
        cli,
        `Service ${at} serves ${who}: ${verb} revision ${command.revision}.`,
        flags.on('yes'),
      );
    await merge(client, shopServices, service.metadata, {
      metadata: { annotations: { [ANNOTATIONS.canary]: command.value } },
    });
    cli.print(`${at}: ${verb} ${command.revision}`);
    return flags.on('wait') ? follow(cli, client, service, verb, command, timeout) : 0;
  });
}

/** The named Service, or the one that the verb can be done to. */
async function chosen(
  client: Client,
  tenant: TenantObject,
  named: string | undefined,
  verb: Verb,
): Promise<ServiceObject> {
  const services = await servicesOf(client, tenant, named);
  const fitting = services.filter(({ status }) => {
    const canary = status?.canary;
    return canary !== undefined && VERBS[verb].revision(canary) !== undefined;
  });
  const [only] = fitting.length > 0 ? fitting : services;
  if (only === undefined || fitting.length > 1) {
    throw new Failure(`"${tenant.metadata.name}" has several Services that this can be done to`, {
      exitCode: EXIT.usage,
      remedy: `Name one: ${fitting.map(({ metadata }) => metadata.name).join(', ')}`,
    });
  }
  return only;
}

async function follow(
  cli: Cli,
  client: Client,
  service: ServiceObject,
  verb: Verb,
  { value, revision }: Command,
  timeout: number,
): Promise<number> {
  const late = AbortSignal.timeout(timeout);
  const { namespace = '', name } = service.metadata;
  let said: string | undefined;
  const look = ({ status }: ServiceObject): boolean => {
    const canary: CanaryStatus | undefined = status?.canary;
    if (canary === undefined) return false;
    const text = progressText(canary);
    if (text !== said) cli.note(cli.notes.dim(text));
    said = text;
    // Before the operator has read the wish, the status speaks of the time before.
    return canary.command === value && VERBS[verb].done(canary, revision);
  };
  try {
    await watchUntil<ServiceObject>(
      client,
      shopServices,
      AbortSignal.any([late, cli.interrupted()]),
      { namespace, fieldSelector: `metadata.name=${name}` },
      (found) => found.some(look),
    );
    return 0;
  } catch (error) {
    if (!isAborted(error)) throw error;
    if (!late.aborted) throw new Interrupted();
    cli.stderr.write(
      `error: after ${span(timeout)} Service ${namespace}/${name} is at: ${said ?? 'nothing yet'}\n`,
    );
    return EXIT.timeout;
  }
}
