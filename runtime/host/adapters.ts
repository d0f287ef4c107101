/**
 * What stands behind each port of this process: a system of its own where its address names one, the database or the process itself
 * where nothing does. An adapter is loaded when it is chosen: nobody pays for a client that is not used.
 */
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { createRollups } from '../platform/analytics/rollups.ts';
import type { Port } from '../platform/backends/index.ts';
import { variableOf } from '../platform/backends/index.ts';
import { createFileBlobs } from '../platform/blobs/files.ts';
import { createMemoryCache } from '../platform/cache/memory.ts';
import type { CollectionDefinition, FactDefinition } from '../platform/definition.ts';
import { createTableDocuments } from '../platform/documents/table.ts';
import { ShopError } from '../platform/errors.ts';
import { createEventLog } from '../platform/events/log.ts';
import type { EventLog, EventLogOptions } from '../platform/events/log.ts';
import { createMemoryLimits } from '../platform/limits/memory.ts';
import { scopeOf } from '../platform/names/index.ts';
import type {
  Analytics,
  Blobs,
  Cache,
  Clock,
  Documents,
  Identity,
  Embeddings,
  Language,
  PubSub,
  RateLimits,
  Scan,
  Search,
  Secrets,
  Sql,
} from '../platform/ports.ts';
import { createNotifyPubSub } from '../platform/pubsub/notify.ts';
import { createPostgresSearch } from '../platform/search/postgres.ts';
import { createSecrets } from '../platform/secrets/table.ts';
import type { PostgresSql } from '../platform/sql/postgres.ts';
import { createTaskQueue } from '../platform/tasks/queue.ts';
import type { TaskQueue, TaskQueueOptions } from '../platform/tasks/queue.ts';
import type { Circuits } from './circuits.ts';
import type { HostConfig } from './config.ts';

/**
 * @param belongs whether a tenant may ever have events here; of a broker's, others' are refused
 * @throws ShopError `invalid_input` when nothing here speaks the address's scheme
 */
export async function openEvents(
  config: HostConfig,
  options: EventLogOptions,
  belongs: (tenant: string) => boolean,
): Promise<EventLog> {
  const address = config.backends.events;
  if (address === undefined) return createEventLog(options);
  if (!isOf('kafka', address)) return refuse('events', address);
  const { createKafkaEvents } = await import('../platform/events/kafka.ts');
  return createKafkaEvents({ ...options, belongs, address, scope: scopeOf(config.tenant) });
}

/** @throws ShopError `invalid_input` when nothing here speaks the address's scheme */
export async function openTasks(config: HostConfig, options: TaskQueueOptions): Promise<TaskQueue> {
  const address = config.backends.tasks;
  if (address === undefined) return createTaskQueue(options);
  if (!isOf('amqp', address) && !isOf('amqps', address)) return refuse('tasks', address);
  const { createRabbitTasks } = await import('../platform/tasks/rabbitmq.ts');
  return createRabbitTasks({ ...options, address });
}

/**
 * What may be lost without harm: the cache, what processes tell each other, and how much of something is used up. With Redis it is
 * every process's of the scope; without, messages go by the database, and what is kept and counted is each process's own.
 * @throws ShopError `invalid_input` when nothing here speaks the address's scheme
 */
export async function openShared(
  config: Pick<HostConfig, 'tenant' | 'backends'>,
  { sql, clock, log, circuits }: SharedOptions,
): Promise<Shared> {
  const address = config.backends.cache;
  const scope = scopeOf(config.tenant);
  const onError = (error: unknown): void =>
    log.error({ err: error }, 'a listener failed at a message of another process');
  const alone = createMemoryLimits(() => performance.now());
  const sweeping = setInterval(alone.sweep, 60_000);
  sweeping.unref();
  if (address === undefined)
    return {
      cache: createMemoryCache({ clock }),
      pubsub: createNotifyPubSub({ sql, scope, onError }),
      limits: alone,
      close: async () => clearInterval(sweeping),
    };
  if (!isOf('redis', address) && !isOf('rediss', address)) return refuse('cache', address);
  const [{ openRedis }, { createRedisCache }, { createRedisPubSub }, { createRedisLimits }] =
    await Promise.all([
      import('../platform/redis/connection.ts'),
      import('../platform/cache/redis.ts'),
      import('../platform/pubsub/redis.ts'),
      import('../platform/limits/redis.ts'),
    ]);
  const watch = circuits.watch('redis', 'misses are served, messages lost, limits kept alone');
  const redis = openRedis({ address, watch });
  return {
    cache: createRedisCache(redis, scope),
    pubsub: createRedisPubSub({ redis, scope, onError }),
    limits: createRedisLimits(redis, scope, alone),
    async close() {
      clearInterval(sweeping);
      await redis.close();
    },
  };
}

export interface SharedOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  readonly circuits: Circuits;
}

export interface Shared {
  readonly cache: Cache;
  readonly pubsub: PubSub;
  readonly limits: RateLimits;
  close(): Promise<void>;
}

