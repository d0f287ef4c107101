/**
 * From the `apiVersion` and `kind` of an inventory to an object: known kinds at once, others by asking the server what it serves.
 */
import { referenceGrants, shopServices, tenants } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { pathOf } from '../../kube/paths.ts';
import { KNOWN_RESOURCES, resourceFor, secrets } from '../../kube/resources.ts';
import type { KubeObject, Ref, ResourceType } from '../../kube/types.ts';

export interface Kinds {
  /** `undefined`: the cluster serves no such kind. */
  resourceOf(object: {
    readonly apiVersion: string;
    readonly kind: string;
  }): Promise<ResourceType | undefined>;
}

const KNOWN = [...KNOWN_RESOURCES, tenants, shopServices, referenceGrants];

export function createKinds(client: Client): Kinds {
  const asked = new Map<string, Promise<readonly ResourceType[]>>();
  return {
    async resourceOf(object) {
      const known = resourceFor(object, KNOWN);
      if (known !== undefined) return known;
      const served = asked.get(object.apiVersion) ?? discover(client, object.apiVersion);
      asked.set(object.apiVersion, served);
      return (await served).find(({ kind }) => kind === object.kind);
    },
  };
}

/** The object, or `undefined` when it, or its kind, is not there. Of a Secret only the metadata travels, never a value. */
export async function locate(
  client: Client,
  kinds: Kinds,
  item: Ref & { readonly apiVersion: string; readonly kind: string },
): Promise<KubeObject | undefined> {
  const type = await kinds.resourceOf(item);
  if (type === undefined) return undefined;
  return type === secrets ? metadataOf(client, type, item) : client.find(type, item);
}

async function metadataOf(client: Client, type: ResourceType, ref: Ref): Promise<KubeObject | undefined> {
  try {
    const text = await client.raw('GET', pathOf(type, ref, undefined, {}), {
      headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' },
    });
    // The server's schema is the contract, as for every other read.
    const { metadata } = JSON.parse(text) as KubeObject;
    return { apiVersion: 'v1', kind: type.kind, metadata };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function discover(client: Client, apiVersion: string): Promise<readonly ResourceType[]> {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  try {
    const text = await client.raw('GET', group === '' ? `/api/${version}` : `/apis/${apiVersion}`);
    // APIResourceList of the discovery API, v1.
    const { resources } = JSON.parse(text) as {
      resources: readonly { name: string; kind: string; namespaced: boolean }[];
    };
    return resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ group, version, plural: name, kind, namespaced }));
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}
