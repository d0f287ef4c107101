/** What is asked for is understood as it was meant, and nothing else is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRequest, parseRequest } from './operation.ts';
import type { OperationRequest } from './operation.ts';

const REQUESTS: readonly OperationRequest[] = [
  { verb: 'backup', id: 'backup-0123456789' },
  { verb: 'drill', id: 'drill-0123456789' },
  { verb: 'restore', id: 'restore-abcdef0123', to: '2026-11-25T12:00:00.000Z', mode: 'beside' },
  { verb: 'restore', id: 'restore-abcdef0123', to: '2026-11-25T12:00:00.000Z', mode: 'swap' },
  { verb: 'swap', id: 'restore-abcdef0123' },
  { verb: 'abort', id: 'restore-abcdef0123' },
];

for (const request of REQUESTS)
  test(`${formatRequest(request)} is understood`, () => {
    assert.deepEqual(parseRequest(formatRequest(request)), request);
  });

for (const text of [
  undefined,
  '',
  'restore restore-abcdef0123',
  'restore backup-abcdef0123 to=2026-11-25T12:00:00Z mode=swap',
  'restore restore-abcdef0123 to=yesterday mode=swap',
  'restore restore-abcdef0123 to=2026-11-25T12:00:00Z mode=merge',
  'abort backup-0123456789',
  'backup backup-1; drop table x',
  'erase erase-0123456789',
])
  test(`${text} is not`, () => assert.equal(parseRequest(text), undefined));
