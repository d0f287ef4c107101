/**
 * Where the API server is and who we are to it: KUBECONFIG, ~/.kube/config, or the files of a Pod, in this order.
 * Tokens, certificates and passwords are read here; exec plugins and OIDC go to `@kubernetes/client-node`, which takes
 * half a second and 80 MB to load and so is loaded for them only.
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { KubeError } from './errors.ts';
import { isRecord } from './records.ts';

export interface TlsOptions {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** Everything a client needs to reach one API server as one user. */
export interface Connection {
  readonly server: URL;
  readonly tls: TlsOptions;
  /** The namespace of the context, or of the Pod; `default` when neither says. */
  readonly namespace: string;
  /** Value of the Authorization header, fresh for this request; `undefined` when the certificate says it all. */
  authorization(): Promise<string | undefined> | string | undefined;
}

/** Thrown as KubeError `NoCluster` or `BadKubeconfig`, naming the file and field. */
export async function loadConnection(
  env: Readonly<Record<string, string | undefined>> = process.env,
  options: { readonly context?: string; readonly podFiles?: string } = {},
): Promise<Connection> {
  const files = kubeconfigFiles(env);
  const [first] = files;
  if (files.length > 1) return loadWithOfficialClient(files, options.context);
  if (first !== undefined) return connectionOfFile(first, options.context);
  const podFiles = options.podFiles ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  if (env['KUBERNETES_SERVICE_HOST'] !== undefined) return connectionOfPod(env, podFiles);
  throw new KubeError({
    code: 0,
    reason: 'NoCluster',
    message: 'no cluster is configured: KUBECONFIG is not set, there is no ~/.kube/config and this is no Pod',
    remedy: 'Set KUBECONFIG to a kubeconfig file.',
  });
}

function kubeconfigFiles(env: Readonly<Record<string, string | undefined>>): string[] {
  const listed = env['KUBECONFIG'];
  if (listed !== undefined && listed !== '') {
    const files = listed.split(delimiter).filter((file) => file !== '');
    const there = files.filter(exists);
    if (there.length > 0) return there;
    throw bad(files.join(', '), 'KUBECONFIG', 'the file does not exist');
  }
  const usual = join(env['HOME'] ?? homedir(), '.kube', 'config');
  return exists(usual) ? [usual] : [];
}

const exists = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;

// ── kubeconfig files ─────────────────────────────────────────────────────────────────────────────

async function connectionOfFile(file: string, contextName: string | undefined): Promise<Connection> {
  const config = await parseFile(file);
  const name = contextName ?? text(config['current-context']);
  if (name === undefined) throw bad(file, 'current-context', 'is not set');
  const context = named(file, config, 'contexts', 'context', name);
  const cluster = named(file, config, 'clusters', 'cluster', text(context['cluster']) ?? '');
  const userName = text(context['user']);
  const user = userName === undefined ? {} : named(file, config, 'users', 'user', userName);
  if (
    user['exec'] !== undefined ||
    user['auth-provider'] !== undefined ||
    cluster['proxy-url'] !== undefined
  ) {
    return loadWithOfficialClient([file], name);
  }
  const folder = dirname(file);
  const server = text(cluster['server']);
  if (server === undefined || !URL.canParse(server))
    throw bad(file, 'clusters[].cluster.server', 'is not a URL');
  return {
    server: new URL(server),
    namespace: text(context['namespace']) ?? 'default',
    tls: {
      ...optional('ca', bytes(file, folder, cluster, 'certificate-authority')),
      ...optional('cert', bytes(file, folder, user, 'client-certificate')),
      ...optional('key', bytes(file, folder, user, 'client-key')),
      ...optional('servername', text(cluster['tls-server-name'])),
      ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    },
    authorization: authorizationOf(folder, user),
  };
}

/** JSON is YAML: a kubeconfig written as JSON saves loading the YAML parser. */
async function parseFile(file: string): Promise<Record<string, unknown>> {
  const source = readFileSync(file, 'utf8');
  let value: unknown;
  try {
    value = source.trimStart().startsWith('{') ? JSON.parse(source) : (await import('yaml')).parse(source);
  } catch (error) {
    throw bad(file, 'the whole file', `is neither YAML nor JSON: ${String(error)}`);
  }
  if (!isRecord(value)) throw bad(file, 'the whole file', 'is not a mapping');
  return value;
}

