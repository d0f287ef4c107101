/**
 * RabbitMQ as a system of the data plane, through its management API: a virtual host for each scope with the quorum queues of its
 * tasks, and a login that reaches nothing else.
 */
import { formatAddress, parseAddress } from '../../../runtime/platform/address/index.ts';
import { userPrefix } from '../logins.ts';
import { SystemError } from '../system.ts';
import type { PlannedScope, Scope, System } from '../system.ts';
import { createManagement, ManagementRefusal, pathOf } from './management.ts';
import type { Management } from './management.ts';
import { describe, desiredOf, planOf } from './plan.ts';
import type { Action, Observed, Permissions, User } from './plan.ts';

export interface RabbitSystemOptions {
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
  /** Connections that a scope's runtimes may hold. Default: 200 for a dedicated tenant; the pool has no limit. */
  readonly connections?: (scope: string) => number | undefined;
}

const PORT = { amqp: 5_672, amqps: 5_671 } as const;
const MANAGEMENT_PORT = 15_672;

/**
 * Opens nothing until it is used.
 * @param adminAddress `amqp://administrator:password@host:port/?management=http://host:15672`; without `management`, the API is
 *   looked for on the same host, port 15672, by http
 * @throws Error on an address that is none
 */
export function createRabbit(adminAddress: string, options: RabbitSystemOptions = {}): System {
  const address = parseAddress(adminAddress, adminAddress.startsWith('amqps:') ? PORT.amqps : PORT.amqp);
  const { management: base, ...others } = address.options;
  const [server] = address.servers;
  const management = createManagement(
    (base ?? `http://${server?.host ?? 'localhost'}:${MANAGEMENT_PORT}`).replace(/\/+$/, ''),
    address.user ?? 'guest',
    address.password ?? 'guest',
  );
  const mayAct = options.mayAct ?? (() => undefined);
  const connections = options.connections ?? ((scope) => (scope === 'pool' ? undefined : 200));

  async function actionsFor(scope: PlannedScope): Promise<readonly Action[]> {
    const users = scope.login && [
      scope.login.user,
      ...(scope.formerLogin === undefined ? [] : [scope.formerLogin.user]),
    ];
    const limit = connections(scope.name);
    const limits = limit === undefined ? undefined : { 'max-connections': limit };
    return planOf(desiredOf(scope.domains, users, limits), await observe(management, scope.name));
  }

  async function ensure(scope: Scope): Promise<readonly string[]> {
    const passwords = new Map(
      [scope.login, scope.formerLogin]
        .filter((login) => login !== undefined)
        .map(({ user, password }) => [user, password]),
    );
    const done: string[] = [];
    for (const action of await actionsFor(scope)) {
      mayAct();
      const told = describe(scope.name, action);
      await attempt(told, () => perform(management, scope.name, action, passwords));
      done.push(told);
    }
    return done;
  }

  async function close(scope: string): Promise<readonly string[]> {
    const done: string[] = [];
    for (const { name } of await usersOf(management, scope)) {
      mayAct();
      await management.delete(pathOf('users', name));
      done.push(`DROP USER ${name}`);
    }
    return done;
  }

  return {
    name: 'rabbitmq',
    plan: (scope) =>
      attempt(`LOOK AT ${scope.name}`, async () =>
        (await actionsFor(scope)).map((action) => describe(scope.name, action)),
      ),
    ensure: (scope) => attempt(`LOOK AT ${scope.name}`, () => ensure(scope)),
    // A message names a row of the tenant, and means nothing without it.
    ensureTenant: () => Promise.resolve([]),
    removeTenant: () => Promise.resolve([]),
    remove: (scope) =>
      attempt(`REMOVE ${scope}`, async () => {
        const done = [...(await close(scope))];
        if ((await management.get(pathOf('vhosts', scope))) === undefined) return done;
        mayAct();
        await management.delete(pathOf('vhosts', scope));
        return [...done, `DELETE VHOST ${scope}`];
      }),
    close: (scope) => attempt(`CLOSE ${scope}`, () => close(scope)),
    address({ name, login }) {
      return formatAddress({
        ...address,
        options: others,
        path: name,
        user: login.user,
        password: login.password,
      });
    },
    ping: () =>
      attempt('ASK WHO IT IS', async () => {
        await management.get('whoami');
      }),
    end: () => management.end(),
  };
}

