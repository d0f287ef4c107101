/** A customer as shops get them: asked for at the public route, and confirmed by the link of the mail, which the shop's outbox has. */
import type { Shop, ShopResponse } from './shop.ts';
import { until } from './wait.ts';

export interface Registered {
  readonly token: string;
  readonly customer: { readonly id: string };
}

export interface Registrant {
  readonly email: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly password: string;
}

/** @param adminKey of the shop: it opens the outbox */
export async function newCustomer(
  shop: Shop,
  adminKey: string,
  { password, ...asked }: Registrant,
): Promise<Registered> {
  expectStatus(await shop('POST', '/api/accounts/register', { json: asked }), 202);
  const token = await until(() => linkTo(shop, adminKey, asked.email, 'register'), {
    withinMs: 60_000,
    what: `${asked.email} has the mail with the link`,
  });
  const made = await shop('POST', '/api/accounts/register/confirm', { json: { token, password } });
  expectStatus(made, 201);
  return made.json<Registered>();
}

interface Outbox {
  readonly messages: readonly { readonly recipient: string; readonly message: { readonly text: string } }[];
}

/** The token of the last link to a page that was mailed to somebody. @param page as in the link's address */
export async function linkTo(
  shop: Shop,
  adminKey: string,
  email: string,
  page: string,
): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const answer = await shop('GET', '/api/admin/notifications/outbox?limit=100', { headers });
  expectStatus(answer, 200);
  return answer
    .json<Outbox>()
    .messages.filter(({ recipient }) => recipient === email)
    .flatMap(
      ({ message }) => new RegExp(`/${page}(?:#|\\?token=)([\\w-]+)`).exec(message.text)?.[1] ?? [],
    )[0];
}

function expectStatus({ status, text }: ShopResponse, wanted: number): void {
  if (status !== wanted) throw new Error(`expected ${wanted}, got ${status}: ${text.slice(0, 500)}`);
}
