/**
 * `shopmind install`: prints the manifests of an installation, for `kubectl apply --server-side -f -`. Touches no cluster.
 */
import { readFile } from 'node:fs/promises';
import { parseDocument, stringify } from 'yaml';
import type { KubeObject } from '../../kube/types.ts';
import { installManifests } from '../../resources/install.ts';
import { parseValues, type InstallValues } from '../../resources/values.ts';
import type { Call } from '../command.ts';
import { EXIT, Failure } from '../failure.ts';
import { gatewayApiDefinitions, ownDefinitions, plain } from './objects.ts';
import { assign, merge } from './settings.ts';

/** What was said about the values, in the order in which the later wins. */
export interface Given {
  readonly files?: readonly string[];
  /** Tag of the images. */
  readonly version?: string | undefined;
  /** `key=value` */
  readonly set?: readonly string[];
}

/** Prints everything in an order that can be applied from top to bottom. @throws Failure naming the wrong values */
export async function install({ cli, flags }: Call): Promise<void> {
  const values = await readValues({
    files: flags.all('values'),
    version: flags.text('version'),
    set: flags.all('set'),
  });
  const onlyDefinitions = flags.on('crdsOnly');
  const definitions = flags.on('crds') || onlyDefinitions;
  const objects = [
    ...(definitions && flags.on('gatewayApi') ? await gatewayApiDefinitions() : []),
    ...(definitions ? ownDefinitions() : []),
    ...(onlyDefinitions ? [] : plain(installManifests(values))),
  ];
  cli.print(toYaml(objects));
}

/** @throws Failure naming each value that is wrong, and where it came from */
export async function readValues({ files = [], version, set = [] }: Given): Promise<InstallValues> {
  const fromFiles = await Promise.all(files.map(readFileOfValues));
  let given = fromFiles.reduce(merge, {});
  if (version !== undefined) given = merge(given, { image: { tag: version } });
  for (const assignment of set) given = merge(given, assign(assignment));
  const parsed = parseValues(given);
  if ('values' in parsed) return parsed.values;
  throw new Failure('values of the installation are wrong', {
    exitCode: EXIT.badInput,
    details: parsed.mistakes.map(({ path, message }) => `${path}: ${message}`),
    remedy: 'See which there are: operator/chart/values.yaml',
  });
}

async function readFileOfValues(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Failure(`${path} cannot be read`, {
      exitCode: EXIT.badInput,
      cause,
      remedy: 'Give the path of a YAML file.',
    });
  });
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    throw new Failure(`${path} is no valid YAML`, { exitCode: EXIT.badInput, details: [error.message] });
  const values: unknown = document.toJS() ?? {};
  if (typeof values !== 'object' || Array.isArray(values))
    throw new Failure(`${path} holds no map of values`, { exitCode: EXIT.badInput });
  // A YAML map is a record of something.
  return values as Readonly<Record<string, unknown>>;
}

/** YAML documents, one an object. */
export function toYaml(objects: readonly KubeObject[]): string {
  return objects
    .map((object) => `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`)
    .join('');
}
