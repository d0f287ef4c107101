import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { orders } from '../../../runtime/domains/orders/definition.ts';
import { describe, desiredOf, planOf, RUNTIME_PERMISSIONS } from './plan.ts';
import type { Action, Observed } from './plan.ts';

const nothing: Observed = {
  exists: false,
  exchanges: [],
  queues: [],
  bindings: [],
  users: [],
  limits: undefined,
};
const desired = desiredOf([orders], ['shopmind.acme.b'], { 'max-connections': 200 });

test('each kind of task has a quorum queue of its own, whose dead letters are kept', () => {
  const queue = desired.queues.find(({ name }) => name === 'task.orders.expire-due');
  assert.deepEqual(queue?.arguments, { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': 'dead' });
  assert.ok(
    desired.bindings.some(
      (binding) => binding.queue === queue?.name && binding.routingKey === 'orders.expire-due',
    ),
  );
});

test('what waits comes back to the exchange of tasks, by the name it came with', () => {
  const waiting = desired.queues.filter(({ name }) => name.startsWith('delay.'));
  assert.ok(waiting.length > 5);
  for (const { arguments: asked } of waiting) {
    assert.equal(asked['x-dead-letter-exchange'], 'tasks');
    assert.equal(asked['x-dead-letter-routing-key'], undefined);
  }
});

test('from nothing, the virtual host comes first and the login that enters it last', () => {
  const plan = planOf(desired, nothing).map((action) => describe('acme', action));
  assert.deepEqual(plan.slice(0, 3), [
    'CREATE VHOST acme',
    'LIMIT VHOST acme (200 connections)',
    'CREATE EXCHANGE acme/tasks',
  ]);
  assert.deepEqual(plan.slice(-2), ['CREATE USER shopmind.acme.b', 'PERMIT shopmind.acme.b IN acme']);
});

test('a login makes and removes nothing', () => {
  assert.equal(RUNTIME_PERMISSIONS.configure, '^$');
});

test('after any part of a plan the rest of it is what is left, and after all of it nothing', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.boolean(), (cut, drift, former) => {
      const whole = planOf(desired, nothing).reduce(applied, nothing);
      const before: Observed = {
        ...whole,
        queues: whole.queues.map((queue, index) =>
          drift % 3 === 0 && index === drift % whole.queues.length
            ? { ...queue, arguments: { 'x-queue-type': 'classic' } }
            : queue,
        ),
        bindings: whole.bindings.slice(drift % 7),
        exchanges: whole.exchanges.slice(drift % 4),
        users: former ? [{ name: 'shopmind.acme.a', permissions: RUNTIME_PERMISSIONS }] : [],
      };
      const plan = planOf(desired, before);
      const at = cut % (plan.length + 1);
      const then = plan.slice(0, at).reduce(applied, before);
      assert.deepEqual(planOf(desired, plan.slice(at).reduce(applied, then)), []);
      // A queue that was deleted and not made again is made again, and bound.
      assert.deepEqual(
        planOf(desired, then).map((action) => action.do),
        plan.slice(at).map((action) => action.do),
      );
    }),
  );
});

/** What a broker makes of an action. */
function applied(there: Observed, action: Action): Observed {
  switch (action.do) {
    case 'create-vhost':
      return { ...there, exists: true };
    case 'limit-vhost':
      return { ...there, limits: action.limits };
    case 'create-exchange':
      return { ...there, exchanges: [...there.exchanges, action.exchange] };
    case 'create-queue':
      return { ...there, queues: [...there.queues, action.queue] };
    case 'delete-queue':
      return {
        ...there,
        queues: there.queues.filter(({ name }) => name !== action.queue),
        bindings: there.bindings.filter(({ queue }) => queue !== action.queue),
      };
    case 'bind':
      return { ...there, bindings: [...there.bindings, action.binding] };
    case 'create-user':
      return { ...there, users: [...there.users, { name: action.user, permissions: undefined }] };
    case 'permit':
      return {
        ...there,
        users: there.users.map((user) =>
          user.name === action.user ? { ...user, permissions: action.permissions } : user,
        ),
      };
    case 'drop-user':
      return { ...there, users: there.users.filter(({ name }) => name !== action.user) };
  }
}
