/** Templates, indices and aliases of a scope: what they are, and what a server lacks of them. Pure. */
import { isDeepStrictEqual } from 'node:util';
import {
  SEARCH_ANALYZERS,
  searchAliasName,
  searchIndexName,
  SEARCH_FORM,
} from '../../../runtime/platform/names/index.ts';

/** One call of the server's API. */
export interface Action {
  /** As people read it. */
  readonly text: string;
  readonly method: 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

export interface Template {
  readonly index_patterns: readonly string[];
  readonly priority: number;
  readonly version: number;
  readonly template: { readonly settings?: unknown; readonly mappings?: unknown };
}

export interface Alias {
  readonly alias: string;
  readonly index: string;
  readonly routing: string | undefined;
  readonly filter: unknown;
}

export interface Observed {
  /** By name; with settings as the server tells them, all texts. */
  readonly templates: Readonly<Record<string, Template>>;
  readonly indices: Readonly<Record<string, { readonly settings?: unknown }>>;
  readonly aliases: readonly Alias[];
}

/** Settings that an index can be given while it serves. */
const CHANGEABLE = { refresh_interval: '1s', gc_deletes: '1h', auto_expand_replicas: '0-1' } as const;

/** Of each language that some tenant has; the runtime names fields after analyzers: `texts.german.title`. */
const LANGUAGES = SEARCH_ANALYZERS.map((analyzer) => ({
  [analyzer]: {
    path_match: `texts.${analyzer}*.*`,
    match_mapping_type: 'string',
    mapping: { type: 'text', analyzer, fields: { plain: { type: 'text', analyzer: 'standard' } } },
  },
}));

const MAPPINGS = {
  dynamic: 'strict',
  dynamic_templates: [
    { keywords: { path_match: 'keywords.*', mapping: { type: 'keyword', ignore_above: 1024 } } },
    { numbers: { path_match: 'numbers.*', mapping: { type: 'double' } } },
    ...LANGUAGES,
  ],
  properties: {
    tenant: { type: 'keyword' },
    key: { type: 'keyword' },
    texts: { type: 'object', dynamic: 'true' },
    keywords: { type: 'object', dynamic: 'true' },
    numbers: { type: 'object', dynamic: 'true' },
  },
};

/** Shards of an index that many tenants share; each tenant lives on one of them. */
const SHARED_SHARDS = 4;

/** What every index of that name in the scope begins as. */
export function desiredTemplate(scope: string, index: string, isShared: boolean): Template {
  return {
    index_patterns: [`${scope}.${index}.*`],
    priority: 100,
    version: SEARCH_FORM,
    template: {
      settings: {
        index: {
          number_of_shards: String(isShared ? SHARED_SHARDS : 1),
          ...CHANGEABLE,
        },
      },
      mappings: MAPPINGS,
    },
  };
}

export function planTemplates(
  scope: string,
  indices: readonly string[],
  isShared: boolean,
  observed: Pick<Observed, 'templates'>,
): readonly Action[] {
  return indices.flatMap((index): Action[] => {
    const name = templateName(scope, index);
    const desired = desiredTemplate(scope, index, isShared);
    const present = observed.templates[name];
    if (present !== undefined && isDeepStrictEqual(pick(present), pick(desired))) return [];
    const verb = present === undefined ? 'CREATE' : 'ALTER';
    return [
      {
        text: `${verb} INDEX TEMPLATE ${name}`,
        method: 'PUT',
        path: `/_index_template/${name}`,
        body: desired,
      },
    ];
  });
}

/**
 * The scope's index, and the tenant's view of it. A view that is of an index of another form stays: its documents are moved by the runtime,
 * which knows them.
 */
export function planTenant(
  scope: string,
  indices: readonly string[],
  tenant: { readonly name: string },
  observed: Omit<Observed, 'templates'>,
): readonly Action[] {
  return indices.flatMap((name): Action[] => {
    const index = searchIndexName(scope, name);
    const alias = searchAliasName(scope, name, tenant.name);
    const present = observed.aliases.find((one) => one.alias === alias);
    return [...planIndex(index, observed.indices[index]), ...planAlias(alias, index, tenant.name, present)];
  });
}

function planIndex(index: string, present: { readonly settings?: unknown } | undefined): Action[] {
  if (present === undefined) return [{ text: `CREATE INDEX ${index}`, method: 'PUT', path: `/${index}` }];
  const wrong = Object.entries(CHANGEABLE).filter(
    ([key, value]) => settingOf(present.settings, key) !== value,
  );
  if (wrong.length === 0) return [];
  return [
    {
      text: `ALTER INDEX ${index} (${wrong.map(([key, value]) => `${key} ${value}`).join(', ')})`,
      method: 'PUT',
      path: `/${index}/_settings`,
      body: { index: Object.fromEntries(wrong) },
    },
  ];
}

function planAlias(alias: string, index: string, tenant: string, present: Alias | undefined): Action[] {
  const filter = { term: { tenant } };
  if (present !== undefined && present.routing === tenant && isDeepStrictEqual(present.filter, filter))
    return [];
  const target = present?.index ?? index;
  return [
    {
      text: `${present === undefined ? 'CREATE' : 'ALTER'} ALIAS ${alias} ON ${target}`,
      method: 'POST',
      path: '/_aliases',
      body: { actions: [{ add: { index: target, alias, filter, routing: tenant } }] },
    },
  ];
}

export function templateName(scope: string, index: string): string {
  return `${scope}.${index}`;
}

function pick({ index_patterns, priority, version, template }: Template): unknown {
  // Without undefined members and prototypes, as JSON has it.
  return JSON.parse(
    JSON.stringify({
      index_patterns,
      priority,
      version,
      settings: template.settings,
      mappings: template.mappings,
    }),
  );
}

function settingOf(settings: unknown, key: string): unknown {
  if (typeof settings !== 'object' || settings === null || !('index' in settings)) return undefined;
  const { index } = settings;
  return typeof index === 'object' && index !== null ? Reflect.get(index, key) : undefined;
}
