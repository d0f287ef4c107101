import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../errors.ts';
import { decodeProtobuf } from './decode.ts';

/** A field of bytes. */
const bytes = (number: number, content: Buffer | string): Buffer => {
  const body = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, body.length]), body]);
};

const varint = (number: number, value: number): Buffer => Buffer.from([number << 3, value]);

const wrapped = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    bytes(1, Buffer.concat([bytes(1, apiVersion), bytes(2, kind)])),
    bytes(2, raw),
  ]);

test('an object sent as protobuf is what it would be as JSON', () => {
  const metadata = Buffer.concat([bytes(1, 'a'), bytes(2, ''), bytes(8, '')]);
  const entry = Buffer.concat([bytes(1, 'key'), bytes(2, 'value')]);
  assert.deepEqual(
    decodeProtobuf(wrapped('v1', 'ConfigMap', Buffer.concat([bytes(1, metadata), bytes(2, entry)]))),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { key: 'value' },
    },
  );
});

test('a zero that a pointer carries is told, one that Go always sends is not', () => {
  const spec = Buffer.concat([varint(1, 0), varint(5, 0)]);
  const { spec: read } = decodeProtobuf(wrapped('apps/v1', 'Deployment', bytes(2, spec)));
  assert.deepEqual(read, { replicas: 0 });
});

test('a kind that is not known is refused by name', () => {
  assert.throws(
    () => decodeProtobuf(wrapped('v9', 'Thing', Buffer.alloc(0))),
    /no kind "Thing" is registered for version "v9"/,
  );
});

test('whatever is sent, it is read or refused as the client’s fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
      try {
        decodeProtobuf(wrapped('v1', 'Pod', Buffer.from(noise)));
      } catch (error) {
        assert.ok(error instanceof ApiError && error.code === 400, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
