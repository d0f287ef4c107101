import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBucketAddress, parseBucketAddress } from './index.ts';

test('an address of a bucket says where it is, whose part of it, and with what login', () => {
  assert.deepEqual(
    parseBucketAddress(
      's3://AKIA:se%2Fcr%2Bet@shop-data/eu/prod?endpoint=http://minio:9000&region=eu-west-1&public-endpoint=https://files.example',
    ),
    {
      bucket: 'shop-data',
      prefix: 'eu/prod/',
      region: 'eu-west-1',
      endpoint: 'http://minio:9000',
      publicEndpoint: 'https://files.example',
      login: { user: 'AKIA', password: 'se/cr+et' },
    },
  );
  assert.deepEqual(parseBucketAddress('s3://shop-data'), {
    bucket: 'shop-data',
    prefix: '',
    region: 'us-east-1',
    endpoint: undefined,
    publicEndpoint: undefined,
    login: undefined,
  });
});

test('what cannot be one is refused without repeating the login', () => {
  for (const text of [
    'http://bucket',
    's3://',
    's3://UPPER',
    's3://one,two',
    's3://key@bucket',
    's3://key:hush@bu_cket',
    's3://key:hush@bucket?endpoint=minio:9000',
    's3://key:hush@bucket?endpoint=http://minio:9000/path',
  ])
    assert.throws(
      () => parseBucketAddress(text),
      (error: Error) => /object store|an address/.test(error.message) && !error.message.includes('hush'),
      text,
    );
});

test('an address that is written is read as the same', () => {
  const text = fc.string({ minLength: 1 });
  const segment = fc.stringMatching(/^[a-z0-9._-]{1,12}$/);
  const plain = { noNullPrototype: true };
  fc.assert(
    fc.property(
      fc.record(
        {
          bucket: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]$/),
          prefix: fc
            .array(segment, { maxLength: 3 })
            .map((parts) => parts.map((part) => `${part}/`).join('')),
          region: fc.constantFrom('us-east-1', 'eu-west-1'),
          endpoint: fc.constantFrom(undefined, 'http://127.0.0.1:9000'),
          publicEndpoint: fc.constantFrom(undefined, 'https://files.example'),
          login: fc.option(fc.record({ user: text, password: text }, plain), { nil: undefined }),
        },
        plain,
      ),
      (address) => assert.deepEqual(parseBucketAddress(formatBucketAddress(address)), address),
    ),
  );
});
