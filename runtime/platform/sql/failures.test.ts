import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConnectionLoss, toShopError } from './failures.ts';

/** As pg 8 and PostgreSQL word them. */
const LOST: readonly [string, Error][] = [
  ['the server was killed', coded('57P02', 'terminating connection due to unexpected postmaster exit')],
  ['the server starts', coded('57P03', 'the database system is starting up')],
  ['nobody listens', coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:5432')],
  ['it broke while a statement was on its way', new Error('Connection terminated unexpectedly')],
  [
    'it had broken before the statement was given to it',
    new Error('Client has encountered a connection error and is not queryable'),
  ],
  ['it was closed before', new Error('Client was closed and is not queryable')],
  ['none became free', new Error('timeout exceeded when trying to connect')],
  ['it could not be opened in time', new Error('timeout expired')],
  ['nobody answered', new Error('Query read timeout')],
];

for (const [what, error] of LOST)
  test(`${what}: the database is away, which passes and is nobody’s fault`, () => {
    assert.equal(isConnectionLoss(error), true);
    const { code, retryAfterSeconds } = toShopError(error);
    assert.equal(code, 'unavailable');
    assert.ok(retryAfterSeconds !== undefined);
  });

test('a statement that fails says nothing of the connection', () => {
  for (const error of [coded('42601', 'syntax error at or near "SELEC"'), new Error('out of range')]) {
    assert.equal(isConnectionLoss(error), false);
    assert.equal(toShopError(error).code, 'internal');
  }
});

test('a number that no column holds is its caller’s fault; one that was reckoned is ours', () => {
  const given = coded('22003', 'value "9007199254740991" is out of range for type integer');
  assert.equal(toShopError(given).code, 'invalid_input');
  const moment = coded('22008', 'date/time field value out of range: "0000-01-01T00:00:00.000Z"');
  assert.equal(toShopError(moment).code, 'invalid_input');
  assert.equal(toShopError(coded('22003', 'integer out of range')).code, 'internal');
});

test('a text that no column keeps is its caller’s fault', () => {
  for (const error of [
    coded('22021', 'invalid byte sequence for encoding "UTF8": 0x00'),
    coded('22P05', 'unsupported Unicode escape sequence'),
  ])
    assert.equal(toShopError(error).code, 'invalid_input');
});

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
