/**
 * A shop's audit log: what a merchant is about to change is written down before it is done, and how it ended afterwards, so that what a
 * killed process did is there as well. Entries are chained by their hashes and never changed.
 */
import { createHash } from 'node:crypto';
import type { Caller } from '../../platform/domain.ts';
import type { Clock, Sql } from '../../platform/ports.ts';
import type { AuditCheck, AuditEntry, AuditPage } from '../definition.ts';

/** What is about to be done. Bodies are not kept, they hold persons and secrets: their digest proves what was sent. */
export interface Deed {
  readonly caller: Caller;
  /** `catalog.adminCreateProduct` */
  readonly operation: string;
  readonly params: unknown;
  readonly requestId: string;
  readonly fingerprint: readonly (string | Buffer)[];
}

export interface Audit {
  /** @returns its number, for {@link Audit.ended} */
  begun(tenant: string, deed: Deed): Promise<number>;
  /**
   * @param outcome status of the answer, or code of the error
   * @param digest SHA-256 of what came while it was done, in hex; absent where all of it was there before
   */
  ended(tenant: string, of: number, outcome: string, digest?: string): Promise<void>;
  /** The youngest first. @param before only what is older */
  page(tenant: string, limit: number, before: number | undefined): Promise<AuditPage>;
  /** Reckons every hash anew, from an entry whose hash the caller has kept, or from the first. */
  check(tenant: string, anchor: Anchor | undefined): Promise<AuditCheck>;
}

export interface Anchor {
  readonly seq: number;
  /** Hex. */
  readonly hash: string;
}

/** What comes before the first. */
const NOTHING = Buffer.alloc(32);
const PAGE = 1_000;

interface Row {
  readonly seq: string | number;
  readonly entry: string;
  readonly hash: Buffer;
}

/** One statement, so that no two entries have one number: the head's row is locked while it is moved. */
const APPEND = `
  WITH head AS (
    INSERT INTO audit_heads AS h (tenant_id, seq, hash)
    VALUES ($1, 1, sha256($3::bytea || int8send(1) || convert_to($2, 'UTF8')))
    ON CONFLICT (tenant_id) DO UPDATE
      SET seq = h.seq + 1, hash = sha256(h.hash || int8send(h.seq + 1) || convert_to($2, 'UTF8'))
    RETURNING seq, hash
  )
  INSERT INTO audit_entries (tenant_id, seq, entry, hash) SELECT $1, seq, $2, hash FROM head RETURNING seq`;

export function createAudit({ sql, clock }: { readonly sql: Sql; readonly clock: Clock }): Audit {
  async function append(tenant: string, entry: object): Promise<number> {
    const { rows } = await sql.query<Pick<Row, 'seq'>>(tenant, APPEND, [
      tenant,
      JSON.stringify(entry),
      NOTHING,
    ]);
    return Number(rows[0]?.seq);
  }

  async function rowsBetween(tenant: string, after: number, last: number): Promise<readonly Row[]> {
    const { rows } = await sql.query<Row>(
      tenant,
      `SELECT seq, entry, hash FROM audit_entries WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT ${PAGE}`,
      [tenant, after, last],
    );
    return rows;
  }

  async function headOf(tenant: string): Promise<Anchor> {
    const { rows } = await sql.query<Omit<Row, 'entry'>>(
      tenant,
      'SELECT seq, hash FROM audit_heads WHERE tenant_id = $1',
      [tenant],
    );
    const [head] = rows;
    return head === undefined
      ? { seq: 0, hash: NOTHING.toString('hex') }
      : { seq: Number(head.seq), hash: head.hash.toString('hex') };
  }

  async function isKept(tenant: string, { seq, hash }: Anchor): Promise<boolean> {
    const { rows } = await sql.query<Pick<Row, 'hash'>>(
      tenant,
      'SELECT hash FROM audit_entries WHERE tenant_id = $1 AND seq = $2',
      [tenant, seq],
    );
    return rows[0]?.hash.toString('hex') === hash;
  }

  return {
    begun(tenant, { caller, operation, params, requestId, fingerprint }) {
      return append(tenant, {
        at: clock.now().toISOString(),
        actor: actorOf(caller),
        operation,
        ...(params === undefined ? {} : { params }),
        requestId,
        digest: digestOf(fingerprint),
      });
    },

    async ended(tenant, of, outcome, digest) {
      await append(tenant, {
        at: clock.now().toISOString(),
        of,
        outcome,
        ...(digest === undefined ? {} : { digest }),
      });
    },

    async page(tenant, limit, before) {
      const { rows } = await sql.query<Row>(
        tenant,
        `SELECT seq, entry, hash FROM audit_entries WHERE tenant_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3`,
        [tenant, before ?? Number.MAX_SAFE_INTEGER, limit],
      );
      return { entries: rows.map(toEntry), head: await headOf(tenant) };
    },

    async check(tenant, anchor) {
      // Read first: what is written meanwhile is not missed by it.
      const head = await headOf(tenant);
      const broken = (brokenAt: number): AuditCheck => ({ intact: false, brokenAt, head });
      if (anchor !== undefined && !(await isKept(tenant, anchor))) return broken(anchor.seq);
      let { seq, hash } = anchor ?? { seq: 0, hash: NOTHING.toString('hex') };
      while (seq < head.seq) {
        const rows = await rowsBetween(tenant, seq, head.seq);
        if (rows.length === 0) return broken(seq + 1);
        for (const row of rows) {
          const next = hashOf(hash, seq + 1, row.entry);
          if (Number(row.seq) !== seq + 1 || row.hash.toString('hex') !== next) return broken(seq + 1);
          [seq, hash] = [seq + 1, next];
        }
      }
      return seq === head.seq && hash === head.hash ? { intact: true, head } : broken(seq);
    },
  };
}

function hashOf(before: string, seq: number, entry: string): string {
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(seq));
  return createHash('sha256').update(Buffer.from(before, 'hex')).update(number).update(entry).digest('hex');
}

function digestOf(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('hex');
}

function actorOf({ key, staff, subject }: Caller): string {
  if (staff !== undefined) return `staff:${staff.id}`;
  if (key !== undefined) return `key:${key.id}`;
  return subject === undefined ? 'admin-key' : `person:${subject}`;
}

function toEntry({ seq, entry, hash }: Row): AuditEntry {
  return { seq: Number(seq), hash: hash.toString('hex'), text: entry, ...(JSON.parse(entry) as Parsed) };
}

type Parsed = Omit<AuditEntry, 'seq' | 'hash' | 'text'>;
