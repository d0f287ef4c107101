import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { operationsOf, type Schema } from './operations.ts';
import { randomFrom } from './random.ts';
import { broken, HOSTILE, placesIn, valuesOf } from './values.ts';

const document: unknown = JSON.parse(
  readFileSync(new URL('../../docs/api/openapi.json', import.meta.url), 'utf8'),
);
const operations = operationsOf(document);
const described: readonly { readonly name: string; readonly schema: Schema }[] = operations.flatMap(
  ({ id, body, parameters }) => [
    ...(body === undefined || body === 'raw' ? [] : [{ name: `${id} body`, schema: body }]),
    ...parameters.map(({ name, schema }) => ({ name: `${id} ${name}`, schema })),
  ],
);
const ajv = new Ajv2020({ strict: false, validateFormats: false });

test('every schema of every domain gives values that it accepts', () => {
  const random = randomFrom(1);
  for (const { name, schema } of described) {
    const accepts = ajv.compile(schema);
    const value = random.draw(valuesOf(schema));
    assert.ok(accepts(value), `${name}: ${JSON.stringify(value)} ${ajv.errorsText(accepts.errors)}`);
  }
});

test('a fault makes most values such as the schema refuses', () => {
  const random = randomFrom(2);
  const [refused, all] = [{ count: 0 }, { count: 0 }];
  for (const { body } of operations) {
    if (body === undefined || body === 'raw') continue;
    const accepts = ajv.compile(body);
    for (let round = 0; round < 5; round += 1) {
      all.count += 1;
      if (!accepts(broken(body, random.draw(valuesOf(body)), random))) refused.count += 1;
    }
  }
  assert.ok(refused.count > 0.6 * all.count, `${refused.count} of ${all.count}`);
});

test('what is hostile can be written as JSON', () => {
  for (const make of HOSTILE) assert.equal(typeof JSON.stringify(make()), 'string');
});

test('places are the whole and whatever is in it', () => {
  assert.deepEqual(placesIn({ a: [1, { b: 2 }] }), [[], ['a'], ['a', 0], ['a', 1], ['a', 1, 'b']]);
});
