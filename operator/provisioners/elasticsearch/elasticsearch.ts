/**
 * Elasticsearch as a system of the data plane: for each index a domain names, a template and, in each scope, an index that its tenants
 * share; for each tenant, an alias that shows its own documents only.
 */
import { Client, errors } from '@elastic/elasticsearch';
import { z } from 'zod';
import { formatAddress, parseAddress } from '../../../runtime/platform/address/index.ts';
import { POOL_SCOPE } from '../../../runtime/platform/names/index.ts';
import { nextSearchAliasName, searchAliasName } from '../../../runtime/platform/names/index.ts';
import type { PlannedScope, System } from '../system.ts';
import { SystemError } from '../system.ts';
import { planTemplates, planTenant } from './plan.ts';
import type { Action, Observed } from './plan.ts';

export interface ElasticsearchOptions {
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
}

const Templates = z.object({
  index_templates: z.array(
    z.object({
      name: z.string(),
      index_template: z.object({
        index_patterns: z.array(z.string()),
        priority: z.number().default(0),
        version: z.number().default(0),
        template: z
          .object({ settings: z.unknown(), mappings: z.unknown() })
          .default({ settings: {}, mappings: {} }),
      }),
    }),
  ),
});
const Indices = z.record(z.string(), z.object({ settings: z.unknown().optional() }));
const Aliases = z.record(
  z.string(),
  z.object({
    aliases: z.record(
      z.string(),
      z.object({ filter: z.unknown().optional(), index_routing: z.string().optional() }),
    ),
  }),
);
const Deleted = z.object({ deleted: z.int() });

/** @param adminAddress `elasticsearch+http://host:9200[,…]` */
export function createElasticsearch(
  adminAddress: string,
  { mayAct = () => undefined }: ElasticsearchOptions = {},
): System {
  const address = parseAddress(adminAddress, 9200);
  const client = openClient(address);

  const call = (method: string, path: string, body?: object, requestTimeout = 10_000): Promise<unknown> =>
    client.transport.request(
      { method, path, ...(body === undefined ? {} : { body }) },
      { requestTimeout, maxRetries: 1 },
    );
  /** What there is none of is an empty answer. */
  const look = (path: string): Promise<unknown> => call('GET', path).catch(orNone);

  async function observe(scope: string): Promise<Observed> {
    return explained(`READ INDICES OF ${scope}`, async () => {
      const [templates, indices, aliases] = await Promise.all([
        look(`/_index_template/${scope}.*`),
        look(`/${scope}.*/_settings?expand_wildcards=all`),
        look(`/${scope}.*/_alias?expand_wildcards=all`),
      ]);
      return {
        templates: Object.fromEntries(
          Templates.parse({ index_templates: [], ...Object(templates) }).index_templates.map((one) => [
            one.name,
            one.index_template,
          ]),
        ),
        indices: Indices.parse(indices),
        aliases: Object.entries(Aliases.parse(aliases)).flatMap(([index, { aliases: of }]) =>
          Object.entries(of).map(([alias, { filter, index_routing: routing }]) => ({
            alias,
            index,
            routing,
            filter,
          })),
        ),
      };
    });
  }

  async function apply(actions: readonly Action[]): Promise<readonly string[]> {
    const done: string[] = [];
    for (const { text, method, path, body } of actions) {
      mayAct();
      await explained(text, () => call(method, path, body).catch(unlessDoneMeanwhile));
      done.push(text);
    }
    return done;
  }

  const templatesOf = ({ name, domains }: PlannedScope, observed: Observed): readonly Action[] =>
    planTemplates(name, indicesOf(domains), name === POOL_SCOPE, observed);

  return {
    name: 'elasticsearch',
    async plan(scope, tenant) {
      const observed = await observe(scope.name);
      const actions = templatesOf(scope, observed);
      const ofTenant =
        tenant === undefined ? [] : planTenant(scope.name, indicesOf(scope.domains), tenant, observed);
      return [...actions, ...ofTenant].map(({ text }) => text);
    },
    async ensure(scope) {
      return apply(templatesOf(scope, await observe(scope.name)));
    },
    async ensureTenant(scope, tenant) {
      return apply(planTenant(scope.name, indicesOf(scope.domains), tenant, await observe(scope.name)));
    },
    async removeTenant(scope, tenant) {
      const { indices, aliases } = await observe(scope);
      const names = namesOfTenant(scope, tenant, aliases);
      // First the views: whoever still writes finds no way in.
      const done = await apply(
        names.map(({ alias, index }) => ({
          text: `DROP ALIAS ${alias} ON ${index}`,
          method: 'POST',
          path: '/_aliases',
          body: { actions: [{ remove: { index, alias } }] },
        })),
      );
      const emptied: string[] = [];
      for (const index of Object.keys(indices)) {
        mayAct();
        const what = `DELETE DOCUMENTS OF ${tenant} FROM ${index}`;
        const path = `/${index}/_delete_by_query?routing=${tenant}&conflicts=proceed&refresh=true`;
        const { deleted } = await explained(what, async () =>
          // Those that were written a moment ago cannot be found yet.
          Deleted.parse(
            await call('POST', `/${index}/_refresh`).then(() =>
              call('POST', path, { query: { term: { tenant } } }, 300_000),
            ),
          ),
        );
        if (deleted > 0) emptied.push(what);
      }
      return [...done, ...emptied];
    },
    async remove(scope) {
      const { indices, templates } = await observe(scope);
      return apply([
        ...Object.keys(indices).map((index): Action => ({
          text: `DROP INDEX ${index}`,
          method: 'DELETE',
          path: `/${index}`,
        })),
        ...Object.keys(templates).map((name): Action => ({
          text: `DROP INDEX TEMPLATE ${name}`,
          method: 'DELETE',
          path: `/_index_template/${name}`,
        })),
      ]);
    },
    // Without users nobody has a login to take away.
    close: () => Promise.resolve([]),
    address: () => formatAddress({ ...address, user: undefined, password: undefined }),
    ping: () => explained('PING', async () => void (await call('GET', '/_cluster/health?timeout=5s'))),
    end: () => client.close(),
  };
}

