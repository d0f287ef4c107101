/** What every secrets adapter must keep: a tenant's values by name, new ones soon, nobody else's ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Secrets } from '../ports.ts';

export interface SecretsUnderTest {
  readonly secrets: Secrets;
  /** As the operator writes them and tells of it: these are all that the tenant has. */
  write(tenant: string, values: Readonly<Record<string, string>>): Promise<void>;
  /** As somebody with access to the store, and to no key, would: the value of one becomes the value of another. */
  copy(
    from: readonly [tenant: string, name: string],
    to: readonly [tenant: string, name: string],
  ): Promise<void>;
}

/** Registers the suite. */
export function secretsContract(adapter: string, open: () => Promise<SecretsUnderTest>): void {
  test(`${adapter}: a secret is its tenant's by its name; what is missing is seen as soon as it is written`, async () => {
    const { secrets, write } = await open();
    await write('a', { key: 'sk_test_ü✓', 'other-key': '' });
    await write('b', { key: 'theirs' });
    assert.equal(await secrets.get('a', 'key'), 'sk_test_ü✓');
    assert.equal(await secrets.get('a', 'other-key'), '');
    assert.equal(await secrets.get('b', 'key'), 'theirs');
    assert.equal(await secrets.get('a', 'missing'), undefined);
    assert.equal(await secrets.get('nobody', 'key'), undefined);
    await write('a', { key: 'sk_test_ü✓', missing: 'here' });
    await soon(async () => (await secrets.get('a', 'missing')) === 'here');
    await assert.rejects(secrets.get('../b', 'key'), { code: 'invalid_input' });
    assert.equal(await secrets.get('a', '../b/key'), undefined);
  });

  test(`${adapter}: a changed secret is told of, and many who ask at once hear the same`, async () => {
    const { secrets, write } = await open();
    await write('changing', { key: 'one' });
    const heard = await Promise.all(Array.from({ length: 50 }, () => secrets.get('changing', 'key')));
    assert.deepEqual(new Set(heard), new Set(['one']));
    await write('changing', { key: 'two' });
    await soon(async () => (await secrets.get('changing', 'key')) === 'two');
  });

  test(`${adapter}: a value that is put in another's place does not open there`, async () => {
    const { secrets, write, copy } = await open();
    await write('owner', { key: 'mine', second: 'too' });
    await write('thief', { key: 'theirs' });
    await copy(['owner', 'key'], ['thief', 'key']);
    await assert.rejects(secrets.get('thief', 'key'), { code: 'internal' });
    await copy(['owner', 'key'], ['owner', 'second']);
    await assert.rejects(secrets.get('owner', 'second'), { code: 'internal' });
  });
}

/** Sooner than anything that is kept would end by itself. */
async function soon(check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await check())) {
    assert.ok(performance.now() < deadline, 'it is told of');
    await pause(5);
  }
}
