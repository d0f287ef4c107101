/** Members of a shop's staff in tests: invited by the merchant, joined by the link of the mail, as people do. */
import assert from 'node:assert/strict';
import { until } from '../../../../tests/support/wait.ts';
import type { TestHost } from '../../../host/testing.ts';
import type { PageName } from '../shapes.ts';
import type { StaffMember, StaffSession } from '../staff/definition.ts';

export const STAFF_PASSWORD = 'a long word for the staff';

interface Sent {
  readonly recipient: string;
  readonly message: { readonly subject: string; readonly text: string };
}

/** What somebody was written to about, the last first. */
export async function subjectsTo(shop: TestHost, tenant: string, email: string): Promise<string[]> {
  return (await sentTo(shop, tenant, email)).map(({ subject }) => subject);
}

/** Tokens of the links to a page that were sent to somebody. */
export async function linksTo(
  shop: TestHost,
  tenant: string,
  email: string,
  page: PageName,
): Promise<string[]> {
  const sent = await sentTo(shop, tenant, email);
  return sent.flatMap(({ text }) => text.split(`/pages/${page}#`)[1]?.split(/\s/)[0] ?? []);
}

async function sentTo(shop: TestHost, tenant: string, email: string): Promise<readonly Sent['message'][]> {
  await shop.settled(3);
  const path = '/api/admin/notifications/outbox?limit=100';
  const { messages } = await shop.managed<{ messages: Sent[] }>(tenant, 'GET', path);
  return messages.filter(({ recipient }) => recipient === email).map(({ message }) => message);
}

export function invite(
  shop: TestHost,
  tenant: string,
  email: string,
  roles: readonly string[],
): Promise<StaffMember> {
  return shop.managed<StaffMember>(tenant, 'POST', '/api/admin/accounts/staff', { email, roles }, 201);
}

/** Invited and joined. */
export async function join(
  shop: TestHost,
  tenant: string,
  email: string,
  roles: readonly string[],
): Promise<StaffSession> {
  await invite(shop, tenant, email, roles);
  // Another process of the shop may be the one that sends it.
  const token = await until(async () => (await linksTo(shop, tenant, email, 'join'))[0], {
    withinMs: 60_000,
    what: `${email} has a mail that leads in`,
  });
  const answer = await shop.call(tenant, 'POST', '/api/accounts/staff/accept', {
    json: { token, password: STAFF_PASSWORD },
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<StaffSession>();
}

export const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
