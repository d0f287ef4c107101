import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress, withLogin } from './index.ts';

test('an address names system, login, servers, path and options', () => {
  assert.deepEqual(parseAddress('kafka://shop:p%40ss@one:9093,[::1]/?mechanism=plain', 9092), {
    scheme: 'kafka',
    user: 'shop',
    password: 'p@ss',
    servers: [
      { host: 'one', port: 9093 },
      { host: '[::1]', port: 9092 },
    ],
    path: '',
    options: { mechanism: 'plain' },
  });
});

test('what is no address is refused without a word of its login', () => {
  for (const wrong of ['redis', 'redis://', 'redis://u:secret@host:99999', 'redis://u:secret@a b:c']) {
    assert.throws(
      () => parseAddress(wrong, 6379),
      (error: Error) => /address/.test(error.message) && !error.message.includes('secret'),
      wrong,
    );
  }
});

test('whatever a login is made of, an address that was written can be read again', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1 }),
      fc.string(),
      (user, password, option) => {
        const address = withLogin(parseAddress('amqp://host/vhost', 5672), user, password);
        const whole = { ...address, options: { option } };
        assert.deepEqual(parseAddress(formatAddress(whole), 1), whole);
      },
    ),
  );
});
