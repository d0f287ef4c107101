/** Everything outside of a process that its domains may use: opened as the configuration says, and closed together. */
import type { Logger } from 'pino';
import { domainNamed } from '../domains/index.ts';
import type { Platform } from '../platform/domain.ts';
import { createNewId } from '../platform/ids.ts';
import { createMessaging } from '../platform/messages/providers.ts';
import { publicOrigin } from '../platform/names/index.ts';
import { createOutside } from '../platform/outside/outside.ts';
import { choosePayments } from '../platform/payments/payments.ts';
import { createPayPalPayments } from '../platform/payments/paypal/paypal.ts';
import { createStripePayments } from '../platform/payments/stripe.ts';
import { createPictures } from '../platform/pictures/pictures.ts';
import { createPainters } from '../platform/pictures/studio/painters.ts';
import type { Analytics, Clock, Mail, Payments, Search, Secrets } from '../platform/ports.ts';
import { createSealing } from '../platform/secrets/sealing.ts';
import { createPostgres, type PostgresSql } from '../platform/sql/postgres.ts';
import { createTenantDirectory, type TenantDirectory } from '../platform/tenants/directory.ts';
import { tracePorts } from '../platform/tracing/ports.ts';
import { traceSql } from '../platform/tracing/sql.ts';
import type { Tracer } from '../platform/tracing/tracer.ts';
import {
  openAnalytics,
  openBlobs,
  openDocuments,
  openEmbeddings,
  openLanguage,
  openScan,
  openSearch,
  openSecrets,
  openShared,
} from './adapters.ts';
import type { Circuits } from './circuits.ts';
import type { HostConfig } from './config.ts';

/** What tests replace of it. */
export interface PlatformParts {
  readonly payments?: Payments;
  readonly mail?: Mail;
  /** Is given what the configuration says. */
  readonly search?: (configured: Search) => Search;
  /** How often the directory of tenants is read although nobody told of a change. */
  readonly directoryMilliseconds?: number;
}

interface PlatformOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly tracer: Tracer;
  readonly circuits: Circuits;
  readonly call: Platform['call'];
}

export interface OpenPlatform {
  readonly platform: Platform;
  /** As the workers have it: what looks for work all day is in no trace, unlike `platform.sql`. */
  readonly sql: PostgresSql;
  /** The same, in traces. */
  readonly shownSql: PostgresSql;
  readonly tenants: TenantDirectory;
  readonly analytics: Analytics;
  close(): Promise<void>;
}

/** Opens no connection. @throws ShopError `invalid_input` for an address that nothing here speaks */
export async function openPlatform(
  config: HostConfig,
  { clock, log, tracer, circuits, call }: PlatformOptions,
  parts: PlatformParts,
): Promise<OpenPlatform> {
  const newId = createNewId(clock);
  const sql = openDatabase(config, clock, newId);
  const shownSql = traceSql(sql, tracer);
  const tenants = createTenantDirectory({
    sql,
    log,
    ...(parts.directoryMilliseconds === undefined ? {} : { pollMilliseconds: parts.directoryMilliseconds }),
  });
  const secrets = await openSecrets(config, shownSql);
  const shared = await openShared(config, { sql, clock, log, circuits });
  const definitions = config.domains.flatMap((name) => domainNamed(name) ?? []);
  const collections = definitions.flatMap((domain) => domain.collections ?? []);
  const documents = await openDocuments(config, { sql: shownSql, collections });
  const facts = definitions.flatMap((domain) => domain.facts ?? []);
  const analytics = await openAnalytics(config, { sql: shownSql, clock, facts });
  const configured = await openSearch(config, shownSql);
  const search = parts.search?.(configured) ?? configured;
  const { mailProviders, smsProviders } = config;
  const messaging = createMessaging({ sql: shownSql, clock, secrets, log, mailProviders, smsProviders });
  const blobs = await openBlobs(config);
  const pictures = createPictures({ sql: shownSql, blobs, clock, log, painters: createPainters() });
  const ports = {
    blobs,
    cache: shared.cache,
    pubsub: shared.pubsub,
    documents,
    analytics,
    search,
    payments: parts.payments ?? paymentsOf(config, secrets, clock, circuits),
    scan: await openScan(config),
    language: await openLanguage(config, circuits),
    embeddings: await openEmbeddings(config, circuits),
    mail: parts.mail ?? messaging.mail,
    sms: messaging.sms,
    push: messaging.push,
  };
  const platform: Platform = {
    ...tracePorts(ports, tracer),
    sql: shownSql,
    limits: shared.limits,
    pictures,
    outbox: messaging.outbox,
    secrets,
    sealing: createSealing(config.secretsKey),
    outside: createOutside({ allowLoopback: config.outsideLoopback ?? false }),
    tenants,
    clock,
    newId,
    log,
    tracing: tracer,
    originOf: ({ hosts: [host = 'localhost'] }) => publicOrigin(host, config.publicPort ?? 443),
    call,
    ...(config.sourcesUrl === undefined ? {} : { sourcesUrl: config.sourcesUrl }),
  };
  return {
    platform,
    sql,
    shownSql,
    tenants,
    analytics,
    // Whoever uses another is closed before it; the database is last.
    async close() {
      pictures.close();
      await tenants.close();
      await shared.close();
      await documents.close();
      await analytics.close();
      await search.close();
      messaging.close();
      await sql.close();
    },
  };
}

function openDatabase(config: HostConfig, clock: Clock, newId: Platform['newId']): PostgresSql {
  const { databaseReplicaUrl, databasePoolerUrl, tenant } = config;
  return createPostgres({
    connectionString: config.databaseUrl,
    ...(databaseReplicaUrl === undefined ? {} : { replicaConnectionString: databaseReplicaUrl }),
    ...(databasePoolerUrl === undefined ? {} : { poolerConnectionString: databasePoolerUrl }),
    clock,
    newId,
    connections: config.databaseConnections,
    applicationName: `shopmind-runtime${tenant === undefined ? '' : `-${tenant}`}`,
  });
}

function paymentsOf(config: HostConfig, secrets: Secrets, clock: Clock, circuits: Circuits): Payments {
  return choosePayments({
    stripe: createStripePayments({
      secrets,
      url: config.paymentsUrl,
      publicOrigin: config.paymentsPublicOrigin,
      watch: circuits.watch('payments', 'who would pay is told to try again'),
    }),
    paypal: createPayPalPayments({
      secrets,
      clock,
      url: config.paypalUrl,
      watch: circuits.watch('paypal', 'who would pay by it is told to try again'),
    }),
  });
}
