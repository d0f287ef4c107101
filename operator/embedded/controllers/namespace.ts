/**
 * The end of a namespace: its Pods first, then everything else in it, then the namespace itself.
 */
import { isNotFound, pathOf } from './machinery/client.ts';
import { on, runController, type Context, type Controller } from './machinery/controller.ts';
import { equal } from './machinery/equal.ts';
import {
  NAMESPACES,
  timestamp,
  type KubeObject,
  type Namespace,
  type AnyResource,
} from './machinery/wire.ts';
import { discover } from './discovery.ts';

const FINALIZER = 'kubernetes';
const LOOK_AGAIN_MS = 100;
const LIST_ATTEMPTS = 5;
/** Every look removes something, also one that fails in the end. */
const MAX_DELAY_MS = 500;

/** What is left of one kind. */
export interface Remainder {
  readonly resource: AnyResource;
  readonly objects: readonly KubeObject[];
}

type Condition = NonNullable<NonNullable<Namespace['status']>['conditions']>[number];

/**
 * The conditions that say what a namespace on its way out still waits for.
 * @param failure why something in it could not be deleted; empty when nothing failed
 */
export function conditionsFor(
  left: readonly Remainder[],
  present: readonly Condition[],
  now: Date,
  failure = '',
): Condition[] {
  const filled = left.filter(({ objects }) => objects.length > 0);
  const contents = filled.map(
    ({ resource, objects }) => `${nameOf(resource)} has ${objects.length} resource instances`,
  );
  const finalizers = Map.groupBy(
    filled.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.finalizers ?? [])),
    (name) => name,
  );
  const waits = [...finalizers].map(([name, all]) => `${name} in ${all.length} resource instances`);
  const make = (
    type: string,
    active: boolean,
    reasons: [string, string],
    messages: [string, string],
  ): Condition => {
    const status = active ? 'True' : 'False';
    const before = present.find((condition) => condition.type === type);
    return {
      type,
      status,
      reason: reasons[active ? 0 : 1],
      message: messages[active ? 0 : 1],
      lastTransitionTime:
        before?.status === status ? (before.lastTransitionTime ?? timestamp(now)) : timestamp(now),
    };
  };
  return [
    make(
      'NamespaceDeletionDiscoveryFailure',
      false,
      ['DiscoveryFailed', 'ResourcesDiscovered'],
      ['', 'All resources successfully discovered'],
    ),
    make(
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      ['GroupVersionParsingFailed', 'ParsedGroupVersions'],
      ['', 'All legacy kube types successfully parsed'],
    ),
    make(
      'NamespaceDeletionContentFailure',
      failure !== '',
      ['ContentDeletionFailed', 'ContentDeleted'],
      [
        `Failed to delete all resource types: ${failure}`,
        'All content successfully deleted, may be waiting on finalization',
      ],
    ),
    make(
      'NamespaceContentRemaining',
      contents.length > 0,
      ['SomeResourcesRemain', 'ContentRemoved'],
      [`Some resources are remaining: ${contents.join(', ')}`, 'All content successfully removed'],
    ),
    make(
      'NamespaceFinalizersRemaining',
      waits.length > 0,
      ['SomeFinalizersRemain', 'ContentHasNoFinalizers'],
      [
        `Some content in the namespace has finalizers remaining: ${waits.join(', ')}`,
        'All content-preserving finalizers finished',
      ],
    ),
  ];
}

export function startNamespaces(context: Context): Controller {
  const { api, clock } = context;
  const namespaces = context.informers.of(NAMESPACES);

  async function reconcile(name: string): Promise<number | undefined> {
    const namespace = namespaces.get(name);
    if (!namespace?.metadata.deletionTimestamp || !namespace.spec.finalizers?.includes(FINALIZER))
      return undefined;
    const kinds = (await discover(api)).filter(({ namespaced }) => namespaced);
    const pods = kinds.filter(({ plural, group }) => plural === 'pods' && group === '');
    const others = kinds.filter((kind) => !pods.includes(kind));
    const left = await emptyInOrder(namespace, pods, others);
    if (left.some(({ objects }) => objects.length > 0)) {
      await report(namespace, left);
      return LOOK_AGAIN_MS;
    }
    const finalizers = namespace.spec.finalizers.filter((finalizer) => finalizer !== FINALIZER);
    await api.replace(NAMESPACES, { ...namespace, spec: { ...namespace.spec, finalizers } }, 'finalize');
    return undefined;
  }

  async function emptyInOrder(
    namespace: Namespace,
    pods: readonly AnyResource[],
    others: readonly AnyResource[],
  ): Promise<Remainder[]> {
    const { name } = namespace.metadata;
    try {
      const podsLeft = await empty(name, pods);
      return podsLeft.some(({ objects }) => objects.length > 0) ? podsLeft : await empty(name, others);
    } catch (error) {
      await reportFailure(namespace, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  /** Deletes what there is and returns what is still there then. */
  async function empty(namespace: string, kinds: readonly AnyResource[]): Promise<Remainder[]> {
    return Promise.all(
      kinds.map(async (resource) => {
        const objects = await list(namespace, resource);
        const living = objects.filter(({ metadata }) => !metadata.deletionTimestamp);
        if (living.length === 0) return { resource, objects };
        await Promise.all(
          living.map(({ metadata }) =>
            api
              .remove(resource, metadata, { uid: metadata.uid, propagationPolicy: 'Background' })
              .catch((error: unknown) => {
                if (!isNotFound(error)) throw error;
              }),
          ),
        );
        return { resource, objects: await list(namespace, resource) };
      }),
    );
  }

  async function list(namespace: string, resource: AnyResource): Promise<KubeObject[]> {
    const path = pathOf(resource, namespace);
    for (let attempt = 1; ; attempt += 1)
      try {
        const { items } = await api.call<{ items: KubeObject[] }>({ method: 'GET', path });
        return items;
      } catch (error) {
        // A kind that has gone since it was discovered has left nothing.
        if (isNotFound(error)) return [];
        // One of many lists that fails by chance shall not cost all the others.
        if (attempt === LIST_ATTEMPTS) throw error;
      }
  }

  async function report(namespace: Namespace, left: readonly Remainder[]): Promise<void> {
    await write(namespace, conditionsFor(left, namespace.status?.conditions ?? [], clock.now()));
  }

  /** What is left is not known then: what was said of it last stays. */
  async function reportFailure(namespace: Namespace, failure: string): Promise<void> {
    const present = namespace.status?.conditions ?? [];
    const all = conditionsFor([], present, clock.now(), failure);
    await write(
      namespace,
      all.map((condition) =>
        condition.type.startsWith('NamespaceDeletion')
          ? condition
          : (present.find(({ type }) => type === condition.type) ?? condition),
      ),
    );
  }

  async function write(namespace: Namespace, conditions: Condition[]): Promise<void> {
    const present = namespace.status?.conditions ?? [];
    if (namespace.status?.phase === 'Terminating' && equal(present, conditions)) return;
    const patch = { metadata: { uid: namespace.metadata.uid }, status: { phase: 'Terminating', conditions } };
    namespaces.observe(await api.patch(NAMESPACES, namespace.metadata, patch, { subresource: 'status' }));
  }

  return runController(context, {
    name: 'namespace',
    sources: [on(namespaces)],
    reconcile,
    maxDelayMs: MAX_DELAY_MS,
  });
}

const nameOf = ({ plural, group }: AnyResource): string => (group ? `${plural}.${group}` : plural);
