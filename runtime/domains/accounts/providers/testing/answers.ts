/** What a browser is answered that signs in by an account elsewhere: where it is led to, what it keeps, who it is then. */
import assert from 'node:assert/strict';
import type { TestAnswer, TestHost } from '../../../../host/testing.ts';
import type { Customer } from '../../shapes.ts';

export function headerOf(answer: TestAnswer, name: string): string {
  return [answer.headers[name] ?? ''].flat().join();
}

export const cookieOf = (answer: TestAnswer): string => headerOf(answer, 'set-cookie').split(';')[0] ?? '';

/** Whoever was let in by it, as the shop knows them. */
export async function me(shop: TestHost, answer: TestAnswer): Promise<Customer> {
  const mine = await shop.call('one', 'GET', '/api/accounts/me', { headers: { cookie: cookieOf(answer) } });
  assert.equal(mine.status, 200, mine.text);
  return mine.json<Customer>();
}

export function refused(answer: TestAnswer, problem: string): void {
  assert.equal(answer.status, 303, answer.text);
  assert.equal(headerOf(answer, 'location'), `/account?signIn=${problem}`);
  assert.match(headerOf(answer, 'set-cookie'), /^shopmind_sign_in=;/, 'and no session');
}
