/**
 * The definitions and objects of an installation, as `shopmind install` prints them and `shopmind start` applies them.
 */
import { readFile } from 'node:fs/promises';
import { customResourceDefinitions } from '../../../crds/index.ts';
import type { KubeObject } from '../../kube/types.ts';

const GATEWAY_API = new URL('../../resources/crds/gateway-api.yaml', import.meta.url);

/** The CRDs of the Gateway API that the gateway speaks: shared with other implementations, so a cluster may have them already. */
export async function gatewayApiDefinitions(): Promise<KubeObject[]> {
  // The file is YAML whose documents are JSON, one a line: a parser of YAML would take eighty times as long.
  const text = await readFile(GATEWAY_API, 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line): KubeObject => JSON.parse(line));
}

/** The CRDs of our own kinds. */
export function ownDefinitions(): KubeObject[] {
  return plain(customResourceDefinitions());
}

/** Builders return deeply readonly objects; who sends or prints them changes nothing. */
export function plain(objects: readonly unknown[]): KubeObject[] {
  return objects as KubeObject[];
}
