import assert from 'node:assert/strict';
import { test } from 'node:test';
import { methodsOf } from './grpc.ts';

test('methods of a file of protobuf are called by their service', () => {
  const proto =
    'service CatalogService {\n  rpc ListProducts(A) returns (B);\n}\nservice X {\n  rpc Y(A) returns (B);\n}';
  assert.deepEqual(methodsOf(proto), ['/shopmind.v1.CatalogService/ListProducts', '/shopmind.v1.X/Y']);
});
