/**
 * The words the operator is told, for each state of a delivery.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CanaryStatus } from '../../../crds/index.ts';
import { CANARY_VERBS } from '../../../crds/index.ts';
import { Failure } from '../failure.ts';
import { commandOf, progressText, VERBS, type Verb } from './verbs.ts';

const UNDER_WAY: CanaryStatus = {
  phase: 'Progressing',
  stable: 'r1',
  previous: 'r0',
  canary: 'r2',
  step: 2,
  steps: 4,
  weight: 25,
  message: 'passed',
};
const IDLE: CanaryStatus = { phase: 'Idle', stable: 'r1', weight: 0, message: 'nothing to deliver' };

for (const [verb, status, value] of [
  ['promote', UNDER_WAY, 'promote@r2'],
  ['abort', UNDER_WAY, 'abort@r2'],
  ['hold', UNDER_WAY, 'pause@r2'],
  ['unhold', UNDER_WAY, 'resume@r2'],
  ['rollback', UNDER_WAY, 'rollback@r1'],
  ['retry', { ...IDLE, phase: 'RolledBack', refused: 'r2' }, 'retry@r2'],
  ['promote', { ...UNDER_WAY, command: 'promote@r2' }, 'promote@r2#2'],
  ['promote', { ...UNDER_WAY, command: 'promote@r2#7' }, 'promote@r2#8'],
  ['promote', { ...UNDER_WAY, command: 'pause@r2' }, 'promote@r2'],
] as const satisfies readonly (readonly [Verb, CanaryStatus, string])[]) {
  test(`${verb} when ${JSON.stringify({ command: '', ...status })} is ${value}`, () => {
    assert.equal(commandOf(verb, 'n/s', status).value, value);
  });
}

test('every word is one that the operator knows', () => {
  for (const { word } of Object.values(VERBS))
    assert.ok(
      CANARY_VERBS.some((known) => known === word),
      word,
    );
  assert.equal(Object.keys(VERBS).length, CANARY_VERBS.length);
});

for (const verb of Object.keys(VERBS) as Verb[]) {
  test(`${verb} of nothing is refused, and says why`, () => {
    const refused = (status: CanaryStatus | undefined) =>
      assert.throws(
        () => commandOf(verb, 'n/s', status),
        (error) => error instanceof Failure && error.remedy !== '',
      );
    refused(undefined);
    refused(IDLE);
  });
}

test('progress in one line', () => {
  assert.equal(progressText(UNDER_WAY), 'Progressing, 25 % of the requests (step 2 of 4): passed');
});
