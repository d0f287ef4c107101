/** Keeps one APIService for every group and version that is served, as clients that list them expect. All are local: nothing is aggregated. */
import type { Cluster } from './cluster.ts';
import { ADMIN } from './authn.ts';
import { ApiError } from './errors.ts';
import { timestamp } from './objects.ts';
import { createObject } from './registry/create.ts';
import { asObject } from './registry/decode.ts';
import { deleteObject } from './registry/delete.ts';
import { untracked } from './registry/managed.ts';
import { OWN_DELETE, OWN_WRITE } from './registry/options.ts';
import type { Writer } from './registry/write.ts';

const STORAGE = 'apiregistration.k8s.io/apiservices';
const WRITER: Writer = { user: ADMIN, warnings: new Set() };

/** Whose turn it is when two groups have a kind of the same name: the core group's first, custom ones' last. */
const PRIORITIES = { core: 18_000, builtIn: 17_000, custom: 1_000 } as const;
const VERSION_PRIORITY = 15;

/** Creates those that are missing and removes those of groups that have gone. */
export async function ensureApiServices(cluster: Cluster): Promise<void> {
  const type = cluster.catalog.find('apiregistration.k8s.io', 'v1', 'apiservices');
  if (!type) throw new Error('the catalogue of built-in resources lacks APIServices');
  const wanted = new Map(
    cluster.catalog
      .all()
      .map(({ group, version, custom }) => [`${version}.${group}`, { group, version, custom }]),
  );
  for (const [name, one] of wanted) {
    if (cluster.store.get({ resource: STORAGE, namespace: '', name })) continue;
    const service = asObject(apiService(name, one, cluster.now()), type);
    await unlessDone(createObject(cluster, type, '', service, OWN_WRITE, WRITER, untracked));
  }
  for (const { name } of cluster.store.list(STORAGE))
    if (!wanted.has(name))
      await unlessDone(deleteObject(cluster, { type, namespace: '', name }, OWN_DELETE, WRITER));
}

/** Two definitions of one group may be looked after at once. */
async function unlessDone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiError && (error.code === 404 || error.code === 409))) throw error;
  }
}

function apiService(
  name: string,
  { group, version, custom }: { readonly group: string; readonly version: string; readonly custom: boolean },
  now: Date,
) {
  return {
    metadata: { name, labels: { 'kube-aggregator.kubernetes.io/automanaged': custom ? 'true' : 'onstart' } },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: group === '' ? PRIORITIES.core : custom ? PRIORITIES.custom : PRIORITIES.builtIn,
      versionPriority: VERSION_PRIORITY,
    },
    status: {
      conditions: [
        {
          type: 'Available',
          status: 'True',
          lastTransitionTime: timestamp(now),
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ],
    },
  };
}
