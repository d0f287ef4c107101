/**
 * Writes what clients of the API are made from: `node runtime/host/generate.ts`. All of it is drawn from the domains' definitions and
 * committed, so that a change of the API shows in its review; a test fails when it is stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { DOMAINS } from '../domains/index.ts';
import { graphModel } from './graphql/model.ts';
import { sdlOf } from './graphql/sdl.ts';
import { openApiOf } from './openapi.ts';
import { readApi } from './shapes/api.ts';

const FOLDER = new URL('../../docs/api/', import.meta.url);

/** Path below `docs/api/` → text. */
export async function generate(): Promise<ReadonlyMap<string, string>> {
  const api = await readApi(DOMAINS);
  return new Map([
    ['openapi.json', `${JSON.stringify(openApiOf(DOMAINS), null, 1)}\n`],
    ['schema.graphql', `${NOTE}\n\n${sdlOf(graphModel(api, DOMAINS))}`],
  ]);
}

const NOTE = '# Generated from runtime/domains/*/definition.ts by runtime/host/generate.ts. Do not edit.';

/** What is committed now; empty when nothing is. */
export async function committed(path: string): Promise<string> {
  return await readFile(new URL(path, FOLDER), 'utf8').catch(() => '');
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  for (const [path, text] of await generate()) {
    const url = new URL(path, FOLDER);
    await mkdir(new URL('.', url), { recursive: true });
    await writeFile(url, text);
  }
}
