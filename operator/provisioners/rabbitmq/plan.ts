/**
 * What a scope shall have in RabbitMQ, and what is left to do: a virtual host of its own, in it the queues of its domains' tasks, and a
 * login that sends and receives there and can neither make nor remove anything. Pure.
 */
import type { DomainDefinition } from '../../../runtime/platform/definition.ts';
import { topologyOf } from '../../../runtime/platform/tasks/rabbitmq/topology/index.ts';
import type {
  Binding,
  Exchange,
  Queue,
  Topology,
} from '../../../runtime/platform/tasks/rabbitmq/topology/index.ts';

/** Regular expressions of names, as RabbitMQ takes them. */
export interface Permissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

export interface User {
  readonly name: string;
  /** Undefined: none in this virtual host. */
  readonly permissions: Permissions | undefined;
}

export interface Limits {
  readonly 'max-connections': number;
}

export interface Desired extends Topology {
  /** Undefined: who enters is not looked at, and stays as it is. */
  readonly users: readonly string[] | undefined;
  readonly limits: Limits | undefined;
}

/** What is there of the scope. */
export interface Observed extends Topology {
  readonly exists: boolean;
  readonly users: readonly User[];
  readonly limits: Limits | undefined;
}

export type Action =
  | { readonly do: 'create-vhost' }
  | { readonly do: 'limit-vhost'; readonly limits: Limits }
  | { readonly do: 'create-exchange'; readonly exchange: Exchange }
  | { readonly do: 'create-queue'; readonly queue: Queue }
  | { readonly do: 'delete-queue'; readonly queue: string }
  | { readonly do: 'bind'; readonly binding: Binding }
  | { readonly do: 'create-user'; readonly user: string }
  | { readonly do: 'permit'; readonly user: string; readonly permissions: Permissions }
  | { readonly do: 'drop-user'; readonly user: string };

/** Publishing is writing to an exchange, receiving is reading from a queue. */
export const RUNTIME_PERMISSIONS: Permissions = { configure: '^$', write: '.*', read: '.*' };

/** The default exchange would be written to as well; it reaches queues of the same virtual host only. */
export function desiredOf(
  domains: readonly DomainDefinition[],
  users: readonly string[] | undefined,
  limits: Limits | undefined,
): Desired {
  const tasks = domains.flatMap((domain) => domain.tasks.map(({ name }) => name));
  return { ...topologyOf(tasks), users, limits };
}

/**
 * In an order in which each works, and a runtime may start at any moment after the last. A queue that is there with other arguments
 * is made anew while it is empty of meaning: a message only says that a row waits, and is sent again.
 */
export function planOf(desired: Desired, observed: Observed): readonly Action[] {
  const exchanges = new Set(observed.exchanges.map(({ name }) => name));
  const queues = new Map(observed.queues.map((queue) => [queue.name, queue]));
  const bound = new Set(observed.bindings.map(keyOf));
  const made = desired.queues.filter((queue) => !same(queue, queues.get(queue.name)));
  const remade = new Set(made.map(({ name }) => name));
  return [
    ...(observed.exists ? [] : [{ do: 'create-vhost' } as const]),
    ...(desired.limits === undefined ||
    desired.limits['max-connections'] === observed.limits?.['max-connections']
      ? []
      : [{ do: 'limit-vhost', limits: desired.limits } as const]),
    ...desired.exchanges
      .filter(({ name }) => !exchanges.has(name))
      .map((exchange): Action => ({ do: 'create-exchange', exchange })),
    ...made.flatMap((queue): Action[] => [
      ...(queues.has(queue.name) ? [{ do: 'delete-queue', queue: queue.name } as const] : []),
      { do: 'create-queue', queue },
    ]),
    ...desired.bindings
      .filter((binding) => !bound.has(keyOf(binding)) || remade.has(binding.queue))
      .map((binding): Action => ({ do: 'bind', binding })),
    ...userActions(desired.users, observed.users),
  ];
}

/** As people read it; holds no secret. */
export function describe(scope: string, action: Action): string {
  switch (action.do) {
    case 'create-vhost':
      return `CREATE VHOST ${scope}`;
    case 'limit-vhost':
      return `LIMIT VHOST ${scope} (${action.limits['max-connections']} connections)`;
    case 'create-exchange':
      return `CREATE EXCHANGE ${scope}/${action.exchange.name}`;
    case 'create-queue':
      return `CREATE QUEUE ${scope}/${action.queue.name} (quorum)`;
    case 'delete-queue':
      return `DELETE QUEUE ${scope}/${action.queue} (its arguments are others now)`;
    case 'bind':
      return `BIND QUEUE ${scope}/${action.binding.queue} TO ${action.binding.exchange}`;
    case 'create-user':
      return `CREATE USER ${action.user}`;
    case 'permit':
      return `PERMIT ${action.user} IN ${scope}`;
    case 'drop-user':
      return `DROP USER ${action.user}`;
  }
}

function userActions(wanted: readonly string[] | undefined, observed: readonly User[]): readonly Action[] {
  if (wanted === undefined) return [];
  const there = new Map(observed.map((user) => [user.name, user]));
  return [
    ...wanted.flatMap((user): Action[] => [
      ...(there.has(user) ? [] : [{ do: 'create-user', user } as const]),
      ...(permits(there.get(user)?.permissions)
        ? []
        : [{ do: 'permit', user, permissions: RUNTIME_PERMISSIONS } as const]),
    ]),
    // Its permissions go with it.
    ...observed
      .filter(({ name }) => !wanted.includes(name))
      .map(({ name }): Action => ({ do: 'drop-user', user: name })),
  ];
}

function permits(there: Permissions | undefined): boolean {
  const { configure, write, read } = RUNTIME_PERMISSIONS;
  return there?.configure === configure && there.write === write && there.read === read;
}

function same(queue: Queue, there: Queue | undefined): boolean {
  return (
    there !== undefined &&
    Object.entries(queue.arguments).every(([name, value]) => there.arguments[name] === value)
  );
}

function keyOf({ exchange, queue, routingKey }: Binding): string {
  return `${exchange} ${queue} ${routingKey}`;
}
