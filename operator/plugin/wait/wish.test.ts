/**
 * What can be waited for, and when waiting makes sense.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../failure.ts';
import { but, condition, tenant } from '../testing/objects.ts';
import { parseWish, progressOf } from './wish.ts';

const STALLED = but(
  condition('Ready', 'False', 'SpecRefused', 'no'),
  condition('Stalled', 'True', 'SpecRefused', 'no'),
);
const UPDATING = but(condition('Ready', 'False', 'X', 'x'), condition('Reconciling', 'True', 'X', 'x'));
const SUSPENDED = but(condition('Ready', 'False', 'Suspended', 'suspended'));

for (const [wish, name, object, expected] of [
  ['Ready', 'a tenant that is', tenant('a'), 'fulfilled'],
  ['Ready', 'one that gets there', tenant('a', {}, { conditions: [...UPDATING] }), 'waiting'],
  ['Ready', 'one that is stalled', tenant('a', {}, { conditions: [...STALLED] }), 'stuck'],
  [
    'Ready',
    'one that is suspended',
    tenant('a', { suspended: true }, { conditions: [...SUSPENDED] }),
    'stuck',
  ],
  ['Ready', 'one whose newest spec was not looked at', tenant('a', {}, {}, { generation: 2 }), 'waiting'],
  [
    'Ready',
    'one that is being deleted',
    tenant('a', {}, { conditions: [...UPDATING] }, { deletionTimestamp: 'x' }),
    'stuck',
  ],
  ['Ready', 'none', undefined, 'stuck'],
  ['delete', 'none', undefined, 'fulfilled'],
  ['delete', 'one that is there', tenant('a'), 'waiting'],
  ['suspended', 'one that is', tenant('a', { suspended: true }, { conditions: [...SUSPENDED] }), 'fulfilled'],
  ['Stalled', 'one that is', tenant('a', {}, { conditions: [...STALLED] }), 'fulfilled'],
  ['condition=catalogready', 'one whose catalogue is in', tenant('a'), 'fulfilled'],
  ['DataPlaneReady=False', 'one with data', tenant('a'), 'waiting'],
] as const) {
  test(`for ${wish}: ${name} is ${expected}`, () => {
    assert.equal(progressOf(object, parseWish(wish)), expected);
  });
}

for (const text of ['', 'Ready=Maybe', 'two words', 'jsonpath={.x}']) {
  test(`"${text}" is nothing to wait for`, () => {
    assert.throws(
      () => parseWish(text),
      (error) => error instanceof Failure && error.exitCode === 64,
    );
  });
}
