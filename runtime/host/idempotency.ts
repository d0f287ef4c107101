/**
 * Idempotency keys: the first answer to a key is stored per tenant, route and caller, and replayed to every repetition.
 * A key in use answers 409; a key used for another request 422; a holder that died is followed after its lease. The answer can be
 * stored with the work itself, in one transaction; where it is not, work that was cut off before its answer is done again.
 */
import { createHash } from 'node:crypto';
import { ShopError } from '../platform/errors.ts';
import type { Clock, Sql, SqlValue, TenantId, Transaction } from '../platform/ports.ts';

/** A complete answer: bytes, so that the replay is the same to the last character. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface IdempotentCall {
  readonly tenant: TenantId;
  /** Route and caller. */
  readonly scope: string;
  readonly key: string | undefined;
  readonly fingerprint: readonly (string | Buffer)[];
  readonly requestId: string;
}

export interface Idempotency {
  /** Runs `work` unless the key's answer is known. Answers of 500 and above are not kept: they may be tried again. */
  once(call: IdempotentCall, work: (keep: Keep) => Promise<Answer>): Promise<Answer>;
}

/** Stores the answer with a transaction. @throws ShopError `idempotency_in_flight` when somebody else holds the key by now */
export type Keep = (tx: Transaction, answer: Answer) => Promise<void>;

const LEASE_MS = 15_000;
const KEPT_MS = 24 * 60 * 60 * 1_000;

export function createIdempotency(sql: Sql, clock: Clock): Idempotency {
  const inMs = (milliseconds: number) => new Date(clock.now().getTime() + milliseconds);

  async function acquire(call: IdempotentCall, key: string, hash: string): Promise<Answer | undefined> {
    const { tenant, scope, requestId } = call;
    const now = clock.now();
    const taken = await sql.query(tenant, TAKE, [
      tenant,
      scope,
      key,
      hash,
      requestId,
      inMs(LEASE_MS),
      now,
      inMs(KEPT_MS),
    ]);
    if (taken.rowCount === 1) return undefined;
    const { rows } = await sql.query<StoredRow>(
      tenant,
      'SELECT request_hash, status, headers, body FROM idempotency_keys WHERE tenant_id = $1 AND scope = $2 AND key = $3',
      [tenant, scope, key],
    );
    const [stored] = rows;
    if (stored && stored.request_hash !== hash) {
      throw new ShopError('idempotency_mismatch', 'This Idempotency-Key was used for a different request.', {
        remedy: 'Take a new key for a new request.',
      });
    }
    if (!stored || stored.status === null) throw inFlight();
    return {
      status: stored.status,
      headers: { ...stored.headers, 'idempotency-replayed': 'true' },
      body: stored.body ?? Buffer.alloc(0),
    };
  }

  return {
    async once(call, work) {
      const { tenant, scope, requestId } = call;
      const key = checkedKey(call.key);
      const known = await acquire(call, key, fingerprintOf(call.fingerprint));
      if (known) return known;
      const mine = [tenant, scope, key, requestId] as const;
      const renewal = setInterval(() => {
        // A renewal that fails costs the lease, no more: the next request with this key finds that out.
        sql.query(tenant, RENEW, [...mine, inMs(LEASE_MS)]).catch(() => undefined);
      }, LEASE_MS / 3);
      renewal.unref();
      const keepValues = ({ status, headers, body }: Answer): SqlValue[] => [
        ...mine,
        status,
        JSON.stringify(headers),
        body,
        inMs(KEPT_MS),
      ];
      let isKept = false;
      try {
        const answer = await work(async (tx, earned) => {
          const { rowCount } = await tx.query(KEEP, keepValues(earned));
          if (rowCount === 0) throw inFlight();
          isKept = true;
        });
        if (isKept) return answer;
        if (isFinal(answer.status)) await sql.query(tenant, KEEP, keepValues(answer));
        else await sql.query(tenant, RELEASE, mine);
        return answer;
      } catch (error) {
        await sql.query(tenant, RELEASE, mine).catch(() => undefined);
        throw error;
      } finally {
        clearInterval(renewal);
      }
    },
  };
}

function inFlight(): ShopError {
  return new ShopError(
    'idempotency_in_flight',
    'A request with this Idempotency-Key is still being worked on.',
    { remedy: 'Repeat it in a moment with the same key.', retryAfterSeconds: 1 },
  );
}

interface StoredRow {
  readonly request_hash: string;
  readonly status: number | null;
  readonly headers: Record<string, string> | null;
  readonly body: Buffer | null;
}

/** What would come out the same when asked again, as opposed to what time or a log-in may cure. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 401 && status !== 403 && status !== 429;
}

function checkedKey(key: string | undefined): string {
  if (key !== undefined && /^[\x21-\x7e]{8,255}$/.test(key)) return key;
  throw new ShopError('invalid_input', 'This request needs an Idempotency-Key.', {
    remedy:
      'Send a header Idempotency-Key with 8 to 255 visible characters, for example a UUID, and the same one when you repeat it.',
    problems: [
      {
        where: 'header/Idempotency-Key',
        what: key === undefined ? 'is missing' : 'is not 8 to 255 visible characters',
      },
    ],
  });
}

function fingerprintOf(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url');
}

const TAKE = `
  INSERT INTO idempotency_keys AS k (tenant_id, scope, key, request_hash, holder, locked_until, created_at, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (tenant_id, scope, key) DO UPDATE
    SET request_hash = $4, holder = $5, locked_until = $6, created_at = $7, expires_at = $8, status = NULL, headers = NULL, body = NULL
    WHERE k.expires_at <= $7 OR (k.status IS NULL AND k.locked_until <= $7 AND k.request_hash = $4)`;
const RENEW = `UPDATE idempotency_keys SET locked_until = $5 WHERE tenant_id = $1 AND scope = $2 AND key = $3 AND holder = $4 AND status IS NULL`;
const KEEP = `UPDATE idempotency_keys SET status = $5, headers = $6, body = $7, expires_at = $8
  WHERE tenant_id = $1 AND scope = $2 AND key = $3 AND holder = $4`;
const RELEASE = `DELETE FROM idempotency_keys WHERE tenant_id = $1 AND scope = $2 AND key = $3 AND holder = $4 AND status IS NULL`;
