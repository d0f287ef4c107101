import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ShopError } from '../errors.ts';
import { createCircuit, guarded } from './circuit.ts';

const REST = 1_000;

function turned(failures = 3) {
  const opened: unknown[] = [];
  let at = 0;
  const circuit = createCircuit({
    failures,
    restMilliseconds: REST,
    now: () => at,
    watch: { opened: (cause) => opened.push(cause), closed: () => opened.push('closed') },
  });
  return { circuit, opened, pass: (milliseconds: number) => (at += milliseconds) };
}

test('after failures in a row nobody asks for a while, and it is told once', () => {
  const { circuit, opened, pass } = turned();
  circuit.failed('first');
  circuit.failed('second');
  assert.ok(circuit.admits());
  circuit.failed('third');
  circuit.failed('one that was under way');
  assert.deepEqual(opened, ['third']);
  assert.ok(circuit.isOpen());
  pass(REST - 1);
  assert.ok(!circuit.admits());
});

test('a success in between begins the count anew', () => {
  const { circuit } = turned();
  for (let round = 0; round < 5; round += 1) {
    circuit.failed('once');
    circuit.failed('twice');
    circuit.succeeded();
  }
  assert.ok(!circuit.isOpen());
});

test('when the rest is over one asks, and its success lets everybody in', () => {
  const { circuit, opened, pass } = turned(1);
  circuit.failed('away');
  pass(REST);
  assert.deepEqual([circuit.admits(), circuit.admits(), circuit.admits()], [true, false, false]);
  circuit.succeeded();
  assert.deepEqual([circuit.admits(), circuit.admits()], [true, true]);
  circuit.failed('away again');
  assert.deepEqual(opened, ['away', 'closed', 'away again']);
});

test('one that finds out and never comes back is followed by another', () => {
  const { circuit, pass } = turned(1);
  circuit.failed('away');
  pass(REST);
  assert.ok(circuit.admits());
  pass(REST);
  assert.ok(circuit.admits());
});

test('one that finds out and is called off leaves it to the next', () => {
  const { circuit, pass } = turned(1);
  circuit.failed('away');
  pass(REST);
  assert.ok(circuit.admits());
  circuit.abandoned();
  assert.ok(circuit.admits());
});

test('in any history, a system that is away is asked at most once a rest after it opened', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant('ask' as const), fc.integer({ min: 1, max: REST })), { maxLength: 200 }),
      (history) => {
        const { circuit, pass } = turned();
        let time = 0;
        const asked: number[] = [];
        for (const step of history) {
          if (step !== 'ask') {
            time += step;
            pass(step);
          } else if (circuit.admits()) {
            asked.push(time);
            circuit.failed('away');
          }
        }
        const later = asked.slice(2);
        return later.every((at, index) => index === 0 || at - (later[index - 1] ?? 0) >= REST);
      },
    ),
  );
});

test('an error that is an answer is none of the system’s, and closes the circuit', async () => {
  const { circuit } = turned(2);
  const guard = {
    circuit,
    isAway: (error: unknown) => error === 'away',
    refusal: () => new ShopError('unavailable', 'It failed a moment ago.'),
  };
  const fail = (how: string) => () => Promise.reject(how);
  await assert.rejects(guarded(guard, fail('away')), (error) => error === 'away');
  await assert.rejects(guarded(guard, fail('no such card')), (error) => error === 'no such card');
  await assert.rejects(guarded(guard, fail('away')), (error) => error === 'away');
  await assert.rejects(guarded(guard, fail('away')), (error) => error === 'away');
  await assert.rejects(
    guarded(guard, () => Promise.resolve('never asked')),
    { code: 'unavailable', message: 'It failed a moment ago.' },
  );
});
