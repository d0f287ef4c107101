import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../tests/support/wait.ts';
import { createSessionWatch, MOST_ASKED, type Proven } from './sessions.ts';

const by = (tenant: string, token: string): Proven => ({ tenant: { id: tenant }, proof: { token } });

test('sessions of a shop are asked about together, keys not at all, and only who is out is looked at again', async () => {
  const asked: (readonly [tenant: string, tokens: readonly string[]])[] = [];
  const again: Proven[] = [];
  const watch = createSessionWatch({
    over(tenant, tokens) {
      asked.push([tenant, tokens]);
      return Promise.resolve(tokens.filter((token) => token.endsWith('.over')));
    },
    lookAgain: (connection) => again.push(connection),
    onError: assert.ifError,
    turnMilliseconds: 20,
  });
  const [customer, staff] = [by('acme', 'sms_acme.over'), by('bolt', 'smf_bolt.over')];
  const gone = by('acme', 'sms_acme.gone.over');
  const many = Array.from({ length: 2 * MOST_ASKED }, (_, index) => by('acme', `sms_acme.${index}`));
  for (const one of [customer, customer, staff, gone, by('acme', 'smk_acme.over'), ...many]) watch.add(one);
  watch.delete(gone);
  try {
    await until(() => (again.includes(customer) && again.includes(staff) ? true : undefined), {
      withinMs: 30_000,
      what: 'both were looked at again',
    });
  } finally {
    watch.close();
  }
  assert.deepEqual(new Set(again), new Set([customer, staff]));
  assert.ok(asked.every(([tenant, tokens]) => tokens.every((token) => token.includes(`_${tenant}.`))));
  assert.ok(asked.every(([, tokens]) => tokens.length <= MOST_ASKED));
  assert.ok(asked.some(([, tokens]) => tokens.length > 1));
  assert.ok(!asked.some(([, tokens]) => tokens.some((token) => /gone|smk/.test(token))));
});
