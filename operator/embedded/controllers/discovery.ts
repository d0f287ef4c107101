/**
 * Everything the API server stores now: which kinds there are, what they are called, whether they can be deleted.
 */
import type { Api } from './machinery/client.ts';
import type { AnyResource } from './machinery/wire.ts';

interface ResourceEntry {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs?: readonly string[];
}

const NEEDED = ['list', 'watch', 'delete'];

/** The preferred version of every kind that can be listed, watched and deleted. */
export async function discover(api: Api): Promise<AnyResource[]> {
  const groups = await api.call<{ groups?: { name: string; preferredVersion: { version: string } }[] }>({
    method: 'GET',
    path: '/apis',
  });
  const versions = [
    { group: '', version: 'v1' },
    ...(groups.groups ?? []).map(({ name, preferredVersion }) => ({
      group: name,
      version: preferredVersion.version,
    })),
  ];
  const lists = await Promise.all(
    versions.map(async ({ group, version }) => {
      const path = group ? `/apis/${group}/${version}` : `/api/${version}`;
      const { resources = [] } = await api.call<{ resources?: ResourceEntry[] }>({ method: 'GET', path });
      return resources
        .filter(({ name, verbs = [] }) => !name.includes('/') && NEEDED.every((verb) => verbs.includes(verb)))
        .map(({ name, kind, namespaced }) => ({ group, version, plural: name, kind, namespaced }));
    }),
  );
  return lists.flat();
}
