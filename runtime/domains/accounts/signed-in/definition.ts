/** Where somebody is signed in, and how they are so no more: the shapes and the routes. Data only; a part of the accounts domain. */
import { z } from 'zod';
import type { Audience, RouteDefinition } from '../../../platform/definition.ts';

/** Of one answer: whoever has more is shown those that were used last. */
export const MOST_SHOWN = 50;

export const OpenSession = z.object({
  id: z.string(),
  /** What it was begun with, as far as that is known: `Firefox`, `Windows`. */
  browser: z.string().nullable(),
  system: z.string().nullable(),
  startedAt: z.iso.datetime(),
  /** To the hour. */
  seenAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** The one that asks. */
  isCurrent: z.boolean(),
});
export type OpenSession = z.infer<typeof OpenSession>;

const ofSession = z.object({ sessionId: z.string().min(1).max(80) });
export type OfSession = z.infer<typeof ofSession>;

/** What somebody is told by mail, as it may have been somebody else: they were signed out everywhere, or have a new password. */
export const ToldSecurity = z.object({
  happening: z.enum(['signed_out', 'password']),
  kind: z.enum(['customer', 'staff']),
  accountId: z.string(),
  at: z.iso.datetime(),
});
export type ToldSecurity = z.infer<typeof ToldSecurity>;

interface Side {
  /** In the routes' ids: `listSessions`, `listStaffSessions`. */
  readonly Who: string;
  readonly own: string;
  /** What else ends everywhere, in words. */
  readonly also: string;
  readonly audience: Pick<RouteDefinition, 'people' | 'self'> & { readonly audience: Audience };
}

/** The same for customers and for staff. */
export function sessionRoutes({ Who, own, also, audience }: Side): RouteDefinition[] {
  return [
    {
      id: `list${Who}Sessions`,
      method: 'GET',
      path: `${own}/sessions`,
      summary: 'Where one is signed in, the session that asks first, then those that were used last.',
      ...audience,
      response: z.object({ sessions: z.array(OpenSession) }),
    },
    {
      id: `end${Who}Session`,
      method: 'DELETE',
      path: `${own}/sessions/{sessionId}`,
      summary: 'Sign out there.',
      ...audience,
      params: ofSession,
      status: 204,
    },
    {
      id: `signOut${Who}Everywhere`,
      method: 'DELETE',
      path: `${own}/sessions`,
      summary: `Sign out everywhere at once, here too${also}. A mail tells of it.`,
      ...audience,
      status: 204,
    },
  ];
}
