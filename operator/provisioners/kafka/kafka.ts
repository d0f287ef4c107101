/**
 * Kafka as a system of the data plane: topics and their dead-letter topics by the domains' definitions, and for each scope a login that
 * reaches what stands under the scope's name and nothing else. Tenants of one scope share its topics: a message names its tenant.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import type { Admin, Kafka } from 'kafkajs';
import { kafkaSettings, KAFKA_PORT } from '../../../runtime/platform/address/kafka/index.ts';
import { formatAddress, parseAddress } from '../../../runtime/platform/address/index.ts';
import { userPrefix } from '../logins.ts';
import { SystemError } from '../system.ts';
import type { PlannedScope, Scope, System } from '../system.ts';
import { describe, farewell, planOf, rightsOf, topicsOf } from './plan.ts';
import type { Action, Desired, Observed, Right, Topic, User } from './plan.ts';
import { openAdminWire } from './wire.ts';
import type { AdminWire } from './wire.ts';

export interface KafkaSystemOptions {
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
  /** Told once for each thing that the cluster does not offer and that is left out. */
  readonly warn?: (message: string) => void;
  /** Bytes a second that each login of a scope may send, and may receive. Default: 20 MB for a dedicated tenant; the pool has no limit. */
  readonly bytesPerSecond?: (scope: string) => number | undefined;
}

