/**
 * The search port on Elasticsearch. The operator has made an index for each scope and an alias for each tenant, which shows its own
 * documents only; here they are written, and moved to the index of another form when there is one.
 */
import { Client, errors } from '@elastic/elasticsearch';
import { z } from 'zod';
import { parseAddress } from '../address/index.ts';
import { ShopError } from '../errors.ts';
import { nextSearchAliasName, searchAliasName, searchIndexName } from '../names/index.ts';
import type { Search, SearchDocument, SearchIndex, SearchPage, SearchQuery, TenantId } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { encodeCursor } from './cursor.ts';
import { searchBody } from './elasticsearch-query.ts';
import { fieldsOf, TEXTS } from './elasticsearch-fields.ts';
import { askedLocale, checkedName, textsIn } from './query.ts';

export interface ElasticsearchOptions {
  /** `elasticsearch+http://[user:password@]host:9200[,…]` */
  readonly address: string;
  readonly scope: string;
  /** Milliseconds that a search may take. Default 3,000. */
  readonly withinMs?: number;
}

/** Documents written with one call. */
const BATCH = 500;
const WRITE_MS = 30_000;

const Identities = z.record(
  z.string(),
  z.object({ settings: z.object({ index: z.object({ uuid: z.string() }) }) }),
);
const Aliases = z.record(z.string(), z.object({ aliases: z.record(z.string(), z.unknown()) }));
const Bulk = z.object({
  items: z.array(
    z.record(
      z.string(),
      z.object({ status: z.int(), error: z.object({ reason: z.string().nullish() }).optional() }),
    ),
  ),
});
const Found = z.object({
  hits: z.object({
    total: z.object({ value: z.int() }),
    hits: z.array(
      z.object({
        fields: z.object({ key: z.tuple([z.string()]) }).optional(),
        // Of a document without what is sorted by: none.
        sort: z.tuple([z.union([z.number(), z.string(), z.null()]), z.string()]),
      }),
    ),
  }),
  aggregations: z
    .record(z.string(), z.object({ buckets: z.array(z.object({ key: z.string(), doc_count: z.int() })) }))
    .optional(),
});

