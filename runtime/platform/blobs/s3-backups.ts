/**
 * Backups in an S3 store: `<prefix>_backups/<tenant>/<time>/`. An object store renames nothing, so `manifest.json`, written last and
 * removed first, is what makes a folder a backup. Objects are copied within the store; unlike links of files, copies cost their space.
 */
import { backupName, checkTable, MANIFEST, manifestOf, outdated } from '../backup-form/index.ts';
import {
  copyBelow,
  foldersBelow,
  openBucket,
  openLineFiles,
  readText,
  removeBelow,
  removeObject,
  writeText,
} from '../objects/index.ts';
import type { Bucket } from '../objects/index.ts';
import type { TenantId } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';
import type { Backups } from './backups.ts';
import { explained } from './s3-errors.ts';

/**
 * Errors are ShopErrors `unavailable` and `timeout`.
 * @param address `s3://key:secret@bucket/prefix?region=…&endpoint=…`
 */
export function createS3Backups(address: string): Backups {
  const bucket = openBucket(address);
  const folderOf = (tenant: TenantId): string => `_backups/${checkedTenantId(tenant)}/`;

  return {
    async begin(tenant, at) {
      const all = folderOf(tenant);
      const name = backupName(at);
      const folder = `${all}${name}/`;
      await explained(() => removeUnfinished(bucket, all));
      const files = openLineFiles(bucket, folder, 'application/x-ndjson');
      return {
        async write(table, rows) {
          checkTable(table);
          await explained(() => files.write(`${table}.jsonl`, rows));
        },
        finish: (rows) =>
          explained(async () => {
            await files.finish();
            await copyBelow(bucket, `${checkedTenantId(tenant)}/`, `${folder}objects/`);
            await writeText(bucket, folder + MANIFEST, manifestOf(tenant, name, rows), 'application/json');
            return `${bucket.location}/${all}${name}`;
          }),
      };
    },

    async prune(tenant, keep) {
      const all = folderOf(tenant);
      return explained(async () => {
        const names = await foldersBelow(bucket, all);
        const whole = await wholeOf(bucket, all, names);
        const old = outdated(whole, keep);
        for (const name of old) {
          await removeObject(bucket, `${all}${name}/${MANIFEST}`);
          await removeBelow(bucket, `${all}${name}/`);
        }
        return old;
      });
    },
  };
}

async function removeUnfinished(bucket: Bucket, all: string): Promise<void> {
  const names = await foldersBelow(bucket, all);
  const whole = new Set(await wholeOf(bucket, all, names));
  for (const name of names) if (!whole.has(name)) await removeBelow(bucket, `${all}${name}/`);
}

async function wholeOf(bucket: Bucket, all: string, names: readonly string[]): Promise<readonly string[]> {
  const manifests = await Promise.all(names.map((name) => readText(bucket, `${all}${name}/${MANIFEST}`)));
  return names.filter((_, index) => manifests[index] !== undefined);
}
