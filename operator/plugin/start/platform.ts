/**
 * The `platform` ConfigMap and Secret of the embedded cluster: where the data plane is and how to enter it.
 * Pure; passwords are made once and kept by the cluster, so a second start finds its data again.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const SYSTEM_NAMESPACE = 'shopmind-system';

export interface PlatformOptions {
  readonly dataDir: string;
  readonly port: number;
  /** Folder that relative catalogue sources are resolved against. */
  readonly sources: string;
  /** Of an OTLP/HTTP receiver. */
  readonly traces?: string | undefined;
}

/** Text values by key; the API server stores a Secret's values in base64. */
export type Values = Readonly<Record<string, string>>;

export function platformConfig({ dataDir, port, sources, traces }: PlatformOptions): Values {
  return {
    BLOBS_URL: folderUrl(join(dataDir, 'blobs')),
    // Pods are processes of this machine.
    BLOBS_SHARED: 'true',
    SOURCES_URL: folderUrl(sources),
    PAYMENTS_URL: `http://processor.${SYSTEM_NAMESPACE}.svc:8090`,
    PAYPAL_URL: `http://processor.${SYSTEM_NAMESPACE}.svc:8090/paypal`,
    PAYMENTS_PUBLIC_ORIGIN: paymentsOrigin(port),
    PUBLIC_PORT: String(port),
    BASE_DOMAIN: 'localhost',
    // The gateway hears of an ending Pod at once, and nothing else stands before it.
    DRAIN_SECONDS: '0',
    // Whoever looks at traces here wants to see what they just did.
    ...(traces === undefined ? {} : { TRACES_URL: traces, TRACES_RATIO: '1' }),
  };
}

/** Where browsers reach the processor's card fields. */
export function paymentsOrigin(port: number): string {
  return `http://pay.localhost:${port}`;
}

/** Keeps every secret that exists, makes those that do not. */
export function platformSecret(existing: Values | undefined): Values {
  const password = existing?.['POSTGRES_PASSWORD'] ?? randomBytes(24).toString('base64url');
  const host = `postgres.${SYSTEM_NAMESPACE}.svc:5432/shopmind`;
  return {
    POSTGRES_PASSWORD: password,
    DATABASE_ADMIN_URL: `postgres://postgres:${password}@${host}`,
    DATABASE_URL: `postgres://${host}`,
    PAYMENTS_SECRET: existing?.['PAYMENTS_SECRET'] ?? randomBytes(24).toString('base64url'),
    SECRETS_KEY: existing?.['SECRETS_KEY'] ?? randomBytes(32).toString('base64'),
  };
}

function folderUrl(path: string): string {
  return pathToFileURL(path.endsWith('/') ? path : `${path}/`).href;
}
