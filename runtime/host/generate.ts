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
import { textOf } from './grpc/descriptor.ts';
import { NUMBERS, readNumbers } from './grpc/host.ts';
import { grpcModel } from './grpc/model.ts';
import { openApiOf } from './openapi.ts';
import { readApi } from './shapes/api.ts';

const FOLDER = new URL('../../docs/api/', import.meta.url);

/** Address of a file → its text. */
export async function generate(): Promise<ReadonlyMap<URL, string>> {
  const api = await readApi(DOMAINS);
  const { file, numbers } = grpcModel(api, DOMAINS, await readNumbers());
  return new Map([
    [new URL('openapi.json', FOLDER), `${JSON.stringify(openApiOf(DOMAINS), null, 1)}\n`],
    [new URL('schema.graphql', FOLDER), `# ${NOTE}\n\n${sdlOf(graphModel(api, DOMAINS))}`],
    [new URL('shopmind.proto', FOLDER), textOf(file, NOTE)],
    [NUMBERS, `${JSON.stringify(numbers, null, 1)}\n`],
  ]);
}

const NOTE = 'Generated from runtime/domains/*/definition.ts by runtime/host/generate.ts. Do not edit.';

/** What is committed now; empty when nothing is. */
export async function committed(file: URL): Promise<string> {
  return await readFile(file, 'utf8').catch(() => '');
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  for (const [file, text] of await generate()) {
    await mkdir(new URL('.', file), { recursive: true });
    await writeFile(file, text);
  }
}
