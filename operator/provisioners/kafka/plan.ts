/**
 * What a scope shall have in Kafka, and what is left to do: topics as the domains define them, each with its dead-letter topic; a login
 * that may read and write them and follow them in groups, and that gets no more than its share. Pure.
 */
import type { DomainDefinition } from '../../../runtime/platform/definition.ts';
import { deadTopicName, topicName } from '../../../runtime/platform/names/index.ts';

export interface Topic {
  readonly name: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
}

export interface Right {
  readonly resource: 'topic' | 'group';
  /** Of names; a right is for all of them. */
  readonly prefix: string;
  readonly operation: 'read' | 'write' | 'describe';
}

export interface User {
  readonly name: string;
  readonly rights: readonly Right[];
  readonly quotas: Readonly<Record<string, number>>;
}

export interface Desired {
  readonly topics: readonly Topic[];
  /** Undefined: who enters is not looked at, and stays as it is. */
  readonly users: readonly User[] | undefined;
  /** Copies of each partition of a topic that is made. */
  readonly replication: number;
}

/** What is there of the scope. */
export interface Observed {
  readonly topics: readonly Topic[];
  readonly users: readonly User[];
  /** False: everybody may do everything, rights are not kept. */
  readonly authorized: boolean;
}

export type Action =
  | { readonly do: 'create-topic'; readonly topic: Topic; readonly replication: number }
  | { readonly do: 'grow-topic'; readonly topic: string; readonly from: number; readonly to: number }
  | { readonly do: 'configure-topic'; readonly topic: string; readonly configs: Topic['configs'] }
  | { readonly do: 'create-user'; readonly user: string }
  | { readonly do: 'grant'; readonly user: string; readonly right: Right }
  | { readonly do: 'set-quota'; readonly user: string; readonly key: string; readonly value: number }
  | { readonly do: 'unset-quota'; readonly user: string; readonly key: string }
  | { readonly do: 'revoke'; readonly user: string; readonly right: Right }
  | { readonly do: 'drop-user'; readonly user: string };

const HOUR_MS = 3_600_000;
const DEAD_HOURS = 24 * 30;

/** A compacted topic keeps the last of each key for ever, whatever its retention. */
export function topicsOf(scope: string, domains: readonly DomainDefinition[]): readonly Topic[] {
  return domains.flatMap(({ topics }) =>
    topics.flatMap(({ name, partitions, retentionHours, compacted }) => [
      {
        name: topicName(scope, name),
        partitions,
        configs: {
          'cleanup.policy': compacted ? 'compact' : 'delete',
          'retention.ms': String(retentionHours * HOUR_MS),
        },
      },
      {
        name: deadTopicName(scope, name),
        partitions: 1,
        configs: { 'cleanup.policy': 'delete', 'retention.ms': String(DEAD_HOURS * HOUR_MS) },
      },
    ]),
  );
}

export function rightsOf(scope: string): readonly Right[] {
  const prefix = `${scope}.`;
  return [
    { resource: 'topic', prefix, operation: 'read' },
    { resource: 'topic', prefix, operation: 'write' },
    { resource: 'topic', prefix, operation: 'describe' },
    { resource: 'group', prefix, operation: 'read' },
    { resource: 'group', prefix, operation: 'describe' },
  ];
}

/** In an order in which each works, and a runtime may start at any moment after the last. Partitions only grow. */
export function planOf(desired: Desired, observed: Observed): readonly Action[] {
  const topics = new Map(observed.topics.map((topic) => [topic.name, topic]));
  const actions: Action[] = desired.topics.flatMap((topic) =>
    topicActions(topic, topics.get(topic.name), desired.replication),
  );
  if (desired.users === undefined) return actions;
  const users = new Map(observed.users.map((user) => [user.name, user]));
  const wanted = new Set(desired.users.map(({ name }) => name));
  return [
    ...actions,
    ...desired.users.flatMap((user) => userActions(user, users.get(user.name), observed.authorized)),
    ...observed.users.filter(({ name }) => !wanted.has(name)).flatMap(farewell),
  ];
}

/** Everything a user has, and the user last: whoever is killed in between finds it again by its name. */
export function farewell({ name, rights, quotas }: User): readonly Action[] {
  return [
    ...rights.map((right): Action => ({ do: 'revoke', user: name, right })),
    ...Object.keys(quotas).map((key): Action => ({ do: 'unset-quota', user: name, key })),
    { do: 'drop-user', user: name },
  ];
}

/** As people read it; holds no secret. */
export function describe(action: Action): string {
  switch (action.do) {
    case 'create-topic':
      return `CREATE TOPIC ${action.topic.name} (${counted(action.topic.partitions)})`;
    case 'grow-topic':
      return `GROW TOPIC ${action.topic} (${action.from} to ${counted(action.to)})`;
    case 'configure-topic':
      return `CONFIGURE TOPIC ${action.topic} (${Object.entries(action.configs)
        .map(([key, value]) => `${key}=${value}`)
        .join(', ')})`;
    case 'create-user':
      return `CREATE USER ${action.user}`;
    case 'grant':
      return `GRANT ${told(action.right)} TO ${action.user}`;
    case 'set-quota':
      return `SET QUOTA ${action.key}=${action.value} OF ${action.user}`;
    case 'unset-quota':
      return `UNSET QUOTA ${action.key} OF ${action.user}`;
    case 'revoke':
      return `REVOKE ${told(action.right)} FROM ${action.user}`;
    case 'drop-user':
      return `DROP USER ${action.user}`;
  }
}

function topicActions(topic: Topic, there: Topic | undefined, replication: number): readonly Action[] {
  if (there === undefined) return [{ do: 'create-topic', topic, replication }];
  const drifted = Object.entries(topic.configs).filter(([key, value]) => there.configs[key] !== value);
  return [
    ...(there.partitions < topic.partitions
      ? [{ do: 'grow-topic', topic: topic.name, from: there.partitions, to: topic.partitions } as const]
      : []),
    ...(drifted.length > 0
      ? [{ do: 'configure-topic', topic: topic.name, configs: Object.fromEntries(drifted) } as const]
      : []),
  ];
}

function userActions(user: User, there: User | undefined, authorized: boolean): readonly Action[] {
  const { name } = user;
  const has = new Set(there?.rights.map(told));
  const shall = new Set(user.rights.map(told));
  return [
    ...(there === undefined ? [{ do: 'create-user', user: name } as const] : []),
    ...(authorized ? user.rights : [])
      .filter((right) => !has.has(told(right)))
      .map((right): Action => ({ do: 'grant', user: name, right })),
    ...Object.entries(user.quotas)
      .filter(([key, value]) => there?.quotas[key] !== value)
      .map(([key, value]): Action => ({ do: 'set-quota', user: name, key, value })),
    ...Object.keys(there?.quotas ?? {})
      .filter((key) => user.quotas[key] === undefined)
      .map((key): Action => ({ do: 'unset-quota', user: name, key })),
    ...(there?.rights ?? [])
      .filter((right) => !shall.has(told(right)))
      .map((right): Action => ({ do: 'revoke', user: name, right })),
  ];
}

function told({ operation, resource, prefix }: Right): string {
  return `${operation.toUpperCase()} ON ${resource.toUpperCase()}S ${prefix}*`;
}

function counted(partitions: number): string {
  return `${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`;
}
