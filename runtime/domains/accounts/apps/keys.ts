/**
 * What a shop signs with what it says of people: an RSA key of its own, as every OpenID client can verify (RS256). A new one is published
 * for a day before it signs, as clients keep what they read of keys for hours, and for months after, as long as what it signed is shown.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign,
  type JsonWebKey,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { Platform } from '../../../platform/domain.ts';
import { isSignedBy, parseToken } from '../../../platform/identity/token.ts';
import type { TenantId } from '../../../platform/ports.ts';

const generate = promisify(generateKeyPair);

const DAY_MS = 24 * 60 * 60 * 1_000;
const PUBLISHED_BEFORE_MS = DAY_MS;
const MADE_EVERY_MS = 90 * DAY_MS;
const KEPT_MS = 2 * MADE_EVERY_MS + DAY_MS;
/** Bits: what lasts for these months (NIST SP 800-57), and what each client can verify quickly. */
const MODULUS = 2_048;

/** Of an RSA key, as it is published (RFC 7517). */
export interface PublishedKey {
  readonly kty: string;
  readonly n: string;
  readonly e: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'RS256';
}

export interface KeyTimes {
  readonly generation: number;
  readonly made_at: Date;
}

interface KeyRow extends KeyTimes {
  readonly id: string;
  readonly public_key: PublishedKey;
  readonly private_key: Buffer;
}

export interface SigningKeys {
  /** Those by which what the shop signs, or has signed, is verified. */
  published(tenant: TenantId): Promise<readonly PublishedKey[]>;
  /** Makes the first one, where there is none. */
  ensure(tenant: TenantId): Promise<void>;
  /** @returns claims as a signed token (JWS compact form) */
  sign(tenant: TenantId, claims: object): Promise<string>;
  /** @returns the claims of a token that this shop has signed, however long ago; undefined for any other */
  read(tenant: TenantId, token: string): Promise<unknown>;
  /** Once a day: makes the next one when it is due, and removes what has signed nothing for long. Nothing where no app ever was. */
  turn(tenant: TenantId): Promise<void>;
}

/** @param keys in any order; @returns which of them signs now: the youngest that was published for long enough, or else the first */
export function signerOf<Key extends KeyTimes>(keys: readonly Key[], now: Date): Key | undefined {
  const known = keys.filter(({ made_at }) => now.getTime() - made_at.getTime() >= PUBLISHED_BEFORE_MS);
  return youngest(known) ?? keys.toSorted((one, other) => one.generation - other.generation)[0];
}

/** @returns the generation to make now; undefined: none is due */
export function dueIn(keys: readonly KeyTimes[], now: Date): number | undefined {
  const last = youngest(keys);
  if (last === undefined || now.getTime() - last.made_at.getTime() < MADE_EVERY_MS) return undefined;
  return last.generation + 1;
}

/** Those that nobody needs any more. */
export function overOf<Key extends KeyTimes>(keys: readonly Key[], now: Date): readonly Key[] {
  const signer = signerOf(keys, now);
  return keys.filter(
    (key) =>
      signer !== undefined &&
      key.generation < signer.generation &&
      now.getTime() - key.made_at.getTime() >= KEPT_MS,
  );
}

function youngest<Key extends KeyTimes>(keys: readonly Key[]): Key | undefined {
  return keys.toSorted((one, other) => one.generation - other.generation).at(-1);
}

export function createSigningKeys({
  sql,
  clock,
  sealing,
}: Pick<Platform, 'sql' | 'clock' | 'sealing'>): SigningKeys {
  async function all(tenant: TenantId): Promise<readonly KeyRow[]> {
    const { rows } = await sql.query<KeyRow>(
      tenant,
      'SELECT generation, id, public_key, private_key, made_at FROM signing_keys WHERE tenant_id = $1 ORDER BY generation',
      [tenant],
    );
    return rows;
  }

  /** Of two processes that make the same generation one is first, and its key is the one. */
  async function make(tenant: TenantId, generation: number): Promise<void> {
    const { publicKey, privateKey } = await generate('rsa', { modulusLength: MODULUS });
    const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
    const id = thumbprint(n, e);
    const published: PublishedKey = { kty: 'RSA', n, e, kid: id, use: 'sig', alg: 'RS256' };
    const sealed = sealing.seal(tenant, sealedAs(id), privateKey.export({ type: 'pkcs8', format: 'der' }));
    await sql.query(
      tenant,
      `INSERT INTO signing_keys (tenant_id, generation, id, public_key, private_key, made_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant_id, generation) DO NOTHING`,
      [tenant, generation, id, JSON.stringify(published), sealed, clock.now()],
    );
  }

  async function ensured(tenant: TenantId): Promise<readonly KeyRow[]> {
    const keys = await all(tenant);
    if (keys.length > 0) return keys;
    await make(tenant, 1);
    return all(tenant);
  }

  return {
    published: async (tenant) => (await all(tenant)).map(({ public_key }) => public_key),

    async ensure(tenant) {
      await ensured(tenant);
    },

    async sign(tenant, claims) {
      const signer = signerOf(await ensured(tenant), clock.now());
      if (signer === undefined) throw new Error(`${tenant} has no signing key although one was made.`);
      const key = createPrivateKey({
        key: sealing.open(tenant, sealedAs(signer.id), signer.private_key),
        type: 'pkcs8',
        format: 'der',
      });
      const text = [{ alg: 'RS256', typ: 'JWT', kid: signer.id }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
    },

    async read(tenant, text) {
      const token = parseToken(text);
      const row = token && (await all(tenant)).find(({ id }) => id === token.keyId);
      if (token === undefined || row === undefined) return undefined;
      const { kty, n, e } = row.public_key;
      const jwk: JsonWebKey = { kty, n, e };
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      return isSignedBy(token, { id: row.id, algorithm: 'RS256', key }) ? token.claims : undefined;
    },

    async turn(tenant) {
      const keys = await all(tenant);
      const due = dueIn(keys, clock.now());
      if (due !== undefined) await make(tenant, due);
      for (const { generation } of overOf(keys, clock.now()))
        await sql.query(tenant, 'DELETE FROM signing_keys WHERE tenant_id = $1 AND generation = $2', [
          tenant,
          generation,
        ]);
    },
  };
}

/** The key's own name (RFC 7638): a shop that is made anew under an old one's name has other keys by other names. */
function thumbprint(n: string, e: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url');
}

const sealedAs = (id: string): string => `signing key ${id}`;
