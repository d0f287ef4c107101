/** The policy lets our scripts run and the processor's frame in, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentSecurityPolicy } from './security.ts';

test('no script or style runs without the nonce, and only the processor is framed', () => {
  const policy = contentSecurityPolicy('abc', 'http://pay.localhost:8080');
  assert.match(policy, /script-src 'self' 'nonce-abc' 'strict-dynamic'(;|$)/);
  assert.match(policy, /frame-src http:\/\/pay\.localhost:8080(;|$)/);
  assert.match(
    policy,
    /form-action 'self' https:\/\/www\.paypal\.com https:\/\/www\.sandbox\.paypal\.com http:\/\/pay\.localhost:8080(;|$)/,
  );
  assert.ok(!policy.includes('unsafe'));
});
