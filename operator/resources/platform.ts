/**
 * The platform's configuration: ConfigMap and Secret `platform`, parsed once at the border.
 * Choosing a backend is configuration; each Deployment is handed only what it needs of it.
 */
import { isSchedule } from '../../crds/index.ts';
import { parseBackends } from '../../runtime/platform/backends/index.ts';
import type { Backends } from '../../runtime/platform/backends/index.ts';
import { parseProviders } from '../../runtime/platform/messages/index.ts';
import type { Providers } from '../../runtime/platform/messages/index.ts';
import { DEFAULT_RATIO } from '../../runtime/platform/tracing/index.ts';
import type { SecretStore } from './secret-store.ts';
import { INTEGRATIONS } from './surroundings.ts';
import type { Integration } from './surroundings.ts';
import { parseModels, type Model } from './models.ts';

export interface PlatformConfig {
  /** Superuser of the data plane; the operator's only. */
  readonly databaseAdminUrl: string;
  /** Nodes and shards of a Citus cluster; nothing of it matters to a server without Citus. */
  readonly citus: {
    readonly coordinator?: CitusNode;
    readonly workers: readonly CitusNode[];
    readonly shards?: number;
  };
  /** Host, port and database that tenants' URLs are built from. */
  readonly databaseUrl: string;
  /** A streaming standby of it, which answers reads that may be a little old. */
  readonly databaseReplicaUrl: string | undefined;
  /** A pooler in transaction mode before it, which runtimes' statements go through. */
  readonly databasePoolerUrl: string | undefined;
  /** Without a login; a folder, or the bucket of `backends`. */
  readonly blobsUrl: string;
  /** Systems behind the runtime's ports; where none is named, the database is. */
  readonly backends: Backends;
  /** Who sends shops' mail and SMS. */
  readonly providers: Providers;
  readonly models: readonly Model[];
  readonly sourcesUrl: string | undefined;
  /** Who scans what merchants bring; absent: nobody. */
  readonly scanUrl: string | undefined;
  /** Absent: Stripe itself. */
  readonly paymentsUrl: string | undefined;
  /** Of the stand-in for PayPal; absent: tenants that take PayPal bring their own keys. */
  readonly paypalUrl?: string | undefined;
  readonly paymentsPublicOrigin: string | undefined;
  readonly paymentsSecret: string | undefined;
  /** 32 bytes, base64. */
  readonly secretsKey: string;
  /** Port browsers use; 443 means https. */
  readonly publicPort: number;
  /** Seconds that a Pod which is told to end goes on serving, until balancers and meshes have noticed. */
  readonly drainSeconds: number;
  /** Days after which the logins of a scope are rotated; 0: only when somebody asks for it. */
  readonly credentialsMaxAgeDays: number;
  /** PersistentVolumeClaim, of this name in each namespace, that holds the blobs where they are files. */
  readonly blobsClaim: string | undefined;
  /** Whether a `file://` blob store is the same folder for every Pod, as on one machine without isolation. */
  readonly blobsShared: boolean;
  /** Whether the custom metrics API serves requests per second. */
  readonly customMetrics: boolean;
  /** Integrations the cluster has and the platform does not want. */
  readonly integrationsOff: readonly Integration[];
  /** Where merchants' own secrets are kept; absent: in Secrets that somebody made. */
  readonly secretStore: SecretStore | undefined;
  /** Labels by which Prometheus selects its ServiceMonitors. */
  readonly monitorLabels: Readonly<Record<string, string>>;
  /** Where KEDA asks for requests per second, and deliveries for their figures (absent: of the gateways); and for Kafka's lag. */
  readonly prometheusUrl: string | undefined;
  readonly kafkaBrokers: string | undefined;
  /** Where the database's log and its base backups are kept; absent: nowhere. */
  readonly archive: ArchiveOptions | undefined;
  /** Where spans are sent, and how many of the traces are recorded; absent: nothing is traced. */
  readonly traces: { readonly url: string; readonly ratio: number } | undefined;
  /** Namespace of Prometheus; absent: any Pod may read metrics. */
  readonly monitoringNamespace: string | undefined;
}

