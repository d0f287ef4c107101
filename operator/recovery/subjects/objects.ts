/**
 * A tenant's objects: pictures and imports. No bucket holds anything of a customer's, so there is nothing of theirs to give or erase.
 */
import { read } from '../store/store.ts';
import type { ArchiveStore } from '../store/store.ts';
import type { Holder, Line } from './holder.ts';
import { TenantLivesError } from './rows.ts';

/** @param store of the platform's BLOBS_URL */
export function createObjectHolder(store: ArchiveStore): Holder {
  return {
    name: 'objects',
    async export({ tenant, customer }, sink) {
      if (customer !== undefined) return [];
      const counts = new Map<string, number>();
      for await (const { key } of store.list(`${tenant}/`)) {
        const [, bucket = ''] = key.split('/');
        await sink.add(`objects/${key.slice(tenant.length + 1)}`, await read(store, key));
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
      return [...counts].map(([what, count]): Line => ({ what, action: 'exported', count }));
    },
    async erase({ tenant, customer }) {
      if (customer === undefined) throw new TenantLivesError(tenant);
    },
    verify: async () => [],
  };
}
