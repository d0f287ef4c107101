/**
 * A runtime with accounts, the catalogue and media as a process of its own, for tests that kill it. Where `CRASH` says, it kills itself as
 * `kill -9` would: between any two things that are done to a picture of a review.
 */
import { dieAt, live } from '../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../host/testing.ts';
import type { CreateService } from '../../../platform/domain.ts';
import { SHOPPERS } from '../../media/shoppers/folder.ts';

const env = (name: string): string => process.env[name] ?? '';

/** Dies once the bytes of a picture are kept and its row does not know it, and once they are removed and its row does not know that. */
async function mortalMedia(): Promise<{ createService: CreateService }> {
  const { createService } = await import('../../media/service.ts');
  return {
    createService: (platform) =>
      createService({
        ...platform,
        blobs: {
          ...platform.blobs,
          async put(tenant, bucket, ...rest) {
            const kept = await platform.blobs.put(tenant, bucket, ...rest);
            if (bucket === SHOPPERS) dieAt('kept');
            return kept;
          },
          async delete(tenant, bucket, key) {
            await platform.blobs.delete(tenant, bucket, key);
            if (bucket === SHOPPERS) dieAt('removed');
          },
        },
      }),
  };
}

/** Dies once anything is committed and nobody has heard of it, and before and after the media domain is told to give one up. */
async function mortalCatalog(): Promise<{ createService: CreateService }> {
  const { createService } = await import('../service.ts');
  return {
    createService: (platform) =>
      createService({
        ...platform,
        sql: {
          ...platform.sql,
          async transaction(tenant, work) {
            const result = await platform.sql.transaction(tenant, work);
            dieAt('committed');
            return result;
          },
        },
        async call(tenant, domain, operation, input) {
          if (operation === 'giveUpShopperPicture') dieAt('telling');
          const answer = await platform.call<never>(tenant, domain, operation, input);
          if (operation === 'giveUpShopperPicture') dieAt('told');
          return answer;
        },
      }),
  };
}

live(
  await startTestHost(
    {
      databaseUrl: env('DATABASE_URL'),
      secretsKey: env('SECRETS_KEY'),
      blobsUrl: env('BLOBS_URL'),
      domains: ['accounts', 'catalog', 'media'],
    },
    {
      services: {
        accounts: () => import('../../accounts/service.ts'),
        catalog: mortalCatalog,
        media: mortalMedia,
      },
    },
  ),
);
