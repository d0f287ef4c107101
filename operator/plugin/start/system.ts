/**
 * Everything the embedded cluster is given before the tenants: definitions, platform configuration, the installation.
 * Loaded while the cluster boots, because the manifest builders are heavy to load.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Client } from '../../kube/client.ts';
import { secrets } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import { embeddedManifests } from '../../resources/embedded.ts';
import { installManifests } from '../../resources/install.ts';
import { InstallValues } from '../../resources/values.ts';
import { gatewayApiDefinitions, ownDefinitions, plain } from '../install/objects.ts';
import type { StartOptions } from './options.ts';
import { paymentsOrigin, platformConfig, platformSecret, SYSTEM_NAMESPACE, type Values } from './platform.ts';

/** The objects to install; asks the cluster only for the passwords that already exist. */
export async function systemObjects(client: Client, options: StartOptions): Promise<KubeObject[]> {
  const [gatewayApi, existing, sources] = await Promise.all([
    gatewayApiDefinitions(),
    client.find(secrets, { name: 'platform', namespace: SYSTEM_NAMESPACE }),
    folderOf(options.tenants),
  ]);
  return [
    ...gatewayApi,
    ...ownDefinitions(),
    ...plain(installManifests(localValues(options), { onThisMachine: true })),
    ...plain(embeddedManifests({ dataDir: options.dataDir, gatewayPort: options.port })),
    platformObject('ConfigMap', {
      data: platformConfig({
        dataDir: options.dataDir,
        port: options.port,
        sources,
        traces: options.traces,
      }),
    }),
    platformObject('Secret', { data: encoded(platformSecret(decoded(existing?.data))) }),
  ];
}

/** One of each on one machine; the embedded cluster has neither admission policies nor network policies to enforce. */
function localValues({ port, storefront }: StartOptions): InstallValues {
  return InstallValues.parse({
    image: { pullPolicy: 'Never' },
    operator: { replicas: 1 },
    gateway: { replicas: 1, port, forwardedProto: 'http' },
    storefront: { enabled: storefront, paymentsPublicOrigin: paymentsOrigin(port) },
    networkPolicies: { enabled: false },
    admissionPolicy: { enabled: false },
  });
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
