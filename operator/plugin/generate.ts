/**
 * Writes what is generated from the commands. `npm run generate` writes the files; a test compares them.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadAll } from './commands.ts';
import { pluginPage } from './docs.ts';

/** Path from the top of the repository to content, for every generated file. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([['docs/plugin.md', pluginPage(await loadAll())]]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = new URL('../../', import.meta.url);
  for (const [path, content] of await generatedFiles()) await writeFile(new URL(path, root), content);
}
