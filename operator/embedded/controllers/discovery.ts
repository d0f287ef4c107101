/**
 * Everything the API server stores now: which kinds there are, what they are called, whether they can be deleted.
 */
import type { Api } from './machinery/client.ts';
import type { AnyResource } from './machinery/wire.ts';

/** The part of an `APIGroupDiscoveryList` that is read here. */
interface Discovery {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope: string;
        readonly verbs: readonly string[];
      }[];
    }[];
  }[];
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const NEEDED = ['list', 'watch', 'delete'];

/** The preferred version of every kind that can be listed, watched and deleted, in two requests. */
export async function discover(api: Api): Promise<AnyResource[]> {
  const roots = await Promise.all(
    ['/api', '/apis'].map((path) => api.call<Discovery>({ method: 'GET', path, accept: AGGREGATED })),
  );
  return roots.flatMap(({ items }) => items).flatMap(resourcesOf);
}

function resourcesOf({ metadata, versions = [] }: Discovery['items'][number]): AnyResource[] {
  // The first version is the preferred one; a kind that only a later one has is found there.
  const found = new Map<string, AnyResource>();
  for (const { version, resources = [] } of versions)
    for (const { resource, responseKind, scope, verbs } of resources)
      if (!found.has(resource) && NEEDED.every((verb) => verbs.includes(verb)))
        found.set(resource, {
          group: metadata?.name ?? '',
          version,
          plural: resource,
          kind: responseKind?.kind ?? '',
          namespaced: scope === 'Namespaced',
        });
  return [...found.values()];
}
