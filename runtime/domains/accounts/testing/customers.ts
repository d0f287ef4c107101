/** Customers in tests that are about something else: made as a confirmed registration makes them, and signed in; no mail is read. */
import type { Platform } from '../../../platform/domain.ts';
import { toCustomer } from '../customers.ts';
import type { Session } from '../definition.ts';
import { createPasswords } from '../passwords.ts';
import { addCustomer } from '../registrations.ts';
import { createSessions } from '../sessions.ts';
import { UNKNOWN_DEVICE } from '../signed-in/devices.ts';

export const CUSTOMER_PASSWORD = 'correct horse battery';

/** As much of a runtime as it takes; a `TestHost` is one. */
export interface Rooms {
  readonly host: { readonly platform: Pick<Platform, 'sql' | 'clock' | 'newId'> };
}

export interface NewCustomer {
  readonly firstName?: string;
  readonly lastName?: string;
  readonly acceptsMarketing?: boolean;
  readonly locale?: string;
  readonly password?: string;
}

export async function newCustomer(
  { host: { platform } }: Rooms,
  tenant: string,
  email: string,
  {
    firstName = 'Ada',
    lastName = '',
    acceptsMarketing = false,
    locale,
    password = CUSTOMER_PASSWORD,
  }: NewCustomer = {},
): Promise<Session> {
  const hash = await createPasswords().hash(password, new AbortController().signal);
  return platform.sql.transaction(tenant, async (tx) => {
    const row = await addCustomer(
      platform,
      tx,
      tenant,
      {
        email,
        first_name: firstName,
        last_name: lastName,
        accepts_marketing: acceptsMarketing,
        locale: locale ?? null,
      },
      hash,
    );
    const sessions = createSessions(platform.sql, platform);
    const { token, expiresAt } = await sessions.begin(tx, tenant, row.id, UNKNOWN_DEVICE);
    return { customer: toCustomer(row), token, expiresAt: expiresAt.toISOString() };
  });
}
