import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MOST_ATTEMPTS, pauseAfter, PAUSES } from './schedule.ts';
import { headersOf, newSecret } from './signature.ts';
import { verify } from './testing/receiver.ts';
import { patternsOf, typesOf } from './events.ts';

test('the example of the specification has the signature that it publishes', () => {
  const headers = headersOf(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    at: new Date(1_614_265_330_000),
    body: '{"test": 2432232314}',
  });
  assert.deepEqual(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('whoever has the secret verifies what was signed; nobody else does, and nothing else, and not later', () => {
  const at = new Date('2026-05-01T12:00:00.900Z');
  fc.assert(
    fc.property(fc.json(), fc.string({ minLength: 1 }), (body, more) => {
      const [former, present, stranger] = [newSecret(), newSecret(), newSecret()];
      const headers = headersOf([present, former], { id: 'msg_1', at, body });
      for (const secret of [former, present])
        assert.deepEqual(verify(secret, { headers, body }, at), JSON.parse(body));
      assert.throws(() => verify(stranger, { headers, body }, at), /no signature/);
      assert.throws(() => verify(present, { headers, body: body + more }, at), /no signature/);
      const other = { ...headers, 'webhook-id': 'msg_2' };
      assert.throws(() => verify(present, { headers: other, body }, at), /no signature/);
      const later = new Date(at.getTime() + 301_000);
      assert.throws(() => verify(present, { headers, body }, later), /old/);
    }),
    { numRuns: 50 },
  );
});

test('secrets are of the form and length that the specification asks for, and never the same', () => {
  const secrets = Array.from({ length: 50 }, newSecret);
  for (const secret of secrets) {
    assert.match(secret, /^whsec_[A-Za-z0-9+/]+=*$/);
    assert.equal(Buffer.from(secret.slice(6), 'base64').length, 32);
  }
  assert.equal(new Set(secrets).size, secrets.length);
});

test('ten attempts within three days and a few hours, each pause longer than the one before', () => {
  assert.equal(MOST_ATTEMPTS, 10);
  assert.deepEqual(
    PAUSES,
    PAUSES.toSorted((a, b) => a - b),
  );
  const days = PAUSES.reduce((sum, pause) => sum + pause, 0) / 86_400;
  assert.ok(days > 3 && days < 3.5, String(days));
  assert.equal(pauseAfter(10, undefined, 0.5), undefined);
  assert.equal(pauseAfter(10, 60, 0.5), undefined);
});

test('a pause is the schedule’s within a tenth, and no shorter than was asked for, up to a day', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: undefined }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, asked, chance) => {
        const pause = pauseAfter(attempts, asked, chance) ?? 0;
        const scheduled = PAUSES[attempts - 1] ?? 0;
        assert.ok(pause >= scheduled * 0.899 && pause >= Math.min(asked ?? 0, 86_400));
        assert.ok(pause <= Math.max(scheduled * 1.101, Math.min(asked ?? 0, 86_400)));
      },
    ),
  );
});

test('a type is heard by its name and by each of its beginnings', () => {
  assert.deepEqual(patternsOf('orders.order.placed'), [
    'orders.order.placed',
    'orders.*',
    'orders.order.*',
    '*',
  ]);
  assert.ok(typesOf('*').length > typesOf('orders.*').length);
  assert.ok(typesOf('orders.*').length > typesOf('orders.order.*').length);
  assert.deepEqual(typesOf('orders.order.placed'), ['orders.order.placed']);
  assert.deepEqual(typesOf('orders.ord*'), []);
});