/** Opens nothing until it is used. @throws Error on an address that is none */
export function createKafka(adminAddress: string, options: KafkaSystemOptions = {}): System {
  const settings = kafkaSettings(adminAddress);
  const kafka = clientOf(settings);
  const mayAct = options.mayAct ?? (() => undefined);
  const bytesPerSecond = options.bytesPerSecond ?? ((scope) => (scope === 'pool' ? undefined : 20_000_000));
  const told = new Set<string>();
  let admin: Promise<Admin> | undefined;

  function warn(message: string): void {
    if (told.has(message)) return;
    told.add(message);
    options.warn?.(message);
  }

  function connected(): Promise<Admin> {
    admin ??= (async () => {
      const opening = kafka.admin();
      await opening.connect();
      return opening;
    })().catch((error: unknown) => {
      admin = undefined;
      throw error;
    });
    return admin;
  }

  /** Whether runtimes enter by a login that is made here. */
  function makesLogins(): boolean {
    if (settings.sasl === undefined) {
      warn('Kafka lets everybody in: the operator enters without a login, and so do runtimes.');
      return false;
    }
    if (settings.sasl.mechanism !== 'plain') return true;
    throw new SystemError('kafka', 'LOOK AT USERS', {
      remedy:
        'let the operator enter by SCRAM: users of PLAIN stand in the brokers’ own files, where nobody can add one',
      transient: false,
      cause: new Error('EVENTS_ADMIN_URL names the mechanism plain'),
    });
  }

  async function desiredOf(scope: PlannedScope, authorized: boolean): Promise<Desired> {
    const logins = [scope.login, scope.formerLogin].filter((login) => login !== undefined);
    const limit = bytesPerSecond(scope.name);
    const quotas = limit === undefined ? {} : { producer_byte_rate: limit, consumer_byte_rate: limit };
    const { brokers } = await (await connected()).describeCluster();
    return {
      topics: topicsOf(scope.name, scope.domains),
      replication: Math.min(3, brokers.length),
      users:
        scope.login !== undefined && makesLogins()
          ? logins.map(({ user }) => ({
              name: user,
              rights: authorized ? rightsOf(scope.name) : [],
              quotas,
            }))
          : undefined,
    };
  }

  async function actionsFor(scope: PlannedScope, wire: AdminWire | undefined): Promise<readonly Action[]> {
    const open = await connected();
    const topics = await observeTopics(open, scope.name);
    const { authorized, users } =
      wire === undefined
        ? { authorized: false, users: [] }
        : await observeUsers(open, wire, userPrefix(scope.name));
    if (wire !== undefined && !authorized)
      warn('Kafka has no authorizer: whoever is let in may read and write every topic.');
    const observed: Observed = { topics, users, authorized };
    return planOf(await desiredOf(scope, authorized), observed);
  }

  async function apply(
    actions: readonly Action[],
    wire: AdminWire | undefined,
    passwords: ReadonlyMap<string, string>,
  ): Promise<readonly string[]> {
    const done: string[] = [];
    for (const action of actions) {
      mayAct();
      await attempt(describe(action), () => perform(action, wire, passwords));
      done.push(describe(action));
    }
    return done;
  }

  async function perform(
    action: Action,
    wire: AdminWire | undefined,
    passwords: ReadonlyMap<string, string>,
  ): Promise<void> {
    const open = await connected();
    switch (action.do) {
      case 'create-topic':
        // Not kafkajs's own waiting: it takes a topic that no broker has heard of yet for an error.
        await open.createTopics({
          waitForLeaders: false,
          topics: [creationOf(action.topic, action.replication)],
        });
        return known(open, action.topic.name);
      case 'grow-topic':
        await open
          .createPartitions({ topicPartitions: [{ topic: action.topic, count: action.to }] })
          // Another operator has grown it in between.
          .catch(unless('INVALID_PARTITIONS'));
        return;
      case 'configure-topic':
        return withWire(settings, wire, (own) => own.configureTopic(action.topic, action.configs));
      case 'create-user': {
        const password = passwords.get(action.user);
        if (password === undefined) throw new Error(`nobody told the password of ${action.user}`);
        return needed(wire).putScramUser(action.user, password);
      }
      case 'grant':
        await open.createAcls({ acl: [aclOf(action.user, action.right)] });
        return;
      case 'revoke':
        await open.deleteAcls({ filters: [aclOf(action.user, action.right)] });
        return;
      case 'set-quota':
        return needed(wire).setQuota(action.user, action.key, action.value);
      case 'unset-quota':
        return needed(wire).setQuota(action.user, action.key, undefined);
      case 'drop-user':
        return needed(wire).dropScramUser(action.user);
    }
  }

  async function close(scope: string): Promise<readonly string[]> {
    if (settings.sasl === undefined) return [];
    return withWire(settings, undefined, async (wire) => {
      const { users } = await observeUsers(await connected(), wire, userPrefix(scope));
      return apply(users.flatMap(farewell), wire, new Map());
    });
  }

  const withUsers = <T>(scope: PlannedScope, work: (wire: AdminWire | undefined) => Promise<T>): Promise<T> =>
    scope.login !== undefined && makesLogins() ? withWire(settings, undefined, work) : work(undefined);

  return {
    name: 'kafka',
    plan: (scope) =>
      attempt(`LOOK AT ${scope.name}`, () =>
        withUsers(scope, async (wire) => (await actionsFor(scope, wire)).map(describe)),
      ),
    ensure: (scope) =>
      attempt(`LOOK AT ${scope.name}`, () =>
        withUsers(scope, async (wire) => apply(await actionsFor(scope, wire), wire, passwordsOf(scope))),
      ),
    ensureTenant: () => Promise.resolve([]),
    removeTenant: () => Promise.resolve([]),
    async remove(scope) {
      return attempt(`REMOVE ${scope}`, async () => {
        // Logins first: nobody adds to what is being removed.
        const done = [...(await close(scope))];
        const open = await connected();
        const topics = (await open.listTopics()).filter((topic) => topic.startsWith(`${scope}.`));
        for (const topic of topics) {
          mayAct();
          await open.deleteTopics({ topics: [topic] }).catch(unless('UNKNOWN_TOPIC_OR_PARTITION'));
          done.push(`DELETE TOPIC ${topic}`);
        }
        const { groups } = await open.listGroups();
        for (const { groupId } of groups.filter((group) => group.groupId.startsWith(`${scope}.`))) {
          mayAct();
          await open.deleteGroups([groupId]);
          done.push(`DELETE GROUP ${groupId}`);
        }
        return done;
      });
    },
    close: (scope) => attempt(`CLOSE ${scope}`, () => close(scope)),
    address({ login }) {
      const { options: asked, ...place } = parseAddress(adminAddress, KAFKA_PORT);
      if (settings.sasl === undefined)
        return formatAddress({ ...place, options: asked, user: undefined, password: undefined });
      const entered = { ...place, user: login.user, password: login.password };
      return formatAddress({ ...entered, options: { ...asked, mechanism: 'scram-sha-512' } });
    },
    ping: () =>
      attempt('ASK FOR THE BROKERS', async () => {
        await (await connected()).describeCluster();
      }),
    async end() {
      await admin?.then(
        (open) => open.disconnect(),
        () => undefined,
      );
      admin = undefined;
    },
  };
}

function clientOf(settings: ReturnType<typeof kafkaSettings>): Kafka {
  return new kafkajs.Kafka({
    ...settings,
    clientId: 'shopmind-operator',
    connectionTimeout: 3_000,
    authenticationTimeout: 5_000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    retry: { retries: 2, initialRetryTime: 200, maxRetryTime: 1_000 },
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

/** What is kept of a topic's configuration; everything else is its owner's business. */
const KEPT_CONFIGS = ['cleanup.policy', 'retention.ms'];

async function observeTopics(admin: Admin, scope: string): Promise<readonly Topic[]> {
  const names = (await admin.listTopics()).filter((topic) => topic.startsWith(`${scope}.`));
  if (names.length === 0) return [];
  const [{ topics }, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: names }),
    admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: KEPT_CONFIGS,
      })),
    }),
  ]);
  const configs = new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
  return topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.length,
    configs: configs.get(name) ?? {},
  }));
}

