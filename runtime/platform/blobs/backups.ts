/**
 * Backups beside the blobs they are kept with: `<base>/_backups/<tenant>/<time>/` holds `<table>.jsonl`, `objects/` and
 * `manifest.json`, in the format of the operator's snapshots. Here in files, where a name that ends in `.partial` is no backup yet.
 */
import { appendFile, copyFile, link, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RowSink } from '../sql/export.ts';
import type { TenantId } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { backupName, checkTable, MANIFEST, manifestOf, outdated } from '../backup-form/index.ts';
import { syncFiles, syncFolder } from '../durable/index.ts';

export interface Backup extends RowSink {
  /** Adds the tenant's objects and makes it whole; durable when this resolves. @returns where it is */
  finish(rows: Readonly<Record<string, number>>): Promise<string>;
}

export interface Backups {
  /** Begins one; what an earlier try left unfinished is removed. */
  begin(tenant: TenantId, at: Date): Promise<Backup>;
  /** Removes all but the `keep` youngest. @returns the names of those removed */
  prune(tenant: TenantId, keep: number): Promise<readonly string[]>;
}

/** @param url of the blob store that the backups are kept in: `file://…` or `s3://…` */
export async function createBackups(url: string): Promise<Backups> {
  if (!url.startsWith('s3:')) return createFileBackups(fileURLToPath(url));
  const { createS3Backups } = await import('./s3-backups.ts');
  return createS3Backups(url);
}

const PARTIAL = '.partial';
/** @param base folder of the blob store */
function createFileBackups(base: string): Backups {
  const folderOf = (tenant: TenantId): string => join(base, '_backups', checkedTenantId(tenant));

  return {
    async begin(tenant, at) {
      const all = folderOf(tenant);
      for (const name of await namesIn(all))
        if (name.endsWith(PARTIAL)) await rm(join(all, name), { recursive: true });
      const name = backupName(at);
      const draft = join(all, `${name}${PARTIAL}`);
      await mkdir(draft, { recursive: true, mode: 0o700 });
      return {
        async write(table, rows) {
          checkTable(table);
          const text = rows.map((row) => `${row}\n`).join('');
          await appendFile(join(draft, `${table}.jsonl`), text, { mode: 0o600 });
        },
        async finish(rows) {
          await takeAlong(join(base, checkedTenantId(tenant)), join(draft, 'objects'));
          const manifest = manifestOf(tenant, name, rows);
          await writeFile(join(draft, MANIFEST), manifest, { mode: 0o600 });
          await syncFiles(draft);
          const final = join(all, name);
          await rename(draft, final);
          await syncFolder(all);
          return final;
        },
      };
    },

    async prune(tenant, keep) {
      const all = folderOf(tenant);
      const whole = (await namesIn(all)).filter((name) => !name.endsWith(PARTIAL));
      const old = outdated(whole, keep);
      for (const name of old) await rm(join(all, name), { recursive: true });
      return old;
    },
  };
}

/**
 * The same files in another folder. Links where the file system has them: objects are replaced whole, never changed in
 * place, so a link keeps what was there, and costs no space.
 */
async function takeAlong(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true }).catch(absent);
  if (entries === undefined) return;
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of entries) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await takeAlong(source, target);
    else if (entry.isFile()) await linkOrCopy(source, target);
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // Deleted since it was listed: it is not of this moment.
    if (code === 'ENOENT') return;
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EMLINK') throw error;
    await copyFile(source, target);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
