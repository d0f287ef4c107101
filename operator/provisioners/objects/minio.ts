/**
 * The part of MinIO's admin API that makes logins and replicas: requests signed as for S3 (AWS Signature Version 4), secrets in them
 * sealed as `madmin.EncryptData` of MinIO's own client does. Each call may be repeated.
 */
import {
  argon2,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  pbkdf2,
  randomBytes,
} from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';

export interface MinioAccess {
  readonly endpoint: string;
  readonly region: string;
  /** May administer the server. */
  readonly login: { readonly user: string; readonly password: string };
}

const User = z.object({ policyName: z.string().optional(), status: z.string().optional() });
export type MinioUser = z.infer<typeof User>;

const Target = z.object({
  arn: z.string(),
  endpoint: z.string(),
  targetbucket: z.string(),
  credentials: z.object({ accessKey: z.string().optional() }).optional(),
});
export type MinioTarget = z.infer<typeof Target>;

export interface MinioAdmin {
  users(): Promise<ReadonlyMap<string, MinioUser>>;
  /** Replaces its password, and enables it. */
  setUser(name: string, password: string): Promise<void>;
  removeUser(name: string): Promise<void>;
  policies(): Promise<ReadonlyMap<string, unknown>>;
  setPolicy(name: string, policy: object): Promise<void>;
  removePolicy(name: string): Promise<void>;
  /** The user's only one. */
  attachPolicy(policy: string, user: string): Promise<void>;
  /** Where a bucket may be replicated to. */
  targets(bucket: string): Promise<readonly MinioTarget[]>;
  /** @returns its name in replication rules */
  addTarget(bucket: string, target: MinioAccess & { readonly bucket: string }): Promise<string>;
  /** The bucket's replication rules, as XML; absent: none. S3's own clients know nothing of MinIO's additions to them. */
  replication(bucket: string): Promise<string | undefined>;
  setReplication(bucket: string, xml: string): Promise<void>;
}

/** The server understood, and said no. */
export class MinioRefusedError extends Error {
  readonly status: number;
  constructor(what: string, status: number, answer: string) {
    super(`${what}: ${status} ${/<Message>([^<]*)/.exec(answer)?.[1] ?? answer.slice(0, 200)}`);
    this.name = 'MinioRefusedError';
    this.status = status;
  }
}

const ADMIN = '/minio/admin/v3';
const ANSWER_MS = 10_000;