export interface ArchiveOptions {
  /** `s3://key:secret@bucket/prefix?endpoint=…&region=…` or `file:///folder`; may hold a login. */
  readonly url: string;
  /** PersistentVolumeClaim that holds it where it is a folder; absent: the folder is the same for every Pod. */
  readonly claim: string | undefined;
  /** Longest time before what is committed is stored. */
  readonly intervalSeconds: number;
  /** What a disaster may cost: beyond it conditions say that the archive lags. */
  readonly rpoSeconds: number;
  readonly baseHours: number;
  readonly keepDays: number;
  /** What the database keeps of its log at most while the archiver is away. */
  readonly walKeepGigabytes: number;
  /** Cron expression in UTC; absent: drills are on demand only. */
  readonly drillSchedule: string | undefined;
  /** Size of the volume that a copy of the cluster is restored into; absent: the node's own disk. */
  readonly scratch: string | undefined;
}

export interface CitusNode {
  readonly host: string;
  readonly port: number;
}

/** What is wrong with the configuration: which key of which object, and what it should be. */
export class PlatformConfigError extends Error {
  readonly remedy = 'mend ConfigMap or Secret shopmind-system/platform; the operator notices by itself';
}

/**
 * @param config data of the ConfigMap
 * @param secret data of the Secret, decoded
 * @throws PlatformConfigError naming the key
 */
export function parsePlatform(
  config: Readonly<Record<string, string>>,
  secret: Readonly<Record<string, string>>,
): PlatformConfig {
  const need = (key: string, from: Readonly<Record<string, string>>, where: string): string => {
    const value = from[key];
    if (value === undefined || value === '')
      throw new PlatformConfigError(`${where} platform: key ${key} is missing`);
    return value;
  };
  const databaseAdminUrl = url(need('DATABASE_ADMIN_URL', secret, 'Secret'), 'DATABASE_ADMIN_URL');
  const secretsKey = need('SECRETS_KEY', secret, 'Secret');
  if (Buffer.from(secretsKey, 'base64').length !== 32) {
    throw new PlatformConfigError('Secret platform: SECRETS_KEY must be 32 bytes in base64');
  }
  const refuse = (message: string): never => {
    throw new PlatformConfigError(`platform: ${message}`);
  };
  const backends = parseBackends(config, secret, refuse);
  const publicPort = integer(config, 'PUBLIC_PORT', 443, [1, 65_535]);
  return {
    databaseAdminUrl,
    citus: citus(config),
    databaseUrl: url(secret['DATABASE_URL'] ?? databaseAdminUrl, 'DATABASE_URL'),
    databaseReplicaUrl: optionalUrl({ ...config, ...secret }, 'DATABASE_REPLICA_URL'),
    databasePoolerUrl: optionalUrl({ ...config, ...secret }, 'DATABASE_POOLER_URL'),
    // A login in it is the operator's business.
    blobsUrl: backends.shared.blobs?.address ?? url(need('BLOBS_URL', config, 'ConfigMap'), 'BLOBS_URL'),
    backends,
    providers: parseProviders(config, secret, refuse),
    models: parseModels(config, secret, refuse),
    sourcesUrl: config['SOURCES_URL'],
    scanUrl: scanner(config['SCAN_URL']),
    paymentsUrl: config['PAYMENTS_URL'],
    paypalUrl: optionalUrl(config, 'PAYPAL_URL'),
    paymentsPublicOrigin: config['PAYMENTS_PUBLIC_ORIGIN'],
    paymentsSecret: secret['PAYMENTS_SECRET'],
    secretsKey,
    publicPort,
    drainSeconds: integer(config, 'DRAIN_SECONDS', 5, [0, 300]),
    credentialsMaxAgeDays: integer(config, 'CREDENTIALS_MAX_AGE_DAYS', 0, [0, 3_650]),
    blobsClaim: config['BLOBS_CLAIM'],
    blobsShared: flag(config, 'BLOBS_SHARED'),
    customMetrics: flag(config, 'CUSTOM_METRICS'),
    integrationsOff: integrationsOff(config),
    secretStore: secretStore(config),
    monitorLabels: labels(config, 'MONITOR_LABELS'),
    prometheusUrl: optionalUrl(config, 'PROMETHEUS_URL'),
    kafkaBrokers: config['KAFKA_BROKERS'],
    archive: archive(config, secret),
    traces: traces(config),
    monitoringNamespace: config['MONITORING_NAMESPACE'],
  };
}

