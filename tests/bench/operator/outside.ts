/**
 * What the operator finds outside Kubernetes in this benchmark: a data plane that remembers, runtimes that serve at once.
 * What PostgreSQL costs is another table.
 */
import type { Outside } from '../../../operator/controllers/live.ts';
import { createFakeMoves } from '../../../operator/controllers/testing/moves.ts';

/** @param provisioned what it finds was made before: as after a restart of the operator */
export function memoryOutside(provisioned: boolean): Outside {
  const known = new Map<string, string>();
  return {
    runtime: {
      serves: () => Promise.resolve(true),
      startImport: () => Promise.reject(new Error('this benchmark imports nothing')),
      importReport: () => Promise.resolve(undefined),
    },
    openDataPlane: () =>
      Promise.resolve({
        addresses: () => Promise.resolve({}),
        ensurePool: () => Promise.resolve([]),
        distrust: () => known.clear(),
        ensureTenant({ tenant }) {
          const { name } = tenant.metadata;
          const spec = JSON.stringify(tenant.spec);
          const before = known.get(name);
          known.set(name, spec);
          if (before === spec || (before === undefined && provisioned)) return Promise.resolve([]);
          return Promise.resolve([`REGISTER TENANT ${name}`]);
        },
        planTenant: () => Promise.resolve([]),
        knows: async () => true,
        unregister: (tenant) => Promise.resolve(known.delete(tenant) ? [`UNREGISTER TENANT ${tenant}`] : []),
        destroyTenant: () => Promise.resolve([]),
        // Nobody moves here.
        moves: createFakeMoves((_, act) => Promise.resolve(act())),
        ensureTarget: () => Promise.resolve([]),
        ping: () => Promise.resolve(),
        close: () => Promise.resolve(),
      }),
  };
}
