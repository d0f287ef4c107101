/**
 * Writes the Helm chart in `operator/chart/`. `npm run generate` runs it; a test compares.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from '../../crds/generate.ts';
import { chartFiles } from './helm.ts';

const CHART = new URL('../chart/', import.meta.url);

/** Path within `operator/chart/` to content, for every file of the chart. */
export async function generatedChart(): Promise<ReadonlyMap<string, string>> {
  const gatewayApi = await readFile(new URL('crds/gateway-api.yaml', import.meta.url), 'utf8');
  const own = [...generatedFiles()].flatMap(([path, text]) =>
    path.startsWith('crds/generated/') ? [[path.slice('crds/generated/'.length), text] as const] : [],
  );
  return chartFiles(new Map([['gateway-api.yaml', gatewayApi], ...own]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await rm(CHART, { recursive: true, force: true });
  for (const [path, content] of await generatedChart()) {
    const file = new URL(path, CHART);
    await mkdir(dirname(fileURLToPath(file)), { recursive: true });
    await writeFile(file, content);
  }
}