function archive(
  config: Readonly<Record<string, string>>,
  secret: Readonly<Record<string, string>>,
): ArchiveOptions | undefined {
  const value = secret['ARCHIVE_URL'] ?? config['ARCHIVE_URL'];
  if (value === undefined) return undefined;
  const { protocol } = new URL(url(value, 'ARCHIVE_URL'));
  if (protocol !== 'file:' && protocol !== 's3:')
    throw new PlatformConfigError('platform: ARCHIVE_URL must be a file:// or s3:// URL');
  const claim = config['ARCHIVE_CLAIM'];
  if (protocol === 'file:' && claim === undefined && !flag(config, 'BLOBS_SHARED'))
    throw new PlatformConfigError(
      'ConfigMap platform: ARCHIVE_URL is a folder of each Pod; name the claim that holds it in ARCHIVE_CLAIM',
    );
  const schedule = config['DRILL_SCHEDULE'] ?? WEEKLY;
  if (schedule !== 'off' && !isSchedule(schedule))
    throw new PlatformConfigError(
      'ConfigMap platform: DRILL_SCHEDULE must be a cron expression of five fields, or off',
    );
  const scratch = config['RECOVERY_SCRATCH'];
  if (scratch !== undefined && !/^[0-9]+(Mi|Gi|Ti)$/.test(scratch))
    throw new PlatformConfigError('ConfigMap platform: RECOVERY_SCRATCH must be a size, such as 100Gi');
  return {
    url: value,
    claim,
    intervalSeconds: integer(config, 'ARCHIVE_INTERVAL_SECONDS', 30, [1, 3_600]),
    rpoSeconds: integer(config, 'ARCHIVE_RPO_SECONDS', 300, [5, 86_400]),
    baseHours: integer(config, 'ARCHIVE_BASE_HOURS', 24, [1, 168]),
    keepDays: integer(config, 'ARCHIVE_KEEP_DAYS', 7, [1, 3_650]),
    walKeepGigabytes: integer(config, 'ARCHIVE_WAL_KEEP_GB', 10, [1, 100_000]),
    drillSchedule: schedule === 'off' ? undefined : schedule,
    scratch,
  };
}

/** Sunday before dawn, beside the nightly backups. */
const WEEKLY = '23 5 * * 0';

function integer(
  config: Readonly<Record<string, string>>,
  key: string,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  const value = Number(config[key] ?? fallback);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new PlatformConfigError(`ConfigMap platform: ${key} must be a whole number from ${least} to ${most}`);
}

/** `CITUS_COORDINATOR: host:port`, `CITUS_WORKERS: host:port,host:port`, `CITUS_SHARDS: 32`. */
function citus(config: Readonly<Record<string, string>>): PlatformConfig['citus'] {
  const nodes = (key: string): CitusNode[] =>
    (config[key] ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => {
        const [, host, port] = /^([A-Za-z0-9.-]+):(\d{1,5})$/.exec(part) ?? [];
        if (host === undefined || port === undefined)
          throw new PlatformConfigError(
            `ConfigMap platform: ${key} names nodes as host:port, not as ${part}`,
          );
        return { host, port: Number(port) };
      });
  const [coordinator] = nodes('CITUS_COORDINATOR');
  return {
    ...(coordinator === undefined ? {} : { coordinator }),
    workers: nodes('CITUS_WORKERS'),
    ...(config['CITUS_SHARDS'] === undefined
      ? {}
      : { shards: integer(config, 'CITUS_SHARDS', 32, [1, 64_000]) }),
  };
}

