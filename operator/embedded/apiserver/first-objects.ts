/** The objects every cluster has from the beginning. */
import type { Cluster } from './cluster.ts';
import type { JsonObject, KubeObject } from './objects.ts';
import { ADMIN } from './authn.ts';
import { asObject } from './registry/decode.ts';
import { createObject } from './registry/create.ts';
import { untracked } from './registry/managed.ts';
import type { WriteOptions } from './registry/options.ts';

interface First {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string;
  readonly object: JsonObject;
}

const namespace = (name: string): First => ({
  group: '',
  version: 'v1',
  plural: 'namespaces',
  namespace: '',
  object: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
});

const FIRST: readonly First[] = [
  namespace('default'),
  namespace('kube-system'),
  namespace('kube-public'),
  namespace('kube-node-lease'),
];

const OPTIONS: WriteOptions = {
  dryRun: false,
  fieldValidation: 'Ignore',
  fieldManager: 'kube-apiserver',
  force: false,
};

/** Creates what is missing of them. */
export async function ensureFirstObjects(cluster: Cluster): Promise<void> {
  for (const { group, version, plural, namespace, object } of FIRST) {
    const type = cluster.catalog.find(group, version, plural);
    if (!type) throw new Error(`the catalogue of built-in resources lacks ${plural}`);
    const made: KubeObject = asObject(object, type);
    if (cluster.store.get({ resource: type.storage, namespace, name: made.metadata.name })) continue;
    await createObject(
      cluster,
      type,
      namespace,
      made,
      OPTIONS,
      { user: ADMIN, warnings: new Set() },
      untracked,
    );
  }
}