/** Files, or an object store. */
export async function openBlobs(config: HostConfig): Promise<Blobs> {
  if (config.blobsUrl.startsWith('file:')) return createFileBlobs(fileURLToPath(config.blobsUrl));
  const { createS3Blobs } = await import('../platform/blobs/s3.ts');
  return createS3Blobs(config.blobsUrl);
}

/** @throws ShopError `invalid_input` when nothing here speaks the address's scheme */
export async function openDocuments(
  config: HostConfig,
  { sql, collections }: { readonly sql: Sql; readonly collections: readonly CollectionDefinition[] },
): Promise<Documents> {
  const address = config.backends.documents;
  if (address === undefined) return createTableDocuments({ sql, collections });
  if (!isOf('mongodb', address)) return refuse('documents', address);
  const { createMongoDocuments } = await import('../platform/documents/mongodb.ts');
  return createMongoDocuments({ address, collections });
}

/** @throws ShopError `invalid_input` when nothing here speaks the address's scheme */
export async function openAnalytics(
  config: HostConfig,
  {
    sql,
    clock,
    facts,
  }: { readonly sql: Sql; readonly clock: Clock; readonly facts: readonly FactDefinition[] },
): Promise<Analytics> {
  const address = config.backends.analytics;
  if (address === undefined) return createRollups({ sql, clock, facts });
  if (!isOf('clickhouse+http', address) && !isOf('clickhouse+https', address))
    return refuse('analytics', address);
  const { createClickhouseAnalytics } = await import('../platform/analytics/clickhouse.ts');
  return createClickhouseAnalytics({ address, facts });
}

/** @throws ShopError `invalid_input` when nothing here speaks the address's scheme */
export async function openSearch(config: HostConfig, sql: Sql): Promise<Search> {
  const address = config.backends.search;
  if (address === undefined) return createPostgresSearch(sql);
  if (!isOf('elasticsearch+http', address) && !isOf('elasticsearch+https', address))
    return refuse('search', address);
  const { createElasticsearchSearch } = await import('../platform/search/elasticsearch.ts');
  return createElasticsearchSearch({ address, scope: scopeOf(config.tenant) });
}

/** @throws ShopError `invalid_input` when nothing here speaks the address's scheme */
export async function openSecrets(
  config: Pick<HostConfig, 'tenant' | 'backends' | 'secretsKey'>,
  sql: PostgresSql,
): Promise<Secrets> {
  const address = config.backends.secrets;
  if (address === undefined) return createSecrets({ sql, key: config.secretsKey });
  if (!isOf('vault+http', address) && !isOf('vault+https', address)) return refuse('secrets', address);
  const { createVaultSecrets } = await import('../platform/secrets/vault.ts');
  return createVaultSecrets({
    address,
    scope: scopeOf(config.tenant),
    changes: (changed, missed) => sql.listen('tenants', changed, missed),
  });
}

/** Absent: people are known by the shop's own accounts and its admin key. */
export async function openIdentity(config: HostConfig, clock: Clock): Promise<Identity | undefined> {
  const address = config.backends.identity;
  if (address === undefined) return undefined;
  if (!isOf('keycloak+http', address) && !isOf('keycloak+https', address)) return refuse('identity', address);
  const { createOpenIdentity } = await import('../platform/identity/openid.ts');
  return createOpenIdentity({ address, clock });
}

/** Absent: the assistant answers by itself. */
export async function openLanguage(
  { language }: HostConfig,
  circuits: Circuits,
): Promise<Language | undefined> {
  if (language === undefined) return undefined;
  const { createOpenAi } = await import('../platform/language/openai.ts');
  return createOpenAi({ ...language, watch: circuits.watch('language', 'the assistant answers by itself') });
}

/** Absent: searches go by what the shop's own words tell. */
export async function openEmbeddings(
  { embeddings }: HostConfig,
  circuits: Circuits,
): Promise<Embeddings | undefined> {
  if (embeddings === undefined) return undefined;
  const { createOpenAiEmbeddings } = await import('../platform/embeddings/openai.ts');
  const watch = circuits.watch('embeddings', 'searches go by words and what the shop’s own tell');
  return createOpenAiEmbeddings({ ...embeddings, watch });
}

/** `undefined`: files are not scanned. Whoever keeps them says so. */
export async function openScan({ scanUrl }: Pick<HostConfig, 'scanUrl'>): Promise<Scan | undefined> {
  if (scanUrl === undefined) return undefined;
  const { createClamd } = await import('../platform/scan/clamd.ts');
  return createClamd(scanUrl);
}

function isOf(scheme: string, address: string): boolean {
  return address.startsWith(`${scheme}://`);
}

function refuse(port: Port, address: string): never {
  const scheme = /^[^:]*/.exec(address)?.[0] ?? '';
  throw new ShopError('invalid_input', 'A backend that is configured cannot be used.', {
    problems: [{ where: variableOf(port), what: `no adapter speaks ${scheme}://` }],
    remedy: `Take ${variableOf(port)} out of the platform’s configuration, or update the runtime’s image.`,
  });
}
