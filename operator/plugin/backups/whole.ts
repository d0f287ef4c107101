/**
 * The plan of a restore of the whole cluster: what happens in which order, what it needs, and what does not come back. Reads only.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { ServiceStatus } from '../../../crds/index.ts';
import { shopServices } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { RUNTIME } from '../../resources/presets.ts';
import { EXIT, Failure } from '../failure.ts';
import { listTenants } from '../tenant/find.ts';
import { age, span } from '../terminal/time.ts';

export interface Wanted {
  readonly to: string;
  readonly mode: 'swap' | 'beside';
  readonly now: number;
}

export interface Shop {
  readonly name: string;
  /** When its object was made. */
  readonly made: string;
}

/** @throws Failure when the archive does not reach the moment */
export async function planRestore(client: Client, wanted: Wanted): Promise<string> {
  const [pool, shops] = await Promise.all([
    client.find(shopServices, { namespace: SYSTEM_NAMESPACE, name: RUNTIME }),
    listTenants(client),
  ]);
  const named = shops.map(({ metadata: { name, creationTimestamp = '' } }) => ({
    name,
    made: creationTimestamp,
  }));
  return planText(reachable(pool?.status?.archive, wanted.to), named, wanted);
}

export type Archive = NonNullable<ServiceStatus['archive']>;

/** Pure. @throws Failure */
export function reachable(archive: Archive | undefined, to: string): Archive {
  const refused = (what: string, remedy: string): Failure =>
    new Failure(what, { exitCode: EXIT.badInput, remedy });
  if (archive?.since === undefined)
    throw refused(
      'there is no archive to restore from',
      'Without ARCHIVE_URL in Secret or ConfigMap shopmind-system/platform there are no moments to go back to.',
    );
  const { since, gapFrom, gapTo } = archive;
  const at = Date.parse(to);
  if (at < Date.parse(since)) throw refused(`the archive begins at ${since}`, 'Name a moment after that.');
  if (gapFrom !== undefined && at > Date.parse(gapFrom) && (gapTo === undefined || at < Date.parse(gapTo)))
    throw refused(
      `the archive lacks what was committed between ${gapFrom} and ${gapTo ?? 'now'}`,
      `Name ${gapFrom} or before, or a moment after the hole.`,
    );
  return archive;
}

/** Pure. */
export function planText(
  { location, bases }: Pick<Archive, 'location' | 'bases'>,
  shops: readonly Shop[],
  { to, mode, now }: Wanted,
): string {
  const at = Date.parse(to);
  const base = bases.findLast(({ endedAt }) => Date.parse(endedAt) <= at);
  const younger = shops.filter(({ made }) => Date.parse(made) > at).map(({ name }) => name);
  const closing = `every shop (${shops.length}) is closed for changes: shoppers may look, and are told so`;
  const steps = [
    ...(mode === 'swap' ? [closing] : []),
    `the cluster is restored in a place of its own${base === undefined ? '' : `, from base backup ${base.name} (${base.megabytes} MiB, ${age(base.endedAt, now)} old) and the log after it`}`,
    `all schemas are made anew beside the living ones, and loaded: the database’s disk needs ${base === undefined ? 'as much room again as it has' : `some ${base.megabytes} MiB more`}`,
    'every table is compared with its source; whoever was erased since is erased again; migrations since are done',
    ...(mode === 'beside' ? ['it waits for --swap or --abort; shops are open until then', closing] : []),
    'the schemas change their names in one transaction, and the shops are open again',
    'the former schemas are dropped; the way back is a restore to the moment before',
  ];
  return [
    `The whole cluster becomes what it was at ${to}, ${span(now - at)} ago, from ${location}:`,
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    'It goes on by itself when it is killed; until step ' +
      `${steps.length - 1} it can be called off with --abort.`,
    `Lost:      what was ordered, changed and paid since. Charges at the payment processor stay.`,
    ...(younger.length === 0
      ? []
      : [
          `Empty:     ${younger.slice(0, 10).join(', ')}${younger.length > 10 ? ` and ${younger.length - 10} more` : ''}, made since: there is nothing to come back.`,
        ]),
    'Not in it: objects, topics, queues, search indexes, logins elsewhere, tenants that were deleted since: docs/recovery.md.',
  ].join('\n');
}
