import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendsOf, parseBackends } from './index.ts';

const refuse = (message: string): never => {
  throw new Error(message);
};

test('without a word everything is embedded', () => {
  const backends = parseBackends({ BLOBS_URL: 'file:///blobs' }, {}, refuse);
  assert.deepEqual(backendsOf(backends, 'pool'), {});
});

test('a port has one system for all, another for one tenant, and none where it is taken back', () => {
  const backends = parseBackends(
    {
      EVENTS_URL: 'kafka://one:9092,two:9092',
      'EVENTS_URL.acme': 'kafka://theirs:9092',
      'EVENTS_URL.fjord': 'embedded',
    },
    { EVENTS_ADMIN_URL: 'kafka://admin:s3cret@one:9092,two:9092' },
    refuse,
  );
  assert.deepEqual(backendsOf(backends, 'pool'), {
    events: {
      address: 'kafka://one:9092,two:9092/',
      adminAddress: 'kafka://admin:s3cret@one:9092,two:9092/',
    },
  });
  assert.deepEqual(backendsOf(backends, 'acme').events?.adminAddress, 'kafka://theirs:9092/');
  assert.deepEqual(backendsOf(backends, 'fjord'), {});
});

test('a login in the plain address is the one that provisions, and reaches no runtime', () => {
  const backends = parseBackends({}, { TASKS_URL: 'amqp://root:pw@rabbit/' }, refuse);
  assert.deepEqual(backendsOf(backends, 'pool').tasks, {
    address: 'amqp://rabbit:5672/',
    adminAddress: 'amqp://root:pw@rabbit:5672/',
  });
});

test('blobs are files of the platform, or a bucket with a login of its own', () => {
  const files = parseBackends(
    { BLOBS_URL: 'file:///blobs/', 'BLOBS_URL.acme': 's3://acme-blobs' },
    {},
    refuse,
  );
  assert.equal(backendsOf(files, 'pool').blobs, undefined);
  assert.equal(backendsOf(files, 'acme').blobs?.address, 's3://acme-blobs:443/');
  const bucket = parseBackends(
    { BLOBS_URL: 's3://shops/live?region=eu-west-1' },
    { BLOBS_ADMIN_URL: 's3://key:secret@shops/live?region=eu-west-1' },
    refuse,
  );
  assert.deepEqual(backendsOf(bucket, 'pool').blobs, {
    address: 's3://shops:443/live?region=eu-west-1',
    adminAddress: 's3://key:secret@shops:443/live?region=eu-west-1',
  });
  assert.throws(
    () => parseBackends({ 'BLOBS_URL.acme': 'file:///x' }, {}, refuse),
    /BLOBS_URL.acme must begin with s3/,
  );
});

test('what cannot be an address is refused by its key', () => {
  const told = (config: Record<string, string>) => () => parseBackends(config, {}, refuse);
  assert.throws(told({ CACHE_URL: 'memcached://x' }), /CACHE_URL must begin with redis:\/\/ or rediss:\/\//);
  assert.throws(told({ 'EVENTS_URL.acme': 'kafka://' }), /EVENTS_URL\.acme: an address/);
});
