/** What a page calls its visit, as domains may pass it on: nobody can tell the page's own name from it, nor follow a browser from shop to shop. */
import { createHash } from 'node:crypto';
import type { TenantId } from './ports.ts';

/** Another one than facts carry: whoever has both stores cannot put a visit's facts beside it. */
export function visitOf(tenant: TenantId, session: string): string {
  return createHash('sha256').update(`${tenant}/visit/${session}`).digest('base64url').slice(0, 22);
}