/** Opens no connection yet. */
export function createElasticsearchSearch(options: ElasticsearchOptions): Search {
  const { scope, withinMs = 3_000 } = options;
  const client = openClient(options.address);

  async function call(
    method: string,
    path: string,
    body?: object,
    { timeout = withinMs, lines = false }: { timeout?: number; lines?: boolean } = {},
  ): Promise<unknown> {
    return client.transport.request(
      { method, path, ...(body === undefined ? {} : lines ? { bulkBody: body as string[] } : { body }) }, // lines are texts
      { requestTimeout: timeout, maxRetries: 1 },
    );
  }

  const aliasOf = (tenant: TenantId, { name }: SearchIndex): string =>
    searchAliasName(scope, checkedName(name), checkedTenantId(tenant));
  const nextAliasOf = (tenant: TenantId, { name }: SearchIndex): string =>
    nextSearchAliasName(scope, checkedName(name), checkedTenantId(tenant));

  /** Indices the tenant's documents belong into: the one that is searched, and the one that is being filled, if any. */
  async function targets(tenant: TenantId, index: SearchIndex): Promise<{ current: string; next?: string }> {
    const [alias, nextAlias] = [aliasOf(tenant, index), nextAliasOf(tenant, index)];
    // A pattern that nothing matches is no error, as a name would be.
    const found = Object.entries(
      Aliases.parse(await call('GET', `/_alias/${alias},${nextAlias}*`).catch(orNone)),
    );
    const having = (name: string): string | undefined =>
      found.find(([, { aliases }]) => aliases[name] !== undefined)?.[0];
    const current = having(alias);
    const next = having(nextAlias);
    if (current === undefined)
      throw new ShopError('unavailable', `There is no index of ${index.name} for ${tenant} yet.`, {
        remedy: 'The operator makes it; see the conditions of the tenant.',
        retryAfterSeconds: 5,
      });
    return { current, ...(next === undefined ? {} : { next }) };
  }

  async function bulk(index: string, lines: readonly object[], refresh: 'wait_for' | 'false'): Promise<void> {
    if (lines.length === 0) return;
    const answer = await call(
      'POST',
      `/_bulk?refresh=${refresh}`,
      lines.map((line) => JSON.stringify(line)),
      {
        timeout: WRITE_MS,
        lines: true,
      },
    );
    let wasNewer = false;
    for (const item of Bulk.parse(answer).items) {
      for (const { status, error } of Object.values(item)) {
        // A newer version is there, written by somebody else.
        if (status === 409) wasNewer = true;
        // 404: what should go was not there, and stays so.
        else if (status >= 300 && status !== 404)
          throw new ShopError(
            'unavailable',
            `Elasticsearch refused a document: ${error?.reason ?? status}.`,
            {
              retryAfterSeconds: 5,
            },
          );
      }
    }
    // What somebody else wrote may not be found yet, and a refusal waits for no refresh.
    if (wasNewer && refresh === 'wait_for')
      await call('POST', `/${index}/_refresh`, undefined, { timeout: WRITE_MS });
  }

  async function put(
    tenant: TenantId,
    { locales }: SearchIndex,
    index: string,
    documents: readonly SearchDocument[],
    again: boolean,
    refresh: 'wait_for' | 'false',
  ): Promise<void> {
    for (let n = 0; n < documents.length; n += BATCH)
      await bulk(
        index,
        documents.slice(n, n + BATCH).flatMap((document) => [
          {
            index: {
              ...placeOf(tenant, index, document),
              version_type: again ? 'external_gte' : 'external',
            },
          },
          sourceOf(tenant, document, locales),
        ]),
        refresh,
      );
  }

  async function find(
    tenant: TenantId,
    index: SearchIndex,
    query: SearchQuery,
    slips: boolean,
  ): Promise<SearchPage> {
    const answer = Found.parse(
      await call(
        'POST',
        `/${aliasOf(tenant, index)}/_search`,
        searchBody(query, fieldsOf(index.locales)[askedLocale(index, query)] ?? '', slips),
      ),
    );
    const { hits, total } = answer.hits;
    const shown = hits.slice(0, query.limit);
    const last = shown.at(-1);
    const more = hits.length > query.limit && !slips && last !== undefined;
    const counts = (query.facets ?? []).map((name) => [
      name,
      (answer.aggregations?.[name]?.buckets ?? []).map(({ key, doc_count: count }) => ({
        value: key,
        count,
      })),
    ]);
    const ids = shown.map(({ sort }) => sort[1]);
    return {
      ids,
      total: slips ? ids.length : total.value,
      // Built from pairs of the page's own type.
      facets: slips ? {} : (Object.fromEntries(counts) as SearchPage['facets']),
      similar: slips,
      ...(more ? { next: encodeCursor(query, ...last.sort) } : {}),
    };
  }

  /** Rewrites every document where it is; then those go that nobody has written since. */
  async function renew(
    tenant: TenantId,
    index: SearchIndex,
    current: string,
    all: AsyncIterable<readonly SearchDocument[]>,
  ): Promise<number> {
    const before = await lastSequence(tenant, current);
    const count = await fill(tenant, index, current, all);
    await call('POST', `/${current}/_refresh`, undefined, { timeout: WRITE_MS });
    await deleteWhere(tenant, current, [{ range: { _seq_no: { lte: before } } }]);
    return count;
  }

  /** Fills another index beside; whoever writes meanwhile writes to both. Then the alias goes over, in one step. */
  async function moveTo(
    tenant: TenantId,
    index: SearchIndex,
    current: string,
    target: string,
    all: AsyncIterable<readonly SearchDocument[]>,
  ): Promise<number> {
    const [alias, nextAlias] = [aliasOf(tenant, index), nextAliasOf(tenant, index)];
    // What an earlier try has left; nobody reads it.
    await deleteWhere(tenant, target, []);
    await call('POST', '/_aliases', {
      actions: [{ add: { index: target, alias: nextAlias, ...shownTo(tenant) } }],
    });
    const count = await fill(tenant, index, target, all);
    await call('POST', `/${target}/_refresh`, undefined, { timeout: WRITE_MS });
    await call('POST', '/_aliases', {
      actions: [
        { remove: { index: current, alias } },
        { add: { index: target, alias, ...shownTo(tenant) } },
        { remove: { index: target, alias: nextAlias } },
      ],
    });
    await deleteWhere(tenant, current, []);
    return count;
  }

  async function fill(
    tenant: TenantId,
    of: SearchIndex,
    index: string,
    all: AsyncIterable<readonly SearchDocument[]>,
  ): Promise<number> {
    let count = 0;
    for await (const documents of all) {
      await put(tenant, of, index, documents, true, 'false');
      count += documents.length;
    }
    return count;
  }

  /** Of the last change of the tenant's documents that can be searched; all later ones have larger numbers in their shard. */
  async function lastSequence(tenant: TenantId, index: string): Promise<number> {
    await call('POST', `/${index}/_refresh`, undefined, { timeout: WRITE_MS });
    const answer = await call('POST', `/${index}/_search?routing=${tenant}`, {
      query: { term: { tenant } },
      sort: [{ _seq_no: 'desc' }],
      size: 1,
      _source: false,
    });
    const sorted = z.object({ hits: z.object({ hits: z.array(z.object({ sort: z.tuple([z.int()]) })) }) });
    return sorted.parse(answer).hits.hits[0]?.sort[0] ?? -1;
  }

  async function deleteWhere(tenant: TenantId, index: string, filter: readonly object[]): Promise<void> {
    const path = `/${index}/_delete_by_query?routing=${tenant}&conflicts=proceed&refresh=true`;
    await call(
      'POST',
      path,
      { query: { bool: { filter: [{ term: { tenant } }, ...filter] } } },
      { timeout: 600_000 },
    );
  }

  return {
    origin: (tenant, index) =>
      explained(async () => {
        const target = searchIndexName(scope, checkedName(index.name));
        const { current } = await targets(tenant, index);
        // One that was made anew, empty, has its name and another identity.
        const found = Identities.parse(
          await call('GET', `/${current},${target}?filter_path=*.settings.index.uuid`),
        );
        const languages = Object.values(fieldsOf(index.locales)).join();
        const named = (name: string): string =>
          `elasticsearch/${found[name]?.settings.index.uuid ?? name}/${languages}`;
        return { serving: named(current), wanted: named(target) };
      }),

    write: (tenant, index, documents) =>
      explained(async () => {
        const { current, next } = await targets(tenant, index);
        if (next !== undefined) await put(tenant, index, next, documents, false, 'false');
        // An index of another form takes none of these: what is written before it has been left is found by whoever fills the next one.
        if (current === searchIndexName(scope, checkedName(index.name)))
          await put(tenant, index, current, documents, false, 'wait_for');
      }),

    remove: (tenant, index, gone) =>
      explained(async () => {
        const { current, next } = await targets(tenant, index);
        for (const target of [...(next === undefined ? [] : [next]), current])
          await bulk(
            target,
            gone.map((one) => ({ delete: { ...placeOf(tenant, target, one), version_type: 'external' } })),
            target === current ? 'wait_for' : 'false',
          );
      }),

    search: (tenant, index, query) =>
      explained(async () => {
        const page = await find(tenant, index, query, false);
        const none = page.total === 0 && query.text !== undefined && query.after === undefined;
        return none ? find(tenant, index, query, true) : page;
      }),

    rebuild: (tenant, index, all) =>
      explained(async () => {
        const target = searchIndexName(scope, checkedName(index.name));
        const { current } = await targets(tenant, index);
        return current === target
          ? renew(tenant, index, current, all)
          : moveTo(tenant, index, current, target, all);
      }),

    close: () => client.close(),
  };
}