/** The tenant's aliases, those of an index that was being filled too. */
function namesOfTenant(scope: string, tenant: string, aliases: Observed['aliases']): Observed['aliases'] {
  const index = (alias: string): string => alias.split('.')[1] ?? '';
  return aliases.filter(
    ({ alias }) =>
      alias === searchAliasName(scope, index(alias), tenant) ||
      alias === nextSearchAliasName(scope, index(alias), tenant),
  );
}

function indicesOf(domains: PlannedScope['domains']): readonly string[] {
  return domains.flatMap(({ indices = [] }) => indices);
}

function openClient({ scheme, user, password, servers, path }: ReturnType<typeof parseAddress>): Client {
  if (user !== undefined || password !== undefined)
    throw new SystemError('elasticsearch', 'OPEN', {
      transient: false,
      cause: new Error('users and rights of Elasticsearch are not managed yet'),
      remedy: 'name it without a login, and let a NetworkPolicy or a proxy decide who reaches it',
    });
  const protocol = /^elasticsearch\+(https?)$/.exec(scheme)?.[1] ?? 'http';
  return new Client({ nodes: servers.map(({ host, port }) => `${protocol}://${host}:${port}/${path}`) });
}

function orNone(error: unknown): unknown {
  if (error instanceof errors.ResponseError && error.statusCode === 404) return {};
  throw error;
}

/** Another operator was faster: what should be there is there, what should go is gone. */
function unlessDoneMeanwhile(error: unknown): unknown {
  if (error instanceof errors.ResponseError) {
    const { statusCode, message } = error;
    if (
      statusCode === 404 &&
      /index_not_found|aliases_not_found|index_template_missing|missing/.test(message)
    )
      return undefined;
    if (statusCode === 400 && /resource_already_exists/.test(message)) return undefined;
  }
  throw error;
}

async function explained<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof errors.ElasticsearchClientError)) throw cause;
    const refused = cause instanceof errors.ResponseError && [400, 401, 403].includes(cause.statusCode ?? 0);
    throw new SystemError('elasticsearch', action, {
      transient: !refused,
      cause,
      remedy: refused
        ? 'give the login of SEARCH_ADMIN_URL the right to manage indices, templates and aliases of its scopes'
        : 'see that SEARCH_URL can be reached and its cluster is not red; it is tried again',
    });
  }
}
