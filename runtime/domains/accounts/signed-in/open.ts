/** A session as whoever signed in sees it in their list: of customers and of the staff alike. Pure. */
import type { OpenSession } from './definition.ts';

export interface OpenRow {
  readonly id: string;
  readonly browser: string | null;
  readonly system: string | null;
  readonly created_at: Date;
  readonly seen_at: Date;
  readonly expires_at: Date;
  readonly is_current: boolean;
}

export function shown({ id, browser, system, ...row }: OpenRow): OpenSession {
  return {
    id,
    browser,
    system,
    startedAt: row.created_at.toISOString(),
    seenAt: row.seen_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    isCurrent: row.is_current,
  };
}
