/**
 * Redis, one server or a cluster, as a system of the data plane: a user for each scope, who sees the keys and channels below its prefix;
 * a tenant's keys go with the tenant. Keys are made by whoever uses them, so a tenant needs nothing beforehand.
 */
import { formatAddress, parseAddress, withLogin } from '../../../runtime/platform/address/index.ts';
import { keyPrefix, scopePrefix } from '../../../runtime/platform/names/index.ts';
import type { Scope, System } from '../system.ts';
import { SystemError } from '../system.ts';
import { keysWith, removeKeys, usageOf, type TenantUsage } from './keys.ts';
import { openServers } from './servers.ts';
import type { RedisServer } from './servers.ts';
import { desiredUser, parseUser, planUsers } from './users.ts';
import type { RedisUser, UserAction } from './users.ts';

export interface RedisSystem extends System {
  /** What each tenant of a scope keeps, the most first; `budget` is `quotas.cacheMegabytes`. Reads every key's size: for reports. */
  usage(scope: string, budgets?: Readonly<Record<string, number>>): Promise<readonly TenantUsage[]>;
}

export interface RedisOptions {
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
}

interface Change extends UserAction {
  readonly server: RedisServer;
}

/** @param adminAddress `redis://admin:…@one:6379,two:6379` */
export function createRedis(
  adminAddress: string,
  { mayAct = () => undefined }: RedisOptions = {},
): RedisSystem {
  const address = parseAddress(adminAddress, 6379);
  const servers = openServers(address);

  /** What has to change for these users to be the only ones of the scope. */
  async function changes(scope: string, desired: readonly RedisUser[]): Promise<readonly Change[]> {
    const plans = (await servers.all()).map(async (server) => {
      const lines = await server.redis.call('ACL', 'LIST');
      // A list of lines, by the protocol.
      const observed = (lines as string[]).map(parseUser);
      return planUsers(scope, desired, observed, server.name).map((action) => ({ ...action, server }));
    });
    return (await Promise.all(plans)).flat();
  }

  async function apply(planned: readonly Change[]): Promise<readonly string[]> {
    const done: string[] = [];
    for (const { text, command, server } of planned) {
      mayAct();
      await explained(text, () => server.redis.call('ACL', ...command));
      done.push(text);
    }
    for (const server of new Set(planned.map((change) => change.server)))
      await explained(`SAVE USERS ON ${server.name}`, () => persist(server));
    return done;
  }

  const setUsers = async (scope: string, desired: readonly RedisUser[]): Promise<readonly string[]> =>
    apply(await explained(`READ USERS OF ${scope}`, () => changes(scope, desired)));

  async function removePrefix(prefix: string): Promise<readonly string[]> {
    const what = `DELETE KEYS ${prefix}*`;
    const count = await explained(what, async () => {
      let sum = 0;
      for (const master of await servers.masters()) sum += await removeKeys(master, prefix, mayAct);
      return sum;
    });
    return count === 0 ? [] : [what];
  }

  return {
    name: 'redis',
    async plan({ name, login, formerLogin }) {
      if (login === undefined) return [];
      const desired = usersOf(name, login, formerLogin);
      const planned = await explained(`READ USERS OF ${name}`, () => changes(name, desired));
      return planned.map(({ text }) => text);
    },
    ensure: ({ name, login, formerLogin }) => setUsers(name, usersOf(name, login, formerLogin)),
    ensureTenant: () => Promise.resolve([]),
    removeTenant: (scope, tenant) => removePrefix(keyPrefix(scope, tenant)),
    async remove(scope) {
      // First those who write, or their last words would stay.
      const users = await setUsers(scope, []);
      return [...users, ...(await removePrefix(scopePrefix(scope)))];
    },
    close: (scope) => setUsers(scope, []),
    address: ({ login }) => formatAddress(withLogin(address, login.user, login.password)),
    ping: () =>
      explained('PING', async () => {
        for (const { redis } of await servers.all()) await redis.ping();
      }),
    usage: (scope, budgets = {}) =>
      explained(`READ KEYS OF ${scope}`, async () => {
        const masters = await servers.masters();
        return usageOf(
          masters.map((master) => keysWith(master, scopePrefix(scope))),
          scope,
          budgets,
        );
      }),
    async end() {
      servers.end();
    },
  };
}

function usersOf(
  scope: string,
  login: Scope['login'],
  formerLogin: Scope['formerLogin'],
): readonly RedisUser[] {
  return [login, ...(formerLogin === undefined ? [] : [formerLogin])].map((one) => desiredUser(scope, one));
}

/**
 * Users outlast a restart where the server has a file for them, of either kind. Where it has none they come back with the next visit,
 * as drift does; until then its clients are refused.
 */
async function persist({ redis }: RedisServer): Promise<void> {
  try {
    await redis.call('ACL', 'SAVE');
  } catch (error) {
    if (!said(error, /not configured to use an ACL file/i)) throw error;
    try {
      await redis.call('CONFIG', 'REWRITE');
    } catch (other) {
      if (!said(other, /without a config file|unknown command|NOPERM/i)) throw other;
    }
  }
}

function said(error: unknown, what: RegExp): boolean {
  return error instanceof Error && what.test(error.message);
}

async function explained<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SystemError) throw cause;
    const refused = said(cause, /NOPERM|NOAUTH|WRONGPASS|syntax error|Error in ACL/i);
    throw new SystemError('redis', action, {
      transient: !refused,
      cause,
      remedy: refused
        ? 'give the login of CACHE_ADMIN_URL the right to ACL, CLUSTER, INFO, SCAN and UNLINK'
        : 'see that every node of CACHE_URL can be reached; it is tried again',
    });
  }
}
