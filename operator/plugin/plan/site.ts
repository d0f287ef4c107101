/**
 * What the plans of one call are made against: the platform's configuration, the operator's settings, what else the cluster has, and
 * its objects as far as a plan asks for them. Reads, and asks the server for dry runs; changes nothing.
 */
import { FIELD_MANAGER, SCHEMAS, SYSTEM_NAMESPACE, withDefaults } from '../../../crds/index.ts';
import type { ServiceSpec } from '../../../crds/index.ts';
import { changeBetween, type PlannedChange } from '../../controllers/changes.ts';
import { deployments, resourceOf, shopServices, type ServiceObject } from '../../controllers/kinds.ts';
import type { Look } from '../../controllers/look.ts';
import type { Grounds } from '../../controllers/service/desired.ts';
import { settingsOf } from '../../controllers/settings.ts';
import { surroundingsOf } from '../../controllers/surroundings.ts';
import type { Client } from '../../kube/client.ts';
import { isForbidden, isNotFound } from '../../kube/errors.ts';
import { refOf, resourceName, type KubeObject, type ResourceType } from '../../kube/types.ts';
import type { Manifest } from '../../resources/chart.ts';
import { outlookOf } from '../cluster/outlook.ts';
import { platformOf } from '../data/look.ts';
import { EXIT, Failure } from '../failure.ts';

export interface Site {
  readonly client: Client;
  readonly grounds: Omit<Grounds, 'neighbours'>;
  servicesIn(namespace: string): Promise<readonly ServiceObject[]>;
}

/** Changes as the server sees them, and how many of them it could not be asked about. */
export interface Confirmed {
  readonly changes: readonly PlannedChange[];
  /** May differ in their spelling only (`0.5` and `500m`): the dry run is not allowed to whoever asks. */
  readonly unconfirmed: number;
}

/** @throws Failure when the installation does not say what would be run */
export async function siteOf(client: Client): Promise<Site> {
  const [platform, outlook, settings] = await Promise.all([
    platformOf(client),
    outlookOf(client),
    operatorSettings(client),
  ]);
  const listed = new Map<string, Promise<readonly ServiceObject[]>>();
  return {
    client,
    grounds: { platform, surroundings: surroundingsOf(outlook, platform), ...settings },
    servicesIn(namespace) {
      const known =
        listed.get(namespace) ?? client.listAll(shopServices, { namespace }).then(({ items }) => items);
      listed.set(namespace, known);
      return known;
    },
  };
}

/** Out of the operator's own Deployment: which images it runs, and where the gateway listens. */
async function operatorSettings(client: Client): Promise<ReturnType<typeof settingsOf>> {
  const ref = { namespace: SYSTEM_NAMESPACE, name: 'operator' };
  const deployment = await client.find(deployments, ref);
  const [container] = deployment?.spec?.template.spec?.containers ?? [];
  if (container === undefined) {
    throw new Failure(
      `there is no Deployment ${ref.namespace}/${ref.name}, which names the images that run`,
      {
        exitCode: EXIT.unavailable,
        remedy: 'Install the operator: kubectl shopmind install | kubectl apply --server-side -f -',
      },
    );
  }
  return settingsOf(Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value])));
}

/** Runs pure work that looks objects up, and fetches what it asks for until it asks for nothing new. */
export async function lookingUp<T>(client: Client, work: (look: Look) => T): Promise<T> {
  const known = new Map<string, KubeObject | undefined>();
  for (;;) {
    const missing = new Map<string, { readonly type: ResourceType; readonly key: string }>();
    const look: Look = <O extends KubeObject>(type: ResourceType<O>, key: string): O | undefined => {
      const id = `${resourceName(type)} ${key}`;
      if (!known.has(id)) missing.set(id, { type, key });
      // Fetched as an object of this type.
      return known.get(id) as O | undefined;
    };
    const result = work(look);
    if (missing.size === 0) return result;
    await Promise.all(
      [...missing].map(async ([id, { type, key }]) => known.set(id, await client.find(type, refOf(key)))),
    );
  }
}

/**
 * What would change by the server's own word: it knows what is only spelled differently, what others have added, and what goes
 * because it is not stated any more.
 */
export async function confirmed(client: Client, changes: readonly PlannedChange[]): Promise<Confirmed> {
  const answers = await Promise.all(changes.map((change) => confirm(client, change)));
  return {
    changes: answers.flatMap(({ change }) => (change === undefined ? [] : [change])),
    unconfirmed: answers.filter(({ isAsked }) => !isAsked).length,
  };
}

interface Answer {
  readonly change: PlannedChange | undefined;
  readonly isAsked: boolean;
}

async function confirm(client: Client, change: PlannedChange): Promise<Answer> {
  const { action, after, object } = change;
  if (action !== 'change' || after === undefined) return { change, isAsked: true };
  const type = resourceOf(object);
  try {
    const [live, applied] = await Promise.all([client.find(type, after.metadata), dryRun(client, after)]);
    return { change: live === undefined ? change : changeBetween(object, live, applied), isAsked: true };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return { change, isAsked: false };
  }
}

/** The Service as the server would have it once this is applied, defaults and what others say of it included. */
export async function storedService(
  client: Client,
  manifest: Manifest,
  live: ServiceObject | undefined,
): Promise<ServiceObject> {
  try {
    const stored = (await dryRun(client, manifest)) as ServiceObject;
    // What is not there yet has no identity yet.
    return live === undefined ? withoutUid(stored) : stored;
  } catch (error) {
    // Its namespace is made with it, or nobody may ask.
    if (!isNotFound(error) && !isForbidden(error)) throw error;
    const schema = SCHEMAS.Service.properties?.['spec'];
    const spec = { ...live?.spec, ...(manifest['spec'] as ServiceSpec) };
    return {
      ...(live ?? (manifest as unknown as ServiceObject)),
      // The schema's defaults give a spec of the type that is drawn from the same schema.
      spec: (schema === undefined ? spec : withDefaults(schema, spec)) as ServiceSpec,
    };
  }
}

export function withoutUid(service: ServiceObject): ServiceObject {
  const { uid: _, ...metadata } = service.metadata;
  return { ...service, metadata };
}

function dryRun(client: Client, manifest: Manifest): Promise<KubeObject> {
  return client.apply(resourceOf(manifest), manifest as unknown as KubeObject, {
    fieldManager: FIELD_MANAGER,
    force: true,
    dryRun: true,
  });
}
