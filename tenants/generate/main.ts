/**
 * Writes the sample shops' catalogues and pictures: `node tenants/generate/main.ts`.
 * Deterministic: the same lists give the same files, byte for byte, which a test holds it to.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { filesOf } from './files.ts';
import { acme } from './lists/acme.ts';
import { fjord } from './lists/fjord.ts';
import { sakura } from './lists/sakura.ts';

const tenants = new URL('../', import.meta.url);

for (const shop of [acme, sakura, fjord]) {
  const folder = new URL(`${shop.name}/`, tenants);
  const files = filesOf(shop);
  await mkdir(new URL('images/', folder), { recursive: true });
  for (const name of await readdir(new URL('images/', folder))) {
    if (!files.has(`images/${name}`)) await rm(new URL(`images/${name}`, folder));
  }
  for (const [name, text] of files) await writeFile(new URL(name, folder), text);
  const bytes = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  process.stdout.write(
    `${shop.name}: ${shop.items.length} products, ${files.size} files, ${Math.round(bytes / 1024)} KiB in ${fileURLToPath(folder)}\n`,
  );
}