/** `istio=off,keda=off`. */
function integrationsOff(config: Readonly<Record<string, string>>): readonly Integration[] {
  const known = Object.keys(INTEGRATIONS);
  const switches = Object.entries(labels(config, 'INTEGRATIONS'));
  for (const [name, value] of switches) {
    if (!known.includes(name) || (value !== 'on' && value !== 'off'))
      throw new PlatformConfigError(
        `ConfigMap platform: INTEGRATIONS names ${name}=${value}; it may switch ${known.join(', ')} on or off`,
      );
  }
  // Checked above.
  return switches.filter(([, value]) => value === 'off').map(([name]) => name as Integration);
}

/** `ClusterSecretStore/vault`, below SECRET_STORE_PREFIX. A SecretStore is one of this name in each namespace. */
function secretStore(config: Readonly<Record<string, string>>): SecretStore | undefined {
  const value = config['SECRET_STORE'];
  if (value === undefined) return undefined;
  const [kind, name, ...more] = value.split('/');
  if ((kind !== 'ClusterSecretStore' && kind !== 'SecretStore') || !name || more.length > 0)
    throw new PlatformConfigError(
      'ConfigMap platform: SECRET_STORE must be of the form ClusterSecretStore/name or SecretStore/name',
    );
  return { kind, name, prefix: config['SECRET_STORE_PREFIX'] ?? 'shopmind' };
}

/** `a=b,c=d`. */
function labels(config: Readonly<Record<string, string>>, key: string): Readonly<Record<string, string>> {
  const parts = (config[key] ?? '').split(',').map((part) => part.trim());
  return Object.fromEntries(
    parts
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', value, ...more] = part.split('=');
        if (name === '' || value === undefined || more.length > 0)
          throw new PlatformConfigError(
            `ConfigMap platform: ${key} must be of the form name=value,name=value`,
          );
        return [name.trim(), value.trim()];
      }),
  );
}

function optionalUrl(config: Readonly<Record<string, string>>, key: string): string | undefined {
  const value = config[key];
  return value === undefined ? undefined : url(value, key);
}

function scanner(address: string | undefined): string | undefined {
  if (address === undefined || /^clamd:\/\/[^/@,]+$/.test(address)) return address;
  throw new PlatformConfigError('ConfigMap platform: SCAN_URL must be clamd://host:port');
}

function traces(config: Readonly<Record<string, string>>): PlatformConfig['traces'] {
  const address = config['TRACES_URL'];
  if (address === undefined) return undefined;
  const { protocol, username } = new URL(url(address, 'TRACES_URL'));
  if ((protocol !== 'http:' && protocol !== 'https:') || username !== '')
    throw new PlatformConfigError(
      'ConfigMap platform: TRACES_URL must be a http:// or https:// URL without a login; a collector keeps logins',
    );
  const ratio = Number(config['TRACES_RATIO'] ?? DEFAULT_RATIO);
  if (!(ratio >= 0 && ratio <= 1))
    throw new PlatformConfigError('ConfigMap platform: TRACES_RATIO must be from 0 to 1');
  return { url: address, ratio };
}

function flag(config: Readonly<Record<string, string>>, key: string): boolean {
  const value = config[key] ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw new PlatformConfigError(`ConfigMap platform: ${key} must be true or false`);
}

function url(value: string, key: string): string {
  if (!URL.canParse(value)) throw new PlatformConfigError(`platform: ${key} is not a URL`);
  return value;
}
