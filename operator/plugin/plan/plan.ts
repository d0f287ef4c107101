/**
 * `shopmind plan -f FILE` and `shopmind diff`: what applying the tenants and Services of a file, or reconciling those there are,
 * would do to objects and data plane. The same pure plans and the same provisioners the operator works with; only their findings
 * are printed.
 */
import { GROUP } from '../../../crds/index.ts';
import { shopServices, tenants, type ServiceObject, type TenantObject } from '../../controllers/kinds.ts';
import type { TenantPlan } from '../../controllers/tenant/plan.ts';
import type { Client } from '../../kube/client.ts';
import type { ResourceType } from '../../kube/types.ts';
import { namespaceOf } from '../../resources/presets.ts';
import type { Cli } from '../cli.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { formatOf, show } from '../output.ts';
import { previewManifest } from '../start/install.ts';
import { loadManifests, type Manifest } from '../start/manifests.ts';
import { findTenant, listTenants } from '../tenant/find.ts';
import { masked, renderPlan, type PlanWords } from './render.ts';
import { withoutUid } from './site.ts';
import { planAll, type Plan } from './tenants.ts';

/** Prints the plan of every tenant and Service in the file. @returns the exit code */
export async function plan({ cli, flags }: Call): Promise<number> {
  const filename = flags.text('filename') ?? '';
  const manifests = await loadManifests(filename);
  const ofKind = ({ kind }: ResourceType): readonly Manifest[] =>
    manifests.filter(({ object }) => object.kind === kind && object.apiVersion.startsWith(`${GROUP}/`));
  const [ofTenants, ofServices] = [ofKind(tenants), ofKind(shopServices)];
  if (ofTenants.length + ofServices.length === 0) {
    throw new Failure(`${filename} holds no ShopMindTenant and no Service of ${GROUP}`, {
      exitCode: EXIT.badInput,
      remedy: 'Give a file with a tenant or a Service in it.',
    });
  }
  return withCluster(cli, async (client) => {
    const wanted: TenantObject[] = [];
    const services: ServiceObject[] = [];
    // The server fills in defaults and says what it would refuse.
    for (const manifest of ofTenants)
      wanted.push(await previewManifest<TenantObject>(client, tenants, manifest));
    for (const manifest of ofServices) services.push(await previewService(cli, client, manifest));
    const words = { calm: 'nothing would change', brief: flags.on('brief') };
    return print(cli, await planAll(client, wanted, services), flags.text('output'), words);
  });
}

/** In the namespace it names, else in the one that is meant. */
async function previewService(cli: Cli, client: Client, manifest: Manifest): Promise<ServiceObject> {
  const { metadata } = manifest.object;
  const namespace = metadata.namespace ?? cli.target.namespace ?? client.connection.namespace;
  const placed = { ...manifest, object: { ...manifest.object, metadata: { ...metadata, namespace } } };
  const [stored, live] = await Promise.all([
    previewManifest<ServiceObject>(client, shopServices, placed),
    client.find(shopServices, { name: metadata.name, namespace }),
  ]);
  // What is not there yet has no identity yet: its children's owner is not known.
  return live === undefined ? withoutUid(stored) : stored;
}

/** Prints how the world differs from what is declared. @returns the exit code */
export async function diff({ cli, args: [name], flags }: Call): Promise<number> {
  return withCluster(cli, async (client) => {
    const chosen = name === undefined ? await chosenTenants(cli, client) : [await findTenant(client, name)];
    const services = name === undefined ? await servicesBesides(cli, client, chosen) : [];
    const [alive, running] = [chosen.filter(isAlive), services.filter(isAlive)];
    const words = { calm: 'no drift', brief: flags.on('brief') };
    return print(cli, await planAll(client, alive, running), flags.text('output'), words);
  });
}

async function chosenTenants(cli: Cli, client: Client): Promise<readonly TenantObject[]> {
  const { namespace } = cli.target;
  return (await listTenants(client)).filter(
    ({ metadata, spec }) =>
      namespace === undefined || namespaceOf(metadata.name, spec.placement) === namespace,
  );
}

/** Those that no tenant's plan speaks of: the platform's own, and people's where no tenant lives. */
async function servicesBesides(
  cli: Cli,
  client: Client,
  planned: readonly TenantObject[],
): Promise<readonly ServiceObject[]> {
  const homes = new Map(
    planned.map(({ metadata, spec }) => [metadata.name, namespaceOf(metadata.name, spec.placement)]),
  );
  const { items } = await client.listAll(shopServices, { namespace: cli.target.namespace });
  return items.filter(({ metadata, spec }) => homes.get(spec.tenant ?? '') !== metadata.namespace);
}

function isAlive({ metadata }: TenantObject | ServiceObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

async function print(
  cli: Cli,
  plans: ReadonlyMap<string, Plan>,
  output: string | undefined,
  words: PlanWords,
): Promise<number> {
  const isCalm = ({ objects, dataPlane }: TenantPlan): boolean => objects.length + dataPlane.length === 0;
  const data = Object.fromEntries([...plans].map(([name, one]) => [name, safe(one)]));
  await show(cli, formatOf(output), data, () =>
    [...plans].map(([name, one]) => renderPlan(name, one, cli.style, words)).join('\n\n'),
  );
  return [...plans.values()].every(isCalm) ? 0 : EXIT.different;
}

/** The plan without a Secret's values, also for programs. */
function safe({ objects, dataPlane, unconfirmed }: Plan): object {
  return {
    objects: objects.map((change) => ({
      ...change,
      ...(change.after === undefined ? {} : { after: masked(change.after) }),
      ...(change.before === undefined ? {} : { before: masked(change.before) }),
    })),
    dataPlane,
    unconfirmed,
  };
}
