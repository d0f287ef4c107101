/** The process's environment, read once and checked as a whole: every problem is named before anything starts. */
import { z } from 'zod';
import { PORTS, variableOf } from '../platform/backends/index.ts';
import type { Port } from '../platform/backends/index.ts';
import { ShopError } from '../platform/errors.ts';
import { DEFAULT_RATIO } from '../platform/tracing/index.ts';
import { Base64Of32, PostgresUrl, StoreUrl } from '../platform/environment/index.ts';

export interface HostConfig {
  readonly address: string;
  readonly port: number;
  readonly adminPort: number;
  /** Absent: no gRPC. */
  readonly grpcPort?: number | undefined;
  readonly logLevel: string;
  readonly domains: readonly string[];
  /** Set in a dedicated process: the only tenant it serves. */
  readonly tenant: string | undefined;
  readonly databaseUrl: string;
  readonly databaseReplicaUrl?: string | undefined;
  /** A pooler in transaction mode before the database of `databaseUrl`. */
  readonly databasePoolerUrl?: string | undefined;
  readonly databaseConnections: number;
  readonly secretsKey: string;
  readonly blobsUrl: string;
  readonly sourcesUrl: string | undefined;
  readonly paymentsUrl: string | undefined;
  /** Of the stand-in for PayPal; absent: there is none, and shops that offer PayPal have accounts there. */
  readonly paypalUrl?: string | undefined;
  /** Of the scanner of files; absent: there is none. */
  readonly scanUrl?: string | undefined;
  readonly paymentsPublicOrigin: string | undefined;
  /** The port browsers use; 443 means https. */
  readonly publicPort?: number | undefined;
  /** The platform's own message providers, for shops that name none: addresses, logins included. */
  readonly mailProviders?: string | undefined;
  readonly smsProviders?: string | undefined;
  /** Addresses of the systems behind the ports, logins included; absent: embedded. */
  readonly backends: Readonly<Partial<Record<Port, string>>>;
  /** A language model for the assistant; absent: it answers by itself. */
  readonly language?:
    | { readonly url: string; readonly model: string; readonly key?: string | undefined }
    | undefined;
  /** A model that says which texts mean the same, for searches; absent: what the shop's own words tell. */
  readonly embeddings?:
    | {
        readonly url: string;
        readonly model: string;
        readonly dimensions: number;
        readonly near: number;
        readonly dailyTexts: number;
        readonly key?: string | undefined;
      }
    | undefined;
  /** Whether anybody may look at the schema of GraphQL: in development. Elsewhere merchants only. */
  readonly showSchema?: boolean;
  /** Whether merchants may name addresses of this machine: in development. Elsewhere those of the public internet only. */
  readonly outsideLoopback?: boolean;
  /** Base URL by domain, for the domains hosted elsewhere. */
  readonly peers: ReadonlyMap<string, string>;
  /** Where spans are sent, and how many of the traces that begin here are recorded; absent: tracing is off. */
  readonly traces?: { readonly url: string; readonly ratio: number } | undefined;
}

/** Throws ShopError `invalid_input` with one problem per variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): HostConfig {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(present);
  if (!parsed.success) {
    throw new ShopError('invalid_input', 'The environment of the runtime is incomplete.', {
      remedy: 'Set the variables below; docs/architecture.md lists them all.',
      problems: parsed.error.issues.map(({ path, message }) => ({
        where: String(path[0] ?? ''),
        what: message,
      })),
    });
  }
  const env = parsed.data;
  return {
    address: env.POD_IP,
    port: env.PORT,
    adminPort: env.ADMIN_PORT,
    grpcPort: env.GRPC_PORT,
    logLevel: env.LOG_LEVEL,
    domains: env.SHOPMIND_DOMAINS,
    tenant: env.SHOPMIND_TENANT,
    databaseUrl: env.DATABASE_URL,
    databaseReplicaUrl: env.DATABASE_REPLICA_URL,
    databasePoolerUrl: env.DATABASE_POOLER_URL,
    databaseConnections: env.DATABASE_CONNECTIONS,
    secretsKey: env.SECRETS_KEY,
    blobsUrl: env.BLOBS_URL,
    sourcesUrl: env.SOURCES_URL,
    paymentsUrl: env.PAYMENTS_URL,
    paypalUrl: env.PAYPAL_URL?.replace(/\/$/, ''),
    scanUrl: env.SCAN_URL,
    paymentsPublicOrigin: env.PAYMENTS_PUBLIC_ORIGIN,
    publicPort: env.PUBLIC_PORT,
    mailProviders: env.MAIL_PROVIDERS,
    smsProviders: env.SMS_PROVIDERS,
    peers: env.PEERS,
    ...(env.LANGUAGE_URL === undefined
      ? {}
      : { language: { url: env.LANGUAGE_URL, model: env.LANGUAGE_MODEL, key: env.LANGUAGE_KEY } }),
    ...(env.EMBEDDINGS_URL === undefined
      ? {}
      : {
          embeddings: {
            url: env.EMBEDDINGS_URL,
            model: env.EMBEDDINGS_MODEL,
            dimensions: env.EMBEDDINGS_DIMENSIONS,
            near: env.EMBEDDINGS_NEAR,
            dailyTexts: env.EMBEDDINGS_DAILY_TEXTS,
            key: env.EMBEDDINGS_KEY,
          },
        }),
    traces: env.TRACES_URL === undefined ? undefined : { url: env.TRACES_URL, ratio: env.TRACES_RATIO },
    showSchema: env.SHOW_SCHEMA === 'true',
    outsideLoopback: env.OUTSIDE_LOOPBACK === 'true',
    backends: backendsIn(present),
  };
}

/** Whether an address can be used is its adapter's to say. */
function backendsIn(present: Readonly<Record<string, string | undefined>>): HostConfig['backends'] {
  // The keys of a literal are its names.
  const named = (Object.keys(PORTS) as Port[])
    .filter((port) => port !== 'blobs')
    .map((port) => [port, present[variableOf(port)]] as const);
  return Object.fromEntries(named.filter(([, address]) => address !== undefined));
}

