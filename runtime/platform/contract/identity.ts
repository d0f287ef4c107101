/** What every identity adapter must keep: it believes what the tenant's provider signed for this shop, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '../ports.ts';

export interface IdentityUnderTest {
  readonly identity: Identity;
  /** An access token for somebody with role `customer` of this tenant. @param what `id`: the token that only says who they are */
  token(tenant: 'acme' | 'other', what?: 'access' | 'id'): Promise<string>;
  /** The provider signs with a new key from now on. */
  rotate(tenant: 'acme'): Promise<void>;
  /** Lets the adapter's clock run. */
  advance(milliseconds: number): void;
}

/** Registers the suite. */
export function identityContract(adapter: string, open: () => Promise<IdentityUnderTest>): void {
  test(`${adapter}: somebody is known by their access token, to their own shop only`, async () => {
    const { identity, token } = await open();
    const theirs = await token('acme');
    const person = await identity.verify('acme', theirs);
    assert.ok(person?.subject);
    assert.ok(person.roles.includes('customer'));
    assert.equal(await identity.verify('other', theirs), undefined);
    assert.equal(await identity.verify('nobody', theirs), undefined, 'a tenant without a provider');
    assert.ok(await identity.verify('other', await token('other')));
  });

  test(`${adapter}: whatever is changed in a token, it is not believed`, async () => {
    const { identity, token } = await open();
    const [head = '', body = '', signature = ''] = (await token('acme')).split('.');
    const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const decoded = (part: string): object => JSON.parse(Buffer.from(part, 'base64url').toString()) as object;
    const forged = [
      `${head}.${encoded({ ...decoded(body), realm_access: { roles: ['merchant'] } })}.${signature}`,
      `${encoded({ ...decoded(head), alg: 'none' })}.${body}.`,
      `${encoded({ ...decoded(head), alg: 'HS256' })}.${body}.${signature}`,
      `${encoded({ ...decoded(head), kid: 'unheard-of' })}.${body}.${signature}`,
      `${head}.${body}.${signature.slice(0, -6)}AAAAAA`,
      `${head}.${body}.`,
      `${head}.${body}`,
      `${head}.${body}.${signature}.x`,
      'not a token',
      '',
      '..',
    ];
    for (const one of forged) assert.equal(await identity.verify('acme', one), undefined, one);
    assert.ok(await identity.verify('acme', `${head}.${body}.${signature}`));
  });

  test(`${adapter}: a token that only says who somebody is lets nobody in`, async () => {
    const { identity, token } = await open();
    assert.equal(await identity.verify('acme', await token('acme', 'id')), undefined);
  });

  test(`${adapter}: a token ends`, async () => {
    const { identity, token, advance } = await open();
    const theirs = await token('acme');
    assert.ok(await identity.verify('acme', theirs));
    advance(300_000 + 31_000);
    assert.equal(await identity.verify('acme', theirs), undefined);
  });

  test(`${adapter}: a new key of the provider is found, and tokens of the one before stay good`, async () => {
    const { identity, token, rotate, advance } = await open();
    const before = await token('acme');
    assert.ok(await identity.verify('acme', before));
    await rotate('acme');
    const after = await token('acme');
    advance(5_001);
    assert.ok(await identity.verify('acme', after));
    assert.ok(await identity.verify('acme', before));
  });
}
