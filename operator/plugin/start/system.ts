/**
 * Everything the embedded cluster is given before the tenants: definitions, platform configuration, the installation.
 * Loaded while the cluster boots, because the manifest builders are heavy to load.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { customResourceDefinitions } from '../../../crds/index.ts';
import type { Client } from '../../kube/client.ts';
import { secrets } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import { embeddedManifests } from '../../resources/embedded.ts';
import { installManifests } from '../../resources/install.ts';
import type { StartOptions } from './options.ts';
import { paymentsOrigin, platformConfig, platformSecret, SYSTEM_NAMESPACE, type Values } from './platform.ts';

const GATEWAY_API = new URL('../../resources/crds/gateway-api.yaml', import.meta.url);

/** The objects to install; asks the cluster only for the passwords that already exist. */
export async function systemObjects(client: Client, options: StartOptions): Promise<KubeObject[]> {
  const [gatewayApi, existing, sources] = await Promise.all([
    readFile(GATEWAY_API, 'utf8'),
    client.find(secrets, { name: 'platform', namespace: SYSTEM_NAMESPACE }),
    folderOf(options.tenants),
  ]);
  return [
    ...jsonLines(gatewayApi),
    ...plain(customResourceDefinitions()),
    ...plain(
      installManifests({
        gatewayPort: options.port,
        gatewayOnHost: true,
        pullPolicy: 'Never',
        storefront: options.storefront,
        paymentsPublicOrigin: paymentsOrigin(options.port),
      }),
    ),
    ...plain(embeddedManifests({ dataDir: options.dataDir, gatewayPort: options.port })),
    platformObject('ConfigMap', {
      data: platformConfig({ dataDir: options.dataDir, port: options.port, sources }),
    }),
    platformObject('Secret', { data: encoded(platformSecret(decoded(existing?.data))) }),
  ];
}

/** The file is YAML whose documents are JSON, one a line: a parser of YAML would take eighty times as long. */
function jsonLines(text: string): KubeObject[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line): KubeObject => JSON.parse(line));
}

function platformObject(kind: 'ConfigMap' | 'Secret', content: Readonly<Record<string, Values>>): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name: 'platform', namespace: SYSTEM_NAMESPACE }, ...content };
}

function decoded(data: Readonly<Record<string, string>> | undefined): Values | undefined {
  if (data === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}

function encoded(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
}

/** Relative catalogue sources are looked up beside the tenants: in the folder given, or the file's own. */
async function folderOf(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? path : dirname(path);
}

/** Builders return deeply readonly objects; the client sends them as JSON and changes nothing. */
function plain(objects: readonly unknown[]): KubeObject[] {
  return objects as KubeObject[];
}
