/**
 * One shop on real systems instead of the embedded ones, by the platform's configuration alone: an installation of `npm start`, and
 * beside it Kafka, RabbitMQ, a Redis cluster, MinIO and Elasticsearch, which the sample tenant `fjord` is told to use.
 */
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { configMaps, secrets, tenants } from '../../operator/controllers/kinds.ts';
import type { TenantObject } from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import { clusterOf } from '../support/cluster.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { ownFolder } from '../support/owned.ts';
import type { Shop } from '../support/shop.ts';
import { until } from '../support/wait.ts';
import { startElasticsearch, type ElasticsearchServer } from './elasticsearch.ts';
import { startKafka, type KafkaServer } from './kafka.ts';
import { startMinio, type MinioServer } from './minio.ts';
import { startRabbit, type RabbitServer } from './rabbitmq.ts';
import { startRedis, type RedisServers } from './redis.ts';

const root = join(import.meta.dirname, '../..');
const PLATFORM = { namespace: 'shopmind-system', name: 'platform' };

/** The tenant that uses the servers; `acme` stays on the embedded systems beside it. */
export const TENANT = 'fjord';

export interface RealShop {
  readonly kafka: KafkaServer;
  readonly redis: RedisServers;
  readonly rabbit: RabbitServer;
  readonly minio: MinioServer;
  readonly elasticsearch: ElasticsearchServer;
  /** Address of the bucket the shop's objects go to, with the login of its owner. */
  readonly bucket: string;
  readonly installation: Installation;
  readonly client: Client;
  readonly shop: Shop;
  /** Says to the platform where this tenant's data shall be, creates the tenant, and resolves when it is Ready. */
  create(): Promise<void>;
  /** A condition of the tenant. */
  condition(
    type: string,
  ): Promise<{ readonly status: string; readonly reason?: string; readonly message?: string } | undefined>;
  /** Resolves when the tenant is Ready. */
  ready(): Promise<void>;
  /** Ends everything and removes what it left on the disk. */
  stop(): Promise<void>;
}

/** Starts servers and installation; the tenant comes with `create`. @param traces where all processes send their spans; absent: nowhere */
export async function startRealShop(traces?: string): Promise<RealShop> {
  const [kafka, redis, rabbit, minio, elasticsearch] = await Promise.all([
    startKafka({ secured: true }),
    startRedis(),
    startRabbit(),
    startMinio(),
    startElasticsearch(),
  ]);
  const bucket = minio.address(`${TENANT}-blobs`);
  const samples = await samplesWithout(TENANT);
  const installation = await startInstallation({
    storefront: false,
    tenants: samples,
    ...(traces === undefined ? {} : { traces }),
  });
  await installation.event('tenants', 180_000);
  const client = await clusterOf(installation);

  async function condition(type: string) {
    const { status } = await client.get(tenants, { name: TENANT });
    return status?.conditions?.find((one) => one.type === type);
  }

  async function ready(): Promise<void> {
    await until(async () => ((await condition('Ready'))?.status === 'True' ? true : undefined), {
      withinMs: 120_000,
      what: `${TENANT} is Ready`,
      tell: async () => JSON.stringify((await client.get(tenants, { name: TENANT })).status?.conditions),
    });
  }

  return {
    kafka,
    redis,
    rabbit,
    minio,
    elasticsearch,
    bucket,
    installation,
    client,
    shop: installation.shop(`${TENANT}.localhost`),
    condition,
    ready,
    async create() {
      await configure(client, {
        EVENTS: kafka.adminAddress,
        TASKS: rabbit.adminAddress,
        CACHE: redis.adminAddress,
        BLOBS: bucket,
        SEARCH: elasticsearch.adminAddress,
      });
      const manifest: unknown = parse(await readFile(join(root, `tenants/${TENANT}/tenant.yaml`), 'utf8'));
      // The sample of the repository, which the API server checks.
      await client.create(tenants, manifest as TenantObject);
      await ready();
    },
    async stop() {
      client.close();
      await removeInstallation(installation);
      await Promise.all([kafka.stop(), redis.stop(), rabbit.stop(), minio.stop(), elasticsearch.stop()]);
      await rm(samples, { recursive: true, force: true });
    },
  };
}

/** The samples with all their goods; but the one is applied only when it is said where its data shall be. */
async function samplesWithout(tenant: string): Promise<string> {
  const samples = ownFolder('samples');
  for (const name of ['acme', tenant])
    await cp(join(root, 'tenants', name), join(samples, name), { recursive: true });
  await rm(join(samples, tenant, 'tenant.yaml'));
  return samples;
}

/** Names systems for this one tenant: addresses in the ConfigMap, who may provision them in the Secret. */
async function configure(client: Client, admin: Readonly<Record<string, string>>): Promise<void> {
  const withoutLogin = (address: string): string => address.replace(/(?<=:\/\/)[^@/]*@/, '');
  const data = Object.fromEntries(
    Object.entries(admin).map(([port, address]) => [`${port}_URL.${TENANT}`, withoutLogin(address)]),
  );
  const stringData = Object.fromEntries(
    Object.entries(admin).map(([port, address]) => [`${port}_ADMIN_URL.${TENANT}`, address]),
  );
  await client.patch(secrets, PLATFORM, { kind: 'merge', body: { stringData } });
  await client.patch(configMaps, PLATFORM, { kind: 'merge', body: { data } });
}