async function observeUsers(
  admin: Admin,
  wire: AdminWire,
  prefix: string,
): Promise<{ readonly authorized: boolean; readonly users: readonly User[] }> {
  const names = (await wire.scramUsers()).filter((name) => name.startsWith(prefix));
  const users: User[] = [];
  // Without a user of the scope there is still the question whether rights are kept at all.
  const authorized = (await rightsThere(admin, `${prefix}none`)) !== undefined;
  for (const name of names) {
    const quotas = await wire.quotasOf(name);
    users.push({
      name,
      rights: (authorized ? await rightsThere(admin, name) : undefined) ?? [],
      quotas: Object.fromEntries(quotas.map(({ key, value }) => [key, value])),
    });
  }
  return { authorized, users };
}

const RESOURCES = { topic: 2, group: 3 } as const;
const OPERATIONS = { read: 3, write: 4, describe: 8 } as const;

/** Undefined: the cluster keeps no rights. Rights of other kinds than ours were given by somebody else, and are not looked at. */
async function rightsThere(admin: Admin, user: string): Promise<readonly Right[] | undefined> {
  try {
    const { resources } = await admin.describeAcls({
      resourceType: kafkajs.AclResourceTypes.ANY,
      resourcePatternType: kafkajs.ResourcePatternTypes.ANY,
      operation: kafkajs.AclOperationTypes.ANY,
      permissionType: kafkajs.AclPermissionTypes.ANY,
      principal: `User:${user}`,
    });
    return resources.flatMap(({ resourceType, resourceName, acls }) =>
      acls.flatMap(({ operation }): Right[] => {
        const resource = nameIn(RESOURCES, resourceType);
        const named = nameIn(OPERATIONS, operation);
        return resource && named ? [{ resource, prefix: resourceName, operation: named }] : [];
      }),
    );
  } catch (error) {
    if (typeOf(error) === 'SECURITY_DISABLED') return undefined;
    throw error;
  }
}

function nameIn<Name extends string>(numbers: Readonly<Record<Name, number>>, number: number) {
  // The keys of a literal are its names.
  return (Object.keys(numbers) as Name[]).find((name) => numbers[name] === number);
}

function aclOf(user: string, { resource, prefix, operation }: Right) {
  return {
    resourceType: RESOURCES[resource] as kafkajs.AclResourceTypes, // its enumeration is these numbers
    resourceName: prefix,
    resourcePatternType: kafkajs.ResourcePatternTypes.PREFIXED,
    principal: `User:${user}`,
    host: '*',
    operation: OPERATIONS[operation] as kafkajs.AclOperationTypes, // as above
    permissionType: kafkajs.AclPermissionTypes.ALLOW,
  };
}

function creationOf({ name, partitions, configs }: Topic, replication: number) {
  const safe = replication > 2 ? { 'min.insync.replicas': '2' } : {};
  return {
    topic: name,
    numPartitions: partitions,
    replicationFactor: replication,
    configEntries: Object.entries({ ...configs, ...safe }).map(([key, value]) => ({ name: key, value })),
  };
}

/** What is made is told to the brokers a moment later. */
async function known(admin: Admin, topic: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await admin.fetchTopicMetadata({ topics: [topic] });
      return;
    } catch (error) {
      const soon = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'].includes(typeOf(error) ?? '');
      if (!soon || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

function passwordsOf({ login, formerLogin }: Scope): ReadonlyMap<string, string> {
  return new Map(
    [login, formerLogin].filter((each) => each !== undefined).map(({ user, password }) => [user, password]),
  );
}

async function withWire<T>(
  settings: ReturnType<typeof kafkaSettings>,
  present: AdminWire | undefined,
  work: (wire: AdminWire) => Promise<T>,
): Promise<T> {
  if (present) return work(present);
  const wire = await openAdminWire(settings);
  try {
    return await work(wire);
  } finally {
    wire.end();
  }
}

function needed(wire: AdminWire | undefined): AdminWire {
  if (wire === undefined) throw new Error('users are looked after without a connection for it');
  return wire;
}

/** @throws SystemError */
async function attempt<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SystemError) throw error;
    const type = typeOf(error);
    const refused =
      type !== undefined && /AUTHORIZATION_FAILED|SASL_AUTHENTICATION|POLICY_VIOLATION/.test(type);
    throw new SystemError('kafka', action, {
      transient: !refused,
      remedy: refused
        ? 'give the login of EVENTS_ADMIN_URL the rights to alter topics, configurations, users and ACLs of the cluster'
        : 'see that the brokers of EVENTS_URL run and can be reached; it is tried again by itself',
      cause: error,
    });
  }
}

/** kafkajs wraps what the server said once it stops trying. */
function typeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  if (error.name === 'KafkaJSSASLAuthenticationError') return 'SASL_AUTHENTICATION_FAILED';
  if ('errors' in error && Array.isArray(error.errors)) return typeOf(error.errors[0]);
  return typeOf(error.cause);
}

/** For a failure that says that somebody else was faster. */
function unless(type: string): (error: unknown) => void {
  return (error) => {
    if (typeOf(error) !== type) throw error;
  };
}
