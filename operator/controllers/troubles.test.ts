/**
 * Every known trouble has stable words, and says whether it passes by itself.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../kube/errors.ts';
import { BlobStoreError } from '../provisioners/blobs.ts';
import { ProcessorError } from '../provisioners/payments.ts';
import { ActionError } from '../provisioners/postgres/action.ts';
import { LockHeldError } from '../provisioners/postgres/database.ts';
import { PlatformConfigError } from '../resources/platform.ts';
import { troubleOf } from './troubles.ts';

const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code });

for (const [what, error, passes, reason] of [
  [
    'a refused connection',
    coded('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED'),
    true,
    'DatabaseUnavailable',
  ],
  [
    'a name that is not there yet',
    coded('getaddrinfo ENOTFOUND postgres', 'ENOTFOUND'),
    true,
    'DatabaseUnavailable',
  ],
  ['a lock somebody else has', new LockHeldError('another at 10.0.0.3', 7), true, 'DatabaseBusy'],
  ['a server that starts', coded('the database system is starting up', '57P03'), true, 'DatabaseUnavailable'],
  ['a connection that broke', new Error('Connection terminated unexpectedly'), true, 'DatabaseUnavailable'],
  [
    'a statement the server refuses',
    coded('relation "x" does not exist', '42P01'),
    false,
    'ProvisioningFailed',
  ],
  [
    'an action that failed',
    new ActionError('CREATE POLICY', coded('no', '42501')),
    false,
    'ProvisioningFailed',
  ],
  ['a processor that is away', new ProcessorError('away', true), true, 'PaymentsUnavailable'],
  ['a processor that refuses', new ProcessorError('answered 401', false), false, 'PaymentsRefused'],
  ['a store that cannot', new BlobStoreError('no', 'do this'), false, 'BlobStore'],
  [
    'a platform without configuration',
    new PlatformConfigError('key X is missing'),
    false,
    'PlatformNotConfigured',
  ],
] as const) {
  test(`${what} ${passes ? 'passes' : 'needs a person'}`, () => {
    const trouble = troubleOf(error);
    assert.deepEqual([trouble?.passes, trouble?.reason], [passes, reason]);
    assert.equal(trouble?.message, troubleOf(error)?.message);
  });
}

test('what Kubernetes answers and what nobody foresaw is left to the queue', () => {
  assert.equal(troubleOf(new KubeError({ code: 500, reason: 'InternalError', message: 'x' })), undefined);
  assert.equal(troubleOf(new TypeError('undefined is not a function')), undefined);
  assert.equal(troubleOf('text'), undefined);
});

test('waiting never tells an address or a time, which would change with every retry', () => {
  const one = troubleOf(coded('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED'));
  const other = troubleOf(coded('connect ETIMEDOUT 10.0.0.1:5432', 'ETIMEDOUT'));
  assert.deepEqual(one, other);
});
