/** Limits on guessing: attempts are counted per address and per caller, known or not, before anything is checked. */
import { ShopError } from '../../platform/errors.ts';
import type { Clock, Sql, TenantId } from '../../platform/ports.ts';
import { attemptSubject, type ATTEMPTED } from './definition.ts';

type Action = (typeof ATTEMPTED)[number];

export interface Attempts {
  /** Counts one attempt. Throws ShopError `rate_limited` beyond the limit of any subject. */
  count(tenant: TenantId, action: Action, email: string, from: string | undefined): Promise<void>;
  /** The right password was given: the address starts anew. */
  forgive(tenant: TenantId, action: Action, email: string): Promise<void>;
  removeOld(tenant: TenantId): Promise<void>;
}

const WINDOW_MS = 15 * 60 * 1_000;
/** Shoppers of one storefront may share an address; an e-mail address is one person. */
const MOST = {
  login: { email: 10, from: 2_000 },
  // Each sends a mail.
  register: { email: 3, from: 1_000 },
  staff: { email: 10, from: 200 },
  forgot: { email: 3, from: 200 },
  factor: { email: 5, from: 200 },
} as const;

export function createAttempts(sql: Sql, clock: Clock): Attempts {
  return {
    async count(tenant, action, email, from) {
      const subjects: { subject: string; most: number }[] = [
        { subject: attemptSubject(action, 'email', email), most: MOST[action].email },
      ];
      if (from !== undefined)
        subjects.push({ subject: attemptSubject(action, 'from', from), most: MOST[action].from });
      const now = clock.now();
      const { rows } = await sql.query<{ subject: string; attempts: number; since: Date }>(
        tenant,
        `INSERT INTO login_attempts AS a (tenant_id, subject, attempts, since)
         SELECT $1, s, 1, $3 FROM unnest($2::text[]) AS s ORDER BY s
         ON CONFLICT (tenant_id, subject) DO UPDATE SET
           attempts = CASE WHEN a.since <= $4 THEN 1 ELSE a.attempts + 1 END, since = CASE WHEN a.since <= $4 THEN $3 ELSE a.since END
         RETURNING subject, attempts, since`,
        [tenant, subjects.map(({ subject }) => subject), now, new Date(now.getTime() - WINDOW_MS)],
      );
      for (const { subject, attempts, since } of rows) {
        const most = subjects.find((candidate) => candidate.subject === subject)?.most ?? 0;
        if (attempts <= most) continue;
        throw new ShopError('rate_limited', 'There were too many attempts.', {
          remedy: 'Wait a while before the next one.',
          retryAfterSeconds: Math.max(1, Math.ceil((since.getTime() + WINDOW_MS - now.getTime()) / 1_000)),
        });
      }
    },
    async forgive(tenant, action, email) {
      await sql.query(tenant, 'DELETE FROM login_attempts WHERE tenant_id = $1 AND subject = $2', [
        tenant,
        attemptSubject(action, 'email', email),
      ]);
    },
    async removeOld(tenant) {
      await sql.query(tenant, 'DELETE FROM login_attempts WHERE tenant_id = $1 AND since < $2', [
        tenant,
        new Date(clock.now().getTime() - WINDOW_MS),
      ]);
    },
  };
}
