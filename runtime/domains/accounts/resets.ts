/**
 * A new password for who has forgotten theirs, by a link to their address. Whoever asks hears the same, after the same work, whether
 * there is an account or not: the task that sends the mail looks it up.
 */
import type { z } from 'zod';
import type { DomainService, Platform, RouteRequest } from '../../platform/domain.ts';
import type { Tenant, Transaction } from '../../platform/ports.ts';
import { endGrants } from './apps/grants.ts';
import type { Attempts } from './attempts.ts';
import { findByEmail } from './customers.ts';
import type { ForgottenPassword, PasswordReset } from './definition.ts';
import { overdue, SEND_LINK, wantsMail, type Links } from './links.ts';
import type { Passwords } from './passwords.ts';
import { addressOf } from './requests.ts';
import { keyOf } from './shapes.ts';
import { noteSecurity } from './signed-in/telling.ts';
import { nextSweep } from './sweep.ts';

export interface ResetsOptions {
  readonly passwords: Passwords;
  readonly attempts: Attempts;
  readonly links: Links;
}

type Purpose = 'reset' | 'staff-reset';

/** Where the two kinds of accounts differ. */
const KINDS = {
  reset: {
    kind: 'customer',
    table: 'customers',
    sessions: 'customer_sessions',
    owner: 'customer_id',
    counted: 'login',
  },
  'staff-reset': {
    kind: 'staff',
    table: 'staff_members',
    sessions: 'staff_sessions',
    owner: 'staff_id',
    counted: 'staff',
  },
} as const;

export function createResets(platform: Platform, { passwords, attempts, links }: ResetsOptions) {
  const { sql, clock } = platform;

  const forget = (purpose: Purpose) => async (request: RouteRequest) => {
    const { tenant } = request;
    const { email } = request.body as z.infer<typeof ForgottenPassword>;
    wantsMail(tenant, 'a password cannot be set anew by it');
    await attempts.count(tenant.id, 'forgot', keyOf(email), addressOf(request));
    await sql.transaction(tenant.id, async (tx) => {
      await tx.enqueue({
        name: SEND_LINK,
        payload: { purpose, email: keyOf(email) },
        key: `${purpose}/${keyOf(email)}`,
      });
      await tx.enqueue(nextSweep(clock));
    });
    return {};
  };

  const reset = (purpose: Purpose) => async (request: RouteRequest) => {
    const { tenant, signal } = request;
    const { token, password } = request.body as z.infer<typeof PasswordReset>;
    const id = await links.find(tenant.id, purpose, token);
    if (id === undefined) throw overdue();
    const hash = await passwords.hash(password, signal);
    const key = await sql.transaction(tenant.id, async (tx) => {
      if (!(await links.use(tx, tenant.id, purpose, token))) throw overdue();
      return change(tx, tenant, purpose, id, hash);
    });
    // Whoever has the mailbox may try again at once, however often somebody else guessed.
    await attempts.forgive(tenant.id, KINDS[purpose].counted, key);
    return {};
  };

  async function change(
    tx: Transaction,
    tenant: Tenant,
    purpose: Purpose,
    id: string,
    hash: string,
  ): Promise<string> {
    const { table, sessions, owner } = KINDS[purpose];
    const { rows } = await tx.query<{ email_key: string }>(
      `UPDATE ${table} SET password_hash = $3, version = version + 1, updated_at = $4
       WHERE tenant_id = $1 AND id = $2 AND password_hash IS NOT NULL RETURNING email_key`,
      [tenant.id, id, hash, clock.now()],
    );
    const [row] = rows;
    if (row === undefined) throw overdue();
    await tx.query(`DELETE FROM ${sessions} WHERE tenant_id = $1 AND ${owner} = $2`, [tenant.id, id]);
    if (purpose === 'reset') await endGrants(tx, tenant.id, id);
    await noteSecurity(platform, tx, { happening: 'password', kind: KINDS[purpose].kind, accountId: id });
    return row.email_key;
  }

  async function find(tenant: Tenant, purpose: Purpose, email: string) {
    if (purpose === 'reset') {
      const customer = await findByEmail(platform, tenant.id, email);
      return customer && { id: customer.id, email: customer.email, name: customer.first_name };
    }
    const { rows } = await sql.query<{ id: string; email: string; name: string }>(
      tenant.id,
      'SELECT id, email, name FROM staff_members WHERE tenant_id = $1 AND email_key = $2 AND password_hash IS NOT NULL',
      [tenant.id, email],
    );
    return rows[0];
  }

  return {
    routes: {
      forgetPassword: forget('reset'),
      resetPassword: reset('reset'),
      forgetStaffPassword: forget('staff-reset'),
      resetStaffPassword: reset('staff-reset'),
    } satisfies DomainService['routes'],

    /** By the task: nothing where there is no account. */
    async send(tenant: Tenant, purpose: Purpose, email: string): Promise<void> {
      const account = await find(tenant, purpose, email);
      if (account === undefined) return;
      const token = await links.make(tenant.id, purpose, account.id);
      await platform.call(tenant.id, 'notifications', 'notify', {
        key: `accounts.reset:${account.id}:${token.slice(0, 8)}`,
        kind: 'accounts.reset',
        to: { email: account.email, ...(account.name === '' ? {} : { name: account.name }) },
        channels: ['mail'],
        variables: { link: `${platform.originOf(tenant)}/api/accounts/pages/${purpose}#${token}` },
      });
    },
  };
}
