/**
 * Values of an installation: put together as Helm does, refused by their path, and complete where nothing was said.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { defaultValues, parseValues, VERSION_OF_IMAGES } from '../../resources/values.ts';
import { Failure } from '../failure.ts';
import { readValues } from './install.ts';
import { assign, merge } from './settings.ts';

const root = new URL('../../../', import.meta.url);

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure, 'a Failure is thrown');
  return error;
}

test('the images have the version of this package', () => {
  const text = readFileSync(new URL('package.json', root), 'utf8');
  assert.equal(VERSION_OF_IMAGES, (JSON.parse(text) as { version: string }).version);
});

test('without values an installation has its defaults', async () => {
  assert.deepEqual(await readValues({}), defaultValues());
});

test('--set wins over files and --version, by whole paths', async () => {
  const values = await readValues({
    version: '1.2.3',
    set: ['gateway.replicas=5', 'storefront.enabled=false'],
  });
  assert.equal(values.image.tag, '1.2.3');
  assert.equal(values.gateway.replicas, 5);
  assert.equal(values.gateway.port, 8080);
  assert.equal(values.storefront.enabled, false);
  const chosen = await readValues({ version: '1.2.3', set: ['image.tag=4.5.6'] });
  assert.equal(chosen.image.tag, '4.5.6');
});

test('a key with dots is written with backslashes', () => {
  assert.deepEqual(assign('gateway.service.annotations.a\\.b/c=d'), {
    gateway: { service: { annotations: { 'a.b/c': 'd' } } },
  });
});

test('maps are merged, anything else is replaced', () => {
  assert.deepEqual(merge({ a: { b: 1, c: [1, 2] } }, { a: { c: [3] }, d: 4 }), { a: { b: 1, c: [3] }, d: 4 });
});

test('every wrong value is named by its path, misspelt ones too', async () => {
  const { details } = await refusal(
    readValues({ set: ['gateway.port=0', 'gatway.port=1', 'image.tag=a b'] }),
  );
  assert.equal(details.length, 3);
  for (const path of ['gateway.port', 'gatway', 'image.tag'])
    assert.ok(
      details.some((line) => line.startsWith(`${path}: `)),
      `${path} in ${details.join('\n')}`,
    );
});

test('an assignment without a value or a key is refused', () => {
  for (const wrong of ['gateway.port', '=1', 'a..b=1']) assert.throws(() => assign(wrong), Failure);
});

test('a file that is no map, no YAML or not there is refused by its name', async () => {
  for (const file of ['/nowhere/values.yaml', new URL('package-lock.json/', root).pathname]) {
    const { message } = await refusal(readValues({ files: [file] }));
    assert.match(message, /cannot be read/);
  }
  assert.ok('mistakes' in parseValues([]));
});
