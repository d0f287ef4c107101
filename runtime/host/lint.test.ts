/** What is drawn for clients is as linters of its kind want it: Spectral's rules for OpenAPI, buf's for the .proto file. GraphQL's are in generate.test.ts. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { lintOpenApi, type Document } from '../../tests/support/lint/openapi.ts';
import { lintProto } from '../../tests/support/lint/proto.ts';

const drawn = (name: string): Promise<string> =>
  readFile(new URL(`../../docs/api/${name}`, import.meta.url), 'utf8');

const openApi = async (): Promise<Document> => JSON.parse(await drawn('openapi.json')) as Document; // generated

test('the OpenAPI document has nothing that Spectral’s recommended rules would find', async () => {
  assert.deepEqual(lintOpenApi(await openApi()), []);
});

test('the .proto file has nothing that buf’s basic rules would find', async () => {
  assert.deepEqual(lintProto(await drawn('shopmind.proto')), []);
});

test('the lint of OpenAPI finds each fault by its place', async () => {
  const good = await openApi();
  const path = '/api/orders/carts/{cartId}';
  const faults = (change: (document: never) => void): string[] => {
    const copy = structuredClone(good) as never; // any part of it is changed
    change(copy);
    return lintOpenApi(copy);
  };
  type Any = Record<string, Record<string, Record<string, Record<string, unknown>>>>;
  const cart = (document: Any): Record<string, unknown> =>
    document['paths']?.[path]?.['get'] ?? assert.fail();
  const cases: readonly [RegExp, (document: Any) => void][] = [
    [
      /orders\.createCart: is the id of two/,
      (document) => void (cart(document)['operationId'] = 'orders.createCart'),
    ],
    [/\{cartId\} is no required parameter/, (document) => void (cart(document)['parameters'] = [])],
    [/says nothing of itself/, (document) => void (cart(document)['summary'] = '')],
    [/tag shop, which is not described/, (document) => void (cart(document)['tags'] = ['shop'])],
    [/never succeeds/, (document) => void (cart(document)['responses'] = {})],
    [/no security scheme nobody/, (document) => void (cart(document)['security'] = [{ nobody: [] }])],
    [/is nowhere/, (document) => void (cart(document)['x'] = { $ref: '#/components/schemas/Nothing' })],
    [/a list of what/, (document) => void (cart(document)['x'] = { type: 'array' })],
    [
      /which it has not/,
      (document) => void (cart(document)['x'] = { required: ['b'], properties: { a: {} } }),
    ],
    [/is no pattern/, (document) => void (cart(document)['x'] = { pattern: '(' })],
    [
      /two paths that nobody tells apart/,
      (document) => {
        const { paths = {} } = document;
        paths['/api/orders/carts/{other}'] = {};
      },
    ],
  ];
  for (const [fault, change] of cases) {
    const found = faults(change as (document: never) => void);
    assert.ok(
      found.some((one) => fault.test(one)),
      `${fault}: ${found.join('\n')}`,
    );
  }
});

test('the lint of .proto finds each fault by its place', async () => {
  const good = await drawn('shopmind.proto');
  const cases: readonly [fault: RegExp, of: string | RegExp, by: string][] = [
    [/has no version/, 'package shopmind.v1;', 'package shopmind;'],
    [/does not end with Service/, 'service OrdersService {', 'service Orders {'],
    [/GetStore: takes Store/, 'rpc GetStore(GetStoreRequest)', 'rpc GetStore(Store)'],
    [/getStore: is not PascalCase/, 'rpc GetStore(', 'rpc getStore('],
    [/there is no Nothing/, 'returns (Store);', 'returns (Nothing);'],
    [/is not \w+_UNSPECIFIED/, /_UNSPECIFIED = 0;/, '_NONE = 0;'],
    [/is two fields/, /= 2;/, '= 1;'],
    [/is not lower_snake_case/, /string display_name =/, 'string displayName ='],
    [/is imported and not used/, /google\.protobuf\.Empty/g, 'Store'],
  ];
  for (const [fault, of, by] of cases) {
    const changed = good.replace(of, by);
    assert.notEqual(changed, good, String(of));
    const found = lintProto(changed);
    assert.ok(
      found.some((one) => fault.test(one)),
      `${fault}: ${found.slice(0, 5).join('\n')}`,
    );
  }
});
