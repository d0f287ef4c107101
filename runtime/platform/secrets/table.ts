/**
 * The secrets port on `platform.tenant_secrets`: each value sealed with AES-256-GCM and bound to its tenant and name,
 * so that a row copied to another tenant does not open.
 */
import { createDecipheriv } from 'node:crypto';
import { ShopError } from '../errors.ts';
import type { Secrets } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { checkedTenantId } from '../tenant-id.ts';

const NONCE = 12;
const TAG = 16;
/** Kept so much longer where changes are told of: in a shop that is asked once in a while each request would read its keys. */
const HEARD_FACTOR = 6;
const MOST_TENANTS = 10_000;

export interface SecretsOptions {
  readonly sql: PostgresSql;
  /** 32 bytes, base64. */
  readonly key: string;
  /** How long an opened secret stays in memory where nobody would tell of its change. Default 10 s. */
  readonly keepMilliseconds?: number;
}

interface Kept {
  /** Milliseconds since 1970. */
  readonly until: number;
  readonly value: Promise<string | undefined>;
}

/** Throws ShopError `internal` for a key of the wrong length, or a value that does not open. */
export function createSecrets({ sql, key, keepMilliseconds = 10_000 }: SecretsOptions): Secrets {
  const secret = Buffer.from(key, 'base64');
  if (secret.length !== 32) {
    throw new ShopError('internal', `SECRETS_KEY holds ${secret.length} bytes, not 32.`, {
      remedy: 'Set it to the base64 form of 32 random bytes.',
    });
  }
  /** By tenant, then by name. */
  const kept = new Map<string, Map<string, Kept>>();
  let hears = false;

  /** The operator tells of every change of a tenant; its keys may be among them. Best effort: without it a kept one ends by itself. */
  async function hear(): Promise<void> {
    try {
      await sql.listen(
        'tenants',
        (changed) => kept.delete(changed),
        () => kept.clear(),
      );
      hears = true;
    } catch {
      listening = undefined;
    }
  }

  /** The tenant that was read longest ago makes room. */
  function keptOf(tenant: string): Map<string, Kept> {
    const known = kept.get(tenant) ?? new Map<string, Kept>();
    kept.delete(tenant);
    kept.set(tenant, known);
    const [oldest] = kept.keys();
    if (kept.size > MOST_TENANTS && oldest !== undefined) kept.delete(oldest);
    return known;
  }

  let listening: Promise<void> | undefined;

  async function read(tenant: string, name: string): Promise<string | undefined> {
    const { rows } = await sql.directory<{ value: Buffer }>(
      'SELECT value FROM platform.tenant_secrets WHERE tenant_id = $1 AND name = $2',
      [tenant, name],
    );
    const sealed = rows[0]?.value;
    return sealed === undefined ? undefined : open(secret, sealed, `${tenant}/${name}`);
  }

  /** What is missing may be written any moment: kept where that is told of, and not as long as what is there. */
  function forgetMissing(mine: Map<string, Kept>, name: string, since: number): void {
    const known = mine.get(name);
    if (!hears || known === undefined) mine.delete(name);
    else mine.set(name, { ...known, until: since + keepMilliseconds });
  }

  return {
    async get(tenant, name) {
      checkedTenantId(tenant);
      listening ??= hear();
      const now = Date.now();
      const known = kept.get(tenant)?.get(name);
      if (known && known.until > now) return known.value;
      const value = read(tenant, name);
      const mine = keptOf(tenant);
      mine.set(name, { until: now + keepMilliseconds * (hears ? HEARD_FACTOR : 1), value });
      value.then(
        (found) => found === undefined && forgetMissing(mine, name, now),
        () => mine.delete(name),
      );
      return value;
    },
  };
}

function open(key: Buffer, sealed: Buffer, boundTo: string): string {
  try {
    const opener = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE), { authTagLength: TAG });
    opener.setAAD(Buffer.from(boundTo));
    opener.setAuthTag(sealed.subarray(sealed.length - TAG));
    const body = sealed.subarray(NONCE, sealed.length - TAG);
    return Buffer.concat([opener.update(body), opener.final()]).toString('utf8');
  } catch (error) {
    throw new ShopError('internal', `The secret ${boundTo} cannot be opened.`, {
      cause: error,
      remedy:
        'Check that operator and runtime have the same SECRETS_KEY, then let the operator write the secret again.',
    });
  }
}
