/**
 * A tenant's objects: pictures and imports. What a customer has brought lies in a folder of their own, and is given out with the rest;
 * it is erased by the shop's runtime (`pictures.ts`), for where the objects are may be a folder of its Pods.
 */
import { folderOf, SHOPPERS } from '../../../runtime/domains/media/definition.ts';
import { read } from '../store/store.ts';
import type { ArchiveStore } from '../store/store.ts';
import type { Holder, Line } from './holder.ts';
import { TenantLivesError } from './rows.ts';

/** @param store of the platform's BLOBS_URL */
export function createObjectHolder(store: ArchiveStore): Holder {
  return {
    name: 'objects',
    async export({ tenant, customer }, sink) {
      const folder = customer === undefined ? '' : `${SHOPPERS}/${folderOf(tenant, customer)}/`;
      const counts = new Map<string, number>();
      for await (const { key } of store.list(`${tenant}/${folder}`)) {
        const [, bucket = ''] = key.split('/');
        await sink.add(`objects/${key.slice(tenant.length + 1)}`, await read(store, key));
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
      return [...counts].map(([what, count]): Line => ({ what, action: 'exported', count }));
    },
    async erase({ tenant, customer }) {
      // A customer's: see above.
      if (customer === undefined) throw new TenantLivesError(tenant);
    },
    verify: async () => [],
  };
}
