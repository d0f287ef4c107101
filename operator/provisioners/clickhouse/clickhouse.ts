/**
 * ClickHouse as a system of the data plane: a database for each scope with its facts and their sums, whose runtimes may add and read as
 * one tenant at a time, within a quota. A pooled tenant's rows go with the tenant.
 */
import { ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { z } from 'zod';
import { formatAddress, parseAddress, withLogin } from '../../../runtime/platform/address/index.ts';
import { clickhouseSettings } from '../../../runtime/platform/address/clickhouse/index.ts';
import { CLICKHOUSE_FACTS, CLICKHOUSE_ROLLUPS } from '../../../runtime/platform/analytics/index.ts';
import { analyticsDatabase } from '../../../runtime/platform/names/index.ts';
import { SystemError } from '../system.ts';
import type { PlannedScope, System } from '../system.ts';
import { observeScope } from './observe.ts';
import { planDatabase, planRemoval, planUsers, removalOf } from './plan.ts';
import type { Action, Desired } from './plan.ts';

export interface ClickhouseOptions {
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
  /** Until the server answers, in milliseconds. Default 30,000. */
  readonly answerTimeoutMs?: number;
}

const Count = z.array(z.object({ count: z.coerce.number() }));
/** ACCESS_DENIED, AUTHENTICATION_FAILED, WRONG_PASSWORD, REQUIRED_PASSWORD, UNKNOWN_USER. */
const REFUSED: ReadonlySet<string> = new Set(['497', '516', '193', '194', '192']);
/** UNKNOWN_DATABASE, UNKNOWN_TABLE: of what another operator has removed meanwhile. */
const GONE: ReadonlySet<string> = new Set(['81', '60']);

/** @param adminAddress `clickhouse+http://admin:…@host:8123` */
export function createClickhouse(adminAddress: string, options: ClickhouseOptions = {}): System {
  const { mayAct = () => undefined, answerTimeoutMs = 30_000 } = options;
  const settings = clickhouseSettings(adminAddress);
  const address = parseAddress(adminAddress, adminAddress.startsWith('clickhouse+https:') ? 8443 : 8123);
  const client = createClient({
    ...settings,
    database: 'default',
    // Whoever asks tells of what failed.
    log: { level: ClickHouseLogLevel.OFF },
    application: 'shopmind-operator',
    request_timeout: answerTimeoutMs,
    max_open_connections: 4,
  });

  const ask = async (query: string, params: Readonly<Record<string, string>>): Promise<unknown> =>
    (await client.query({ query, format: 'JSONEachRow', query_params: params })).json();

  const look = (scope: string) =>
    explained(`READ DATABASE ${analyticsDatabase(scope)}`, () => observeScope(ask, scope));

  const changes = async (desired: Desired): Promise<readonly Action[]> =>
    planDatabase(desired, await look(desired.scope));

  async function apply(planned: readonly Action[]): Promise<readonly string[]> {
    const done: string[] = [];
    for (const { text, statement } of planned) {
      mayAct();
      await explained(text, () =>
        client.command({ query: statement, clickhouse_settings: { wait_end_of_query: 1 } }),
      );
      done.push(text);
    }
    return done;
  }

  function desiredOf({ name, login, formerLogin }: PlannedScope): Desired {
    const logins = [login, formerLogin].flatMap((one) => one ?? []);
    return { scope: name, admin: settings.username, ...(login === undefined ? {} : { logins }) };
  }

  async function rowsOf(scope: string, table: string, tenant: string): Promise<number> {
    try {
      const found = await ask(
        `SELECT count() AS count FROM {database:Identifier}.{table:Identifier} WHERE tenant = {tenant:String}`,
        { database: analyticsDatabase(scope), table, tenant },
      );
      return Count.parse(found)[0]?.count ?? 0;
    } catch (error) {
      if (error instanceof ClickHouseError && GONE.has(error.code)) return 0;
      throw error;
    }
  }

  return {
    name: 'clickhouse',
    plan: async (scope) => (await changes(desiredOf(scope))).map(({ text }) => text),
    ensure: async (scope) => apply(await changes(desiredOf(scope))),
    // A tenant's rows come into its scope's tables when they are written.
    ensureTenant: () => Promise.resolve([]),
    async removeTenant(scope, tenant) {
      const done: string[] = [];
      for (const table of [CLICKHOUSE_FACTS, CLICKHOUSE_ROLLUPS]) {
        const what = `DELETE ROWS OF ${tenant} FROM ${analyticsDatabase(scope)}.${table}`;
        const count = await explained(what, () => rowsOf(scope, table, tenant));
        if (count === 0) continue;
        await apply([{ text: what, statement: removalOf(scope, table, tenant) }]);
        done.push(`DELETE ${count} ROWS OF ${tenant} FROM ${analyticsDatabase(scope)}.${table}`);
      }
      return done;
    },
    async remove(scope) {
      const observed = await look(scope);
      // First those who write, or their last words would stay.
      return apply([...planUsers({ scope, logins: [] }, observed), ...planRemoval(scope, observed)]);
    },
    close: async (scope) => apply(planUsers({ scope, logins: [] }, await look(scope))),
    address: ({ name, login }) =>
      formatAddress(withLogin({ ...address, path: analyticsDatabase(name) }, login.user, login.password)),
    async ping() {
      await explained('PING', () => ask('SELECT 1', {}));
    },
    end: () => client.close(),
  };
}

async function explained<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SystemError) throw cause;
    const refused = cause instanceof ClickHouseError && REFUSED.has(cause.code);
    throw new SystemError('clickhouse', action, {
      transient: !refused,
      cause,
      remedy: refused
        ? 'give the login of ANALYTICS_ADMIN_URL the right access_management, and all rights on databases shopmind_* with grant option'
        : 'see that ANALYTICS_URL can be reached; it is tried again',
    });
  }
}