function openClient(text: string): Client {
  const { scheme, user, password, servers, path } = parseAddress(text, 9200);
  const protocol = /^elasticsearch\+(https?)$/.exec(scheme)?.[1];
  if (protocol === undefined)
    throw new Error('an Elasticsearch is named as elasticsearch+http(s)://[user:password@]host[:port][,…]');
  return new Client({
    nodes: servers.map(({ host, port }) => `${protocol}://${host}:${port}/${path}`),
    ...(user === undefined || password === undefined ? {} : { auth: { username: user, password } }),
  });
}

/** An index is shared: the tenant is part of a document's id, and decides the shard. */
function placeOf(
  tenant: TenantId,
  index: string,
  { id, version }: Pick<SearchDocument, 'id' | 'version'>,
): { _index: string; _id: string; routing: string; version: number } {
  return { _index: index, _id: `${tenant}/${id}`, routing: tenant, version };
}

function sourceOf(tenant: TenantId, document: SearchDocument, locales: readonly string[]): object {
  const { id, keywords, numbers } = document;
  const texts = Object.entries(fieldsOf(locales)).map(([locale, field]) => {
    const [title, terms, description] = textsIn(document, locale);
    return [field.slice(TEXTS.length + 1), { title, terms, description }];
  });
  return { tenant, key: id, [TEXTS]: Object.fromEntries(texts), keywords, numbers };
}

function shownTo(tenant: TenantId): object {
  return { filter: { term: { tenant } }, routing: tenant };
}

/** No such alias is an answer. */
function orNone(error: unknown): unknown {
  if (error instanceof errors.ResponseError && error.statusCode === 404) return {};
  throw error;
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof errors.TimeoutError)
      throw new ShopError('timeout', 'Elasticsearch did not answer in time.', {
        cause,
        retryAfterSeconds: 1,
      });
    if (cause instanceof errors.ElasticsearchClientError)
      throw new ShopError('unavailable', `Elasticsearch failed: ${cause.message.slice(0, 200)}`, {
        cause,
        retryAfterSeconds: 1,
      });
    throw cause;
  }
}
