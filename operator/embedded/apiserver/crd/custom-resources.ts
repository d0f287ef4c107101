/** Serves what CustomResourceDefinitions define, from the moment they are stored until they are gone. */
import type { Change, Entry } from '../../store/store.ts';
import type { Cluster } from '../cluster.ts';
import { equal, parseStored, type Json } from '../objects.ts';
import type { ResourceType } from '../resources.ts';
import type { KindRules } from '../rules.ts';
import { readDefinition, type Definition } from './definition.ts';
import { createCaller } from '../webhooks/call.ts';
import { conversionWebhook } from './conversion-webhook.ts';
import { createLifecycle } from './lifecycle.ts';
import type { Column } from '../table/table.ts';
import { customColumns } from './columns.ts';
import { customRules } from './rules.ts';

export const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions';

export interface CustomResources {
  /** Serves what is stored and follows every change. */
  start(cluster: Cluster): void;
  stop(): void;
  rulesOf(type: ResourceType): KindRules;
  columnsOf(type: ResourceType): readonly Column[];
}

const NO_RULES: KindRules = {};

export function createCustomResources(): CustomResources {
  const definitions = new Map<string, Definition>();
  const specs = new Map<string, Json>();
  const rules = new Map<string, KindRules>();
  const columns = new Map<string, readonly Column[]>();
  const caller = createCaller();
  let unsubscribe = (): void => {};

  function serve(cluster: Cluster, entry: Entry): void {
    const crd = parseStored(entry.json);
    // What is compiled of a schema is kept by its identity, so a change of the status alone must not renew it.
    if (equal(specs.get(entry.name), crd['spec'])) return;
    const definition = readDefinition(crd);
    if (!definition) return;
    specs.set(definition.name, crd['spec'] ?? null);
    definitions.set(definition.name, definition);
    const since = cluster.store.revision();
    const webhook = conversionWebhook(cluster, caller, definition);
    for (const version of definition.versions) {
      const key = keyOf(version.type);
      rules.set(key, customRules(version, definition, since, webhook));
      columns.set(key, customColumns(version));
    }
    const served = definition.versions.filter((version) => version.served).map(({ type }) => type);
    cluster.catalog.serve(definition.storage, served, definition.stored.type);
  }

  function withdraw(cluster: Cluster, name: string): void {
    const definition = definitions.get(name);
    if (!definition) return;
    definitions.delete(name);
    specs.delete(name);
    for (const { type } of definition.versions)
      for (const known of [rules, columns]) known.delete(keyOf(type));
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
    stop() {
      unsubscribe();
      caller.close();
    },
    rulesOf: (type) => rules.get(keyOf(type)) ?? NO_RULES,
    columnsOf: (type) => columns.get(keyOf(type)) ?? [],
  };
}

const keyOf = (type: ResourceType): string => `${type.storage}/${type.version}`;
