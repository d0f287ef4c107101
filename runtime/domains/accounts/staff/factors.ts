/**
 * The second factor of the staff's sign-in by password: a code of an authenticator app, or one of ten that are kept on paper. It is
 * asked for once it was proven that the app makes the right ones.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId } from '../../../platform/ports.ts';
import type { TotpSetup } from './definition.ts';
import type { MemberRow } from './members.ts';
import { keyUri, base32, stepOf } from './totp.ts';

export interface Factors {
  isOn(tenant: TenantId, staffId: string): Promise<boolean>;
  /** A new secret, shown this once. @throws ShopError `conflict` where there is one in use */
  prepare(tenant: Tenant, member: MemberRow): Promise<TotpSetup>;
  /** @returns recovery codes, shown this once. @throws ShopError `invalid_input` for a wrong code */
  confirm(tenant: TenantId, staffId: string, code: string): Promise<readonly string[]>;
  /** Uses the code up. @returns whether it was good: of the app, or for recovery */
  accept(tenant: TenantId, staffId: string, code: string): Promise<boolean>;
  remove(tenant: TenantId, staffId: string): Promise<void>;
}

const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;
/** Without letters and digits that look alike. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

interface Row {
  readonly secret: Buffer;
  readonly confirmed_at: Date | null;
}

export function createFactors({ sql, clock, sealing }: Pick<Platform, 'sql' | 'clock' | 'sealing'>): Factors {
  async function find(tenant: TenantId, staffId: string): Promise<Row | undefined> {
    const { rows } = await sql.query<Row>(
      tenant,
      'SELECT secret, confirmed_at FROM staff_factors WHERE tenant_id = $1 AND staff_id = $2',
      [tenant, staffId],
    );
    return rows[0];
  }

  const secretOf = (tenant: TenantId, staffId: string, { secret }: Row): Buffer =>
    sealing.open(tenant, `totp ${staffId}`, secret);

  /** One statement: of two who come with one code, one is let in. */
  async function useStep(
    runner: SqlRunner,
    tenant: TenantId,
    staffId: string,
    step: number,
  ): Promise<boolean> {
    const { rowCount } = await runner.query(
      `UPDATE staff_factors SET last_step = $3, confirmed_at = coalesce(confirmed_at, $4)
       WHERE tenant_id = $1 AND staff_id = $2 AND last_step < $3`,
      [tenant, staffId, step, clock.now()],
    );
    return rowCount === 1;
  }

  return {
    async isOn(tenant, staffId) {
      const row = await find(tenant, staffId);
      return row !== undefined && row.confirmed_at !== null;
    },

    async prepare(tenant, { id, email }) {
      const secret = randomBytes(SECRET_BYTES);
      const { rowCount } = await sql.query(
        tenant.id,
        `INSERT INTO staff_factors AS f (tenant_id, staff_id, secret, last_step) VALUES ($1, $2, $3, 0)
         ON CONFLICT (tenant_id, staff_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE f.confirmed_at IS NULL`,
        [tenant.id, id, sealing.seal(tenant.id, `totp ${id}`, secret)],
      );
      if (rowCount === 0)
        throw new ShopError('conflict', 'There is an authenticator app in use.', {
          remedy: 'Remove it first.',
        });
      return { secret: base32(secret), uri: keyUri(secret, tenant.displayName, email) };
    },

    async confirm(tenant, staffId, code) {
      const row = await find(tenant, staffId);
      if (row === undefined || row.confirmed_at !== null)
        throw new ShopError('conflict', 'No authenticator app waits to be confirmed.', {
          remedy: 'Ask for a secret first.',
        });
      const step = stepOf(secretOf(tenant, staffId, row), code, clock.now());
      if (step === undefined)
        throw new ShopError('invalid_input', 'The code is wrong.', {
          remedy: 'Type the six digits that the app shows now. Is the clock of the phone right?',
          problems: [{ where: 'body/code', what: 'is wrong' }],
        });
      const codes = Array.from({ length: RECOVERY_CODES }, recoveryCode);
      await sql.transaction(tenant, async (tx) => {
        if (!(await useStep(tx, tenant, staffId, step)))
          throw new ShopError('conflict', 'It was confirmed a moment ago.');
        await tx.query('DELETE FROM staff_recovery_codes WHERE tenant_id = $1 AND staff_id = $2', [
          tenant,
          staffId,
        ]);
        await tx.query(
          `INSERT INTO staff_recovery_codes (tenant_id, staff_id, code_hash) SELECT $1, $2, unnest($3::text[])`,
          [tenant, staffId, codes.map((one) => hashOf(staffId, one))],
        );
      });
      return codes;
    },

    async accept(tenant, staffId, code) {
      const row = await find(tenant, staffId);
      if (row === undefined) return false;
      const runner: SqlRunner = { query: (text, values) => sql.query(tenant, text, values) };
      const step = stepOf(secretOf(tenant, staffId, row), code.replaceAll(/\s/g, ''), clock.now());
      if (step !== undefined) return useStep(runner, tenant, staffId, step);
      const { rowCount } = await runner.query(
        'DELETE FROM staff_recovery_codes WHERE tenant_id = $1 AND staff_id = $2 AND code_hash = $3',
        [tenant, staffId, hashOf(staffId, code)],
      );
      return rowCount === 1;
    },

    remove: (tenant, staffId) =>
      sql.transaction(tenant, async (tx) => {
        for (const table of ['staff_factors', 'staff_recovery_codes'])
          await tx.query(`DELETE FROM ${table} WHERE tenant_id = $1 AND staff_id = $2`, [tenant, staffId]);
      }),
  };
}

/** 59 bits: nobody guesses one within the attempts there are. */
function recoveryCode(): string {
  const letters = Array.from({ length: 12 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-');
}

/** However it was typed. */
function hashOf(staffId: string, code: string): string {
  const plain = code.toLowerCase().replaceAll(/[\s-]/g, '');
  return createHash('sha256').update(`${staffId}/${plain}`).digest('base64url');
}
