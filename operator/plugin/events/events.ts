/**
 * `shopmind events [TENANT]`: events about tenants, Services and what runs for them, in the order of time.
 */
import { GROUP, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { shopServices, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isAborted } from '../../kube/errors.ts';
import { coreEvents, type CoreEvent } from '../../kube/resources.ts';
import { namespaceOf } from '../../resources/presets.ts';
import type { Cli } from '../cli.ts';
import { watchUntil } from '../cluster/watch.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { Interrupted } from '../failure.ts';
import { timeOf } from '../health/pod.ts';
import { formatOf, show } from '../output.ts';
import { findTenant } from '../tenant/find.ts';
import { hosts } from '../tenant/observe.ts';
import type { Style } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';
import { age } from '../terminal/time.ts';

export async function events({ cli, args: [name], flags }: Call): Promise<void> {
  const format = formatOf(flags.text('output'));
  await withCluster(cli, async (client) => {
    const concerns = await filterFor(client, name, cli.target.namespace);
    const wanted = (event: CoreEvent): boolean =>
      concerns(event) && (!flags.on('warnings') || event.type === 'Warning');
    if (flags.on('watch')) return followEvents(cli, client, wanted, format === 'text');
    const found = (await client.listAll(coreEvents)).items.filter(wanted).toSorted(byTime);
    await show(cli, format, found, () =>
      found.length === 0 ? 'no events' : renderEvents(found, cli.style, cli.now()),
    );
    return undefined;
  });
}

/** Which events are meant: those of one tenant, or of everything that is ShopMind's. */
async function filterFor(
  client: Client,
  name: string | undefined,
  namespace: string | undefined,
): Promise<(event: CoreEvent) => boolean> {
  if (name === undefined)
    return ({ involvedObject: about }) =>
      (namespace === undefined || about.namespace === namespace) &&
      (about.apiVersion?.startsWith(`${GROUP}/`) === true ||
        about.namespace === SYSTEM_NAMESPACE ||
        about.namespace?.startsWith('tenant-') === true);
  const tenant = await findTenant(client, name);
  const own = namespaceOf(name, tenant.spec.placement);
  const shared = own === SYSTEM_NAMESPACE ? await sharedNames(client, tenant) : [];
  return ({ involvedObject: { kind, name: about = '', namespace: where } }) => {
    if (kind === tenant.kind) return about === name;
    if (where !== own) return false;
    // In the namespace that all share: what carries the tenant's name, and what serves it with others.
    return (
      own !== SYSTEM_NAMESPACE ||
      about === name ||
      about === `${name}-admin` ||
      shared.some((service) => about === service || about.startsWith(`${service}-`))
    );
  };
}

async function sharedNames(client: Client, tenant: TenantObject): Promise<readonly string[]> {
  const { items } = await client.listAll(shopServices, { namespace: SYSTEM_NAMESPACE });
  return items.filter((service) => hosts(service, tenant)).map(({ metadata }) => metadata.name);
}

async function followEvents(
  cli: Cli,
  client: Client,
  wanted: (event: CoreEvent) => boolean,
  asText: boolean,
): Promise<never> {
  const said = new Set<string>();
  try {
    await watchUntil<CoreEvent>(client, coreEvents, cli.interrupted(), {}, (all) => {
      const fresh = all
        .filter(wanted)
        .filter((event) => !said.has(versionOf(event)))
        .toSorted(byTime);
      for (const event of fresh) {
        said.add(versionOf(event));
        cli.print(asText ? renderEvent(event, cli.style) : JSON.stringify(event));
      }
      return false;
    });
  } catch (error) {
    if (!isAborted(error)) throw error;
  }
  throw new Interrupted();
}

/** A repeated event is the same object with a higher count: it is news again. */
function versionOf({ metadata }: CoreEvent): string {
  return `${metadata.uid} ${metadata.resourceVersion}`;
}

function byTime(a: CoreEvent, b: CoreEvent): number {
  return timeOf(a).localeCompare(timeOf(b));
}

/** A table, the oldest first. */
function renderEvents(found: readonly CoreEvent[], style: Style, now: number): string {
  const head = ['LAST', 'TYPE', 'OBJECT', 'REASON', 'TIMES', 'MESSAGE'].map(style.bold);
  const rows = found.map((event) => [
    age(timeOf(event), now),
    typeOf(event, style),
    objectOf(event),
    event.reason ?? '',
    String(event.count ?? event.series?.count ?? 1),
    (event.message ?? '').trim().replaceAll(/\s*\n\s*/g, ' ⏎ '),
  ]);
  return table([head, ...rows]);
}

/** One line, as it happens. */
function renderEvent(event: CoreEvent, style: Style): string {
  const { reason = '', message = '' } = event;
  return `${style.dim(timeOf(event))}  ${typeOf(event, style)}  ${objectOf(event)}  ${reason}  ${message.trim().replaceAll(/\s*\n\s*/g, ' ⏎ ')}`;
}

function typeOf({ type = 'Normal' }: CoreEvent, style: Style): string {
  return type === 'Warning' ? style.yellow(type) : type;
}

function objectOf({ involvedObject: { kind = '', name = '', namespace } }: CoreEvent): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