async function observe(management: Management, scope: string): Promise<Observed> {
  const users = await usersOf(management, scope);
  if ((await management.get(pathOf('vhosts', scope))) === undefined)
    return { exists: false, exchanges: [], queues: [], bindings: [], users, limits: undefined };
  const [exchanges, queues, bindings, limits] = await Promise.all([
    management.get<{ name: string; type: 'direct' | 'fanout' }[]>(pathOf('exchanges', scope)),
    management.get<{ name: string; arguments: Record<string, string | number> }[]>(pathOf('queues', scope)),
    management.get<{ source: string; destination: string; routing_key: string }[]>(pathOf('bindings', scope)),
    management.get<{ value: { 'max-connections'?: number } }[]>(pathOf('vhost-limits', scope)),
  ]);
  const most = limits?.[0]?.value['max-connections'];
  return {
    exists: true,
    exchanges: exchanges ?? [],
    queues: queues ?? [],
    bindings: (bindings ?? []).map(({ source, destination, routing_key }) => ({
      exchange: source,
      queue: destination,
      routingKey: routing_key,
    })),
    users,
    limits: most === undefined ? undefined : { 'max-connections': most },
  };
}

/** Logins of the scope, by their names; and what each may do in its virtual host. */
async function usersOf(management: Management, scope: string): Promise<readonly User[]> {
  const [users, permissions] = await Promise.all([
    management.get<{ name: string }[]>('users'),
    management.get<({ user: string } & Permissions)[]>(pathOf('vhosts', scope, 'permissions')),
  ]);
  const rights = new Map((permissions ?? []).map((each) => [each.user, each]));
  return (users ?? [])
    .filter(({ name }) => name.startsWith(userPrefix(scope)))
    .map(({ name }) => ({ name, permissions: rights.get(name) }));
}

async function perform(
  management: Management,
  scope: string,
  action: Action,
  passwords: ReadonlyMap<string, string>,
): Promise<void> {
  switch (action.do) {
    case 'create-vhost':
      return management.put(pathOf('vhosts', scope), { description: 'Tasks of ShopMind' });
    case 'limit-vhost':
      return management.put(pathOf('vhost-limits', scope, 'max-connections'), {
        value: action.limits['max-connections'],
      });
    case 'create-exchange':
      return management.put(pathOf('exchanges', scope, action.exchange.name), {
        type: action.exchange.type,
        durable: true,
      });
    case 'create-queue':
      return management.put(pathOf('queues', scope, action.queue.name), {
        durable: true,
        arguments: action.queue.arguments,
      });
    case 'delete-queue':
      return management.delete(pathOf('queues', scope, action.queue));
    case 'bind': {
      const { exchange, queue, routingKey } = action.binding;
      return management.post(pathOf('bindings', scope, 'e', exchange, 'q', queue), {
        routing_key: routingKey,
      });
    }
    case 'create-user': {
      const password = passwords.get(action.user);
      if (password === undefined) throw new Error(`nobody told the password of ${action.user}`);
      return management.put(pathOf('users', action.user), { password, tags: '' });
    }
    case 'permit':
      return management.put(pathOf('permissions', scope, action.user), action.permissions);
    case 'drop-user':
      return management.delete(pathOf('users', action.user));
  }
}

/** @throws SystemError */
async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SystemError) throw error;
    const refused = error instanceof ManagementRefusal && [400, 401, 403, 405].includes(error.status);
    throw new SystemError('rabbitmq', action, {
      transient: !refused,
      remedy: refused
        ? 'give the login of TASKS_ADMIN_URL the tag administrator, and see that the broker is RabbitMQ 3.10 or later'
        : 'see that RabbitMQ runs with the plugin rabbitmq_management, and that TASKS_ADMIN_URL says where (?management=http://host:15672)',
      cause: error,
    });
  }
}
