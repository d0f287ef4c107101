/** Serves what CustomResourceDefinitions define, from the moment they are stored until they are gone. */
import type { Change, Entry } from '../../store/store.ts';
import type { Cluster } from '../cluster.ts';
import { parseStored } from '../objects.ts';
import type { ResourceType } from '../resources.ts';
import type { KindRules } from '../rules.ts';
import { readDefinition, type CustomVersion, type Definition } from './definition.ts';
import { createLifecycle } from './lifecycle.ts';
import { customRules } from './rules.ts';

export const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions';

export interface CustomResources {
  /** Serves what is stored and follows every change. */
  start(cluster: Cluster): void;
  stop(): void;
  rulesOf(type: ResourceType): KindRules;
  versionOf(type: ResourceType): CustomVersion | undefined;
  all(): readonly Definition[];
}

const NO_RULES: KindRules = {};

export function createCustomResources(): CustomResources {
  const definitions = new Map<string, Definition>();
  const rules = new Map<string, KindRules>();
  let unsubscribe = (): void => {};

  function serve(cluster: Cluster, entry: Entry): void {
    const definition = readDefinition(parseStored(entry.json));
    if (!definition) return;
    definitions.set(definition.name, definition);
    for (const version of definition.versions) rules.set(keyOf(version.type), customRules(version));
    const served = definition.versions.filter((version) => version.served).map(({ type }) => type);
    cluster.catalog.serve(definition.storage, served, definition.stored.type);
  }

  function withdraw(cluster: Cluster, name: string): void {
    const definition = definitions.get(name);
    if (!definition) return;
    definitions.delete(name);
    for (const { type } of definition.versions) rules.delete(keyOf(type));
    cluster.catalog.withdraw(definition.storage);
  }

  return {
    start(cluster) {
      const lifecycle = createLifecycle(cluster);
      const follow = (change: Change): void => {
        if (change.type === 'DELETED') withdraw(cluster, change.entry.name);
        else serve(cluster, change.entry);
        lifecycle.attend(change.entry.name);
      };
      for (const entry of cluster.store.list(DEFINITIONS)) {
        serve(cluster, entry);
        lifecycle.attend(entry.name);
      }
      const stopWatching = cluster.store.watch(DEFINITIONS, cluster.store.revision(), follow);
      unsubscribe = () => {
        stopWatching();
        lifecycle.stop();
      };
    },
    stop: () => unsubscribe(),
    rulesOf: (type) => rules.get(keyOf(type)) ?? NO_RULES,
    versionOf: (type) =>
      [...definitions.values()]
        .find(({ storage }) => storage === type.storage)
        ?.versions.find((version) => version.type.version === type.version),
    all: () => [...definitions.values()],
  };
}

const keyOf = (type: ResourceType): string => `${type.storage}/${type.version}`;