const Port = z.coerce.number().int().min(0).max(65_535);
const List = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
);
const Peers = z.string().transform((text, context) => {
  const peers = new Map<string, string>();
  for (const pair of text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)) {
    const [name = '', url = ''] = pair.split(/=(.*)/s);
    if (!/^[a-z]+$/.test(name) || !URL.canParse(url)) {
      context.addIssue({ code: 'custom', message: `“${pair}” is not of the form domain=http://host:port` });
    } else peers.set(name, url.replace(/\/$/, ''));
  }
  return peers;
});

const Environment = z.object({
  POD_IP: z.string().default('127.0.0.1'),
  PORT: Port.default(8080),
  ADMIN_PORT: Port.default(9090),
  GRPC_PORT: Port.optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  SHOPMIND_DOMAINS: List.refine((names) => names.length > 0, 'must name at least one domain'),
  SHOPMIND_TENANT: z.string().optional(),
  DATABASE_URL: PostgresUrl,
  DATABASE_REPLICA_URL: PostgresUrl.optional(),
  DATABASE_POOLER_URL: PostgresUrl.optional(),
  DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(100).default(10),
  SECRETS_KEY: Base64Of32,
  BLOBS_URL: StoreUrl,
  SOURCES_URL: z
    .string()
    .regex(/^(?:file|https):\/\//, 'must be a file:// or https:// URL')
    .optional(),
  PAYMENTS_URL: z.url().optional(),
  PAYPAL_URL: z.url().optional(),
  SCAN_URL: z
    .string()
    .regex(/^clamd:\/\/[^/@,]+$/, 'must be clamd://host:port')
    .optional(),
  PAYMENTS_PUBLIC_ORIGIN: z.url().optional(),
  PUBLIC_PORT: Port.default(443),
  MAIL_PROVIDERS: z.string().optional(),
  SMS_PROVIDERS: z.string().optional(),
  SHOW_SCHEMA: z.enum(['true', 'false']).default('false'),
  TRACES_URL: z.url({ protocol: /^https?$/ }).optional(),
  TRACES_RATIO: z.coerce.number().min(0).max(1).default(DEFAULT_RATIO),
  OUTSIDE_LOOPBACK: z.enum(['true', 'false']).default('false'),
  PEERS: Peers.default(new Map()),
  LANGUAGE_URL: z.url().optional(),
  LANGUAGE_MODEL: z.string().default('gpt-4o-mini'),
  LANGUAGE_KEY: z.string().optional(),
  EMBEDDINGS_URL: z.url().optional(),
  EMBEDDINGS_MODEL: z.string().max(200).default('text-embedding-3-small'),
  EMBEDDINGS_KEY: z.string().optional(),
  EMBEDDINGS_DIMENSIONS: z.coerce.number().int().min(64).max(4_096).default(512),
  EMBEDDINGS_NEAR: z.coerce.number().min(0).max(1).default(0.3),
  EMBEDDINGS_DAILY_TEXTS: z.coerce.number().int().min(0).max(10_000_000).default(20_000),
});