export function createMinioAdmin(access: MinioAccess): MinioAdmin {
  const { password } = access.login;

  async function call(
    method: 'GET' | 'PUT' | 'DELETE',
    path: string,
    query: Readonly<Record<string, string>>,
    body: Buffer = Buffer.alloc(0),
  ): Promise<Buffer> {
    const address = new URL(path, access.endpoint);
    address.search = canonicalQuery(query);
    const answer = await fetch(address, {
      method,
      headers: signed(access, method, address, body),
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(method === 'PUT' ? { body: new Uint8Array(body) } : {}),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok) throw new MinioRefusedError(`${method} ${path}`, answer.status, bytes.toString('utf8'));
    return bytes;
  }

  const json = async (path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> =>
    JSON.parse((await call('GET', ADMIN + path, query)).toString('utf8'));

  return {
    async users() {
      const sealed = await call('GET', `${ADMIN}/list-users`, {});
      const all = z
        .record(z.string(), User)
        .nullable()
        .parse(JSON.parse(await unseal(password, sealed)));
      return new Map(Object.entries(all ?? {}));
    },
    async setUser(name, secretKey) {
      const body = await seal(password, JSON.stringify({ secretKey, status: 'enabled' }));
      await call('PUT', `${ADMIN}/add-user`, { accessKey: name }, body);
    },
    async removeUser(name) {
      await call('DELETE', `${ADMIN}/remove-user`, { accessKey: name }).catch(unlessGone);
    },
    async policies() {
      return new Map(
        Object.entries(z.record(z.string(), z.unknown()).parse(await json('/list-canned-policies'))),
      );
    },
    async setPolicy(name, policy) {
      await call('PUT', `${ADMIN}/add-canned-policy`, { name }, Buffer.from(JSON.stringify(policy)));
    },
    async removePolicy(name) {
      await call('DELETE', `${ADMIN}/remove-canned-policy`, { name }).catch(unlessGone);
    },
    async attachPolicy(policyName, user) {
      await call('PUT', `${ADMIN}/set-user-or-group-policy`, {
        policyName,
        userOrGroup: user,
        isGroup: 'false',
      });
    },
    async targets(bucket) {
      const all = await json('/list-remote-targets', { bucket, type: 'replication' });
      return z.array(Target).nullable().parse(all) ?? [];
    },
    async addTarget(bucket, { bucket: targetbucket, endpoint, region, login }) {
      const { host, protocol } = new URL(endpoint);
      const target = {
        sourcebucket: bucket,
        endpoint: host,
        credentials: { accessKey: login.user, secretKey: login.password },
        targetbucket,
        secure: protocol === 'https:',
        path: 'auto',
        api: 's3v4',
        type: 'replication',
        region,
        replicationSync: false,
        disableProxy: false,
      };
      const body = await seal(password, JSON.stringify(target));
      const arn = await call('PUT', `${ADMIN}/set-remote-target`, { bucket }, body);
      return z.string().parse(JSON.parse(arn.toString('utf8')));
    },
    async replication(bucket) {
      try {
        return (await call('GET', `/${bucket}`, { replication: '' })).toString('utf8');
      } catch (error) {
        if (error instanceof MinioRefusedError && error.status === 404) return undefined;
        throw error;
      }
    },
    async setReplication(bucket, xml) {
      await call('PUT', `/${bucket}`, { replication: '' }, Buffer.from(xml));
    },
  };
}

function unlessGone(error: unknown): void {
  if (!(error instanceof MinioRefusedError && error.status === 404)) throw error;
}

// ── AWS Signature Version 4 ──────────────────────────────────────────────────────────────────────

function signed(
  { region, login }: MinioAccess,
  method: string,
  address: URL,
  body: Buffer,
): Record<string, string> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const headers = {
    host: address.host,
    'x-amz-content-sha256': sha256(body),
    'x-amz-date': time,
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const request = [
    method,
    address.pathname,
    address.search.slice(1),
    lines.join(''),
    names,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (under, part) => hmac(under, part),
    `AWS4${login.password}`,
  );
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n')).toString('hex');
  const { host: _host, ...sent } = headers;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${login.user}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** In the order of names, everything escaped that RFC 3986 does not leave alone. */
function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .join('&');
}

function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

// ── sealing: salt (32) · kind (1) · nonce (8) · fragments of AES-256-GCM, as sio-go writes them ──

const KINDS = { argon2id: 0, pbkdf2: 2 } as const;
const FRAGMENT = 16 << 10;
const TAG = 16;

async function keyFor(kind: number | undefined, password: string, salt: Buffer): Promise<Buffer> {
  if (kind === KINDS.pbkdf2) return promisify(pbkdf2)(password, salt, 8192, 32, 'sha256');
  if (kind === KINDS.argon2id)
    return promisify(argon2)('argon2id', {
      message: password,
      nonce: salt,
      parallelism: 4,
      tagLength: 32,
      memory: 64 << 10,
      passes: 1,
    });
  throw new Error('MinIO sealed its answer in a way that is not known here');
}

async function seal(password: string, text: string): Promise<Buffer> {
  const data = Buffer.from(text);
  // One fragment is the last and the first.
  if (data.length > FRAGMENT) throw new RangeError('too much to be sealed at once');
  const [salt, nonce] = [randomBytes(32), randomBytes(8)];
  const key = await keyFor(KINDS.pbkdf2, password, salt);
  const cipher = createCipheriv('aes-256-gcm', key, numbered(nonce, 1)).setAAD(about(key, nonce, true));
  const sealed = Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
  return Buffer.concat([salt, Buffer.of(KINDS.pbkdf2), nonce, sealed]);
}

async function unseal(password: string, sealed: Buffer): Promise<string> {
  const [salt, kind, nonce] = [sealed.subarray(0, 32), sealed[32], sealed.subarray(33, 41)];
  const key = await keyFor(kind, password, salt);
  const pieces: Buffer[] = [];
  let rest = sealed.subarray(41);
  for (let number = 1; rest.length > 0; number++) {
    const piece = rest.subarray(0, FRAGMENT + TAG);
    rest = rest.subarray(piece.length);
    const open = createDecipheriv('aes-256-gcm', key, numbered(nonce, number))
      .setAAD(about(key, nonce, rest.length === 0))
      .setAuthTag(piece.subarray(-TAG));
    pieces.push(open.update(piece.subarray(0, -TAG)), open.final());
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Said along with each fragment: whether it is the last, and the seal of nothing under number 0. */
function about(key: Buffer, nonce: Buffer, isLast: boolean): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, numbered(nonce, 0));
  cipher.final();
  return Buffer.concat([Buffer.of(isLast ? 0x80 : 0), cipher.getAuthTag()]);
}

function numbered(nonce: Buffer, number: number): Buffer {
  const whole = Buffer.alloc(12);
  nonce.copy(whole);
  whole.writeUInt32LE(number, 8);
  return whole;
}