function named(
  file: string,
  config: Record<string, unknown>,
  list: string,
  field: string,
  name: string,
): Record<string, unknown> {
  const items = config[list];
  const entry = Array.isArray(items)
    ? items.find((item): item is Record<string, unknown> => isRecord(item) && item['name'] === name)
    : undefined;
  const value = entry?.[field];
  if (!isRecord(value)) throw bad(file, list, `has no entry named "${name}"`);
  return value;
}

/** `<field>-data` (base64) wins over `<field>` (a path relative to the kubeconfig), as in kubectl. */
function bytes(
  file: string,
  folder: string,
  from: Record<string, unknown>,
  field: string,
): Buffer | undefined {
  const data = text(from[`${field}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64');
  const path = text(from[field]);
  if (path === undefined) return undefined;
  const resolved = isAbsolute(path) ? path : join(folder, path);
  if (!exists(resolved)) throw bad(file, field, `names ${resolved}, which does not exist`);
  return readFileSync(resolved);
}

function authorizationOf(folder: string, user: Record<string, unknown>): Connection['authorization'] {
  const token = text(user['token']);
  const tokenFile = text(user['tokenFile']);
  if (tokenFile !== undefined)
    return tokenFromFile(isAbsolute(tokenFile) ? tokenFile : join(folder, tokenFile));
  if (token !== undefined) return () => `Bearer ${token}`;
  const name = text(user['username']);
  if (name === undefined) return () => undefined;
  const basic = Buffer.from(`${name}:${text(user['password']) ?? ''}`).toString('base64');
  return () => `Basic ${basic}`;
}

// ── a Pod's own files ────────────────────────────────────────────────────────────────────────────

function connectionOfPod(env: Readonly<Record<string, string | undefined>>, folder: string): Connection {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const namespaceFile = join(folder, 'namespace');
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    namespace: exists(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : 'default',
    tls: { ca: readFileSync(join(folder, 'ca.crt')) },
    authorization: tokenFromFile(join(folder, 'token')),
  };
}

/** Bound tokens are rotated on disk, so the file is read again once a minute. */
function tokenFromFile(file: string): Connection['authorization'] {
  let header: string | undefined;
  let readAt = -Infinity;
  return () => {
    const now = performance.now();
    if (header === undefined || now - readAt > 60_000) {
      header = `Bearer ${readFileSync(file, 'utf8').trim()}`;
      readAt = now;
    }
    return header;
  };
}

// ── what needs the official client ───────────────────────────────────────────────────────────────

async function loadWithOfficialClient(
  files: readonly string[],
  contextName: string | undefined,
): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  for (const [index, file] of files.entries()) {
    if (index === 0) {
      config.loadFromFile(file);
    } else {
      const more = new KubeConfig();
      more.loadFromFile(file);
      config.mergeConfig(more, true);
    }
  }
  if (contextName !== undefined) config.setCurrentContext(contextName);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw bad(files.join(', '), 'current-context', 'names no cluster');
  const initial = await officialOptions(config);
  return {
    server: new URL(cluster.server),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    tls: {
      ...optional('ca', initial.ca),
      ...optional('cert', initial.cert),
      ...optional('key', initial.key),
      ...optional('servername', initial.servername),
      ...(initial.rejectUnauthorized === false ? { rejectUnauthorized: false } : {}),
    },
    authorization: async () => (await officialOptions(config)).headers?.Authorization,
  };
}

interface OfficialOptions extends TlsOptions {
  headers?: { Authorization?: string };
}

async function officialOptions(config: {
  applyToHTTPSOptions(options: object): Promise<void>;
}): Promise<OfficialOptions> {
  const options: OfficialOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  return options;
}

// ── small things ─────────────────────────────────────────────────────────────────────────────────

const bad = (file: string, field: string, what: string): KubeError =>
  new KubeError({
    code: 0,
    reason: 'BadKubeconfig',
    message: `${file}: ${field} ${what}`,
    remedy: 'Correct the kubeconfig, or point KUBECONFIG at another one.',
  });

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> {
  const result: Partial<Record<Name, Value>> = {};
  if (value !== undefined) result[name] = value;
  return result;
}
