/**
 * `shopmind backups [TENANT]`: what can be restored, from what the operator has written into the status.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { Condition, OperationStatus, ServiceStatus } from '../../../crds/index.ts';
import { shopServices } from '../../controllers/kinds.ts';
import type { TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { findCondition } from '../../kube/conditions.ts';
import { isForbidden } from '../../kube/errors.ts';
import { cronJobs } from '../../kube/resources.ts';
import { homeOf, namespaceOf, RUNTIME } from '../../resources/presets.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { formatOf, show } from '../output.ts';
import { findTenant } from '../tenant/find.ts';
import { table } from '../terminal/table.ts';
import { age } from '../terminal/time.ts';
import { lineOf } from './follow.ts';

/** As `-o json` shows it. */
export interface Backups {
  readonly archive?: ServiceStatus['archive'];
  readonly conditions: readonly Condition[];
  readonly operation?: OperationStatus;
  /** Of rows and objects, beside the blobs. */
  readonly nightly?: { readonly schedule: string; readonly lastSuccess?: string };
}

export async function backups({ cli, args: [name], flags }: Call): Promise<number> {
  return withCluster(cli, async (client) => {
    const tenant = name === undefined ? undefined : await findTenant(client, name);
    const pool = await client.find(shopServices, { namespace: SYSTEM_NAMESPACE, name: RUNTIME });
    const archive = pool?.status?.archive;
    const { conditions = [], operation } = (tenant ?? pool)?.status ?? {};
    const found: Backups = {
      ...(archive === undefined ? {} : { archive }),
      conditions: ['BackedUp', 'Recoverable'].flatMap((type) => findCondition(conditions, type) ?? []),
      ...(operation === undefined ? {} : { operation }),
      ...(await nightlyOf(client, tenant)),
    };
    await show(cli, formatOf(flags.text('output')), found, () => textOf(found, cli.now()));
    return 0;
  });
}

async function nightlyOf(
  client: Client,
  tenant: TenantObject | undefined,
): Promise<Pick<Backups, 'nightly'>> {
  const namespace =
    tenant === undefined ? SYSTEM_NAMESPACE : namespaceOf(tenant.metadata.name, homeOf(tenant));
  try {
    const { items } = await client.listAll(cronJobs, {
      namespace,
      labelSelector: 'app.kubernetes.io/name=backup',
    });
    const [job] = items;
    if (job?.spec === undefined) return {};
    const { lastSuccessfulTime } = job.status ?? {};
    const lastSuccess =
      lastSuccessfulTime === undefined ? {} : { lastSuccess: new Date(lastSuccessfulTime).toISOString() };
    return { nightly: { schedule: job.spec.schedule, ...lastSuccess } };
  } catch (error) {
    // The command works without; what is left out is not there to be seen.
    if (isForbidden(error)) return {};
    throw error;
  }
}

/** Pure. */
export function textOf({ archive, conditions, operation, nightly }: Backups, now: number): string {
  const lines: string[] = [];
  if (archive === undefined)
    lines.push('Archive     none: set ARCHIVE_URL in Secret or ConfigMap shopmind-system/platform');
  else {
    const { location, since, gapFrom, gapTo, bases } = archive;
    lines.push(
      `Archive     ${location}`,
      `Any moment  ${since === undefined ? 'not yet: the first base backup is under way' : `from ${since} on`}`,
    );
    if (gapFrom !== undefined)
      lines.push(`            but for those between ${gapFrom} and ${gapTo ?? 'now'}`);
    if (bases.length > 0) {
      const rows = bases.map(({ name, endedAt, megabytes }) => [name, age(endedAt, now), `${megabytes} MiB`]);
      lines.push('', table([['BASE BACKUP', 'AGE', 'SIZE'], ...rows]).trimEnd(), '');
    }
  }
  if (nightly !== undefined) {
    const { schedule, lastSuccess } = nightly;
    const last = lastSuccess === undefined ? 'none has succeeded yet' : `last ${age(lastSuccess, now)} ago`;
    lines.push(`Nightly     ${schedule} UTC, ${last}`);
  }
  for (const { type, status, message } of conditions)
    lines.push(`${type.padEnd(11)} ${status === 'True' ? '' : `${status}: `}${message}`);
  if (operation !== undefined) lines.push(`Last        ${lineOf(operation)}`);
  return lines.join('\n');
}
