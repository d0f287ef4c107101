/** Discovery: which groups, versions and resources there are, in the old form and the aggregated one. */
import { createHash } from 'node:crypto';
import type { Catalog } from './catalog.ts';
import type { JsonObject } from './objects.ts';
import type { ResourceType, Subresource } from './resources.ts';

/** As `kubectl version` shows it; the API served here follows this release. */
export const VERSION: JsonObject = {
  major: '1',
  minor: '34',
  emulationMajor: '1',
  emulationMinor: '34',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '33',
  gitVersion: 'v1.34.4+shopmind',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '2026-11-24T00:00:00Z',
  goVersion: 'none',
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
};

const AGGREGATED =
  /application\/json;(?=[^,]*\bg=apidiscovery\.k8s\.io)(?=[^,]*\bas=APIGroupDiscoveryList)[^,]*\bv=(v2(?:beta1)?)\b|application\/json;(?=[^,]*\bg=apidiscovery\.k8s\.io)(?=[^,]*\bv=(v2(?:beta1)?)\b)[^,]*\bas=APIGroupDiscoveryList/;

/** The aggregated form's version that a client accepts; undefined when it wants the old form. */
export function aggregatedVersion(accept: string): string | undefined {
  const match = AGGREGATED.exec(accept);
  return match?.[1] ?? match?.[2];
}

export const aggregatedContentType = (version: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

/** Everything under `/api` (core) or `/apis` (the named groups) at once. */
export function aggregatedDiscovery(catalog: Catalog, core: boolean, version: string): JsonObject {
  const groups = catalog.groups().filter((group) => (group === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: catalog.versions(group).map((groupVersion) => ({
        version: groupVersion,
        resources: typesOf(catalog, group, groupVersion).map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResource(type: ResourceType): JsonObject {
  const scope = type.namespaced ? 'Namespaced' : 'Cluster';
  return {
    resource: type.plural,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope,
    singularResource: type.singular,
    verbs: [...type.verbs],
    ...(type.shortNames.length > 0 ? { shortNames: [...type.shortNames] } : {}),
    ...(type.categories.length > 0 ? { categories: [...type.categories] } : {}),
    ...(type.subresources.length > 0
      ? { subresources: type.subresources.map((subresource) => aggregatedSubresource(type, subresource)) }
      : {}),
  };
}

function aggregatedSubresource(type: ResourceType, subresource: Subresource): JsonObject {
  const { group = type.group, version = type.version, kind, name, verbs } = subresource;
  return { subresource: name, responseKind: { group, version, kind }, verbs: [...verbs] };
}

/** The answer at `/api`. */
export function coreVersions(address: string): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** The answer at `/apis`. */
export function groupList(catalog: Catalog): JsonObject {
  const groups = catalog.groups().filter((group) => group !== '');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map((group) => groupEntry(catalog, group)),
  };
}

/** The answer at `/apis/<group>`; undefined when there is no such group. */
export function groupDocument(catalog: Catalog, group: string): JsonObject | undefined {
  if (catalog.versions(group).length === 0) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(catalog, group) };
}

function groupEntry(catalog: Catalog, group: string): JsonObject {
  const versions = catalog
    .versions(group)
    .map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, ...(versions[0] ? { preferredVersion: versions[0] } : {}) };
}

/** The answer at `/api/v1` and `/apis/<group>/<version>`; undefined when it is not served. */
export function resourceList(catalog: Catalog, group: string, version: string): JsonObject | undefined {
  const types = typesOf(catalog, group, version);
  if (types.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: types.flatMap((type) => [
      listedResource(type),
      ...type.subresources.map((subresource) => listedSubresource(type, subresource)),
    ]),
  };
}

function listedResource(type: ResourceType): JsonObject {
  return {
    name: type.plural,
    singularName: type.singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: [...type.verbs],
    ...(type.shortNames.length > 0 ? { shortNames: [...type.shortNames] } : {}),
    ...(type.categories.length > 0 ? { categories: [...type.categories] } : {}),
    ...(type.verbs.includes('watch') ? { storageVersionHash: storageVersionHash(type) } : {}),
  };
}

/** Changes when objects are stored in another version; clients that migrate them look for that. */
function storageVersionHash({ storage, storageVersion, kind }: ResourceType): string {
  const [group = ''] = storage.split('/');
  const stored = `${group}/${storageVersion}/${kind}`;
  return createHash('sha256').update(stored).digest().subarray(0, 8).toString('base64');
}

function listedSubresource(type: ResourceType, subresource: Subresource): JsonObject {
  const { group, version, kind, name, verbs } = subresource;
  return {
    name: `${type.plural}/${name}`,
    singularName: '',
    namespaced: type.namespaced,
    ...(group === undefined || version === undefined ? {} : { group, version }),
    kind,
    verbs: [...verbs],
  };
}

const typesOf = (catalog: Catalog, group: string, version: string): ResourceType[] =>
  catalog.all().filter((type) => type.group === group && type.version === version);
