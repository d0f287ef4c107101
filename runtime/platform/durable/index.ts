/** Files that are still there after the power has failed: their bytes are on the disk, and so are their names. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A new name, of a file written or renamed, is durable once its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  await sync(folder);
}

/** The files directly in a folder, and their names. */
export async function syncFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isFile()) await sync(join(folder, entry.name));
  await sync(folder);
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
