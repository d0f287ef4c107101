import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildASTSchema,
  concatAST,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isUnionType,
  parse,
  validateSchema,
} from 'graphql';
import { DOMAINS } from '../domains/index.ts';
import { committed, generate } from './generate.ts';
import { graphModel } from './graphql/model.ts';
import { federationSdl, sdlOf } from './graphql/sdl.ts';
import { readApi } from './shapes/api.ts';

const api = await readApi(DOMAINS);
const model = graphModel(api, DOMAINS);
const schema = buildASTSchema(concatAST([parse(sdlOf(model)), parse(federationSdl(model))]));

test('what clients are made from is as the definitions say: npm run generate', async () => {
  for (const [file, text] of await generate())
    assert.ok((await committed(file)) === text, `${file.pathname} is stale: npm run generate`);
});

test('the schema is valid, and names are as GraphQL has them', () => {
  assert.deepEqual(validateSchema(schema), []);
  const types = Object.values(schema.getTypeMap()).filter(
    ({ name }) => !name.startsWith('_') && !name.includes('__'),
  );
  for (const type of types) {
    assert.match(type.name, /^[A-Z][A-Za-z0-9]*$/);
    if (isEnumType(type)) for (const { name } of type.getValues()) assert.match(name, /^_?[A-Z][A-Z0-9_]*$/);
    if (isInputObjectType(type)) assert.match(type.name, /Input$/);
    if (isObjectType(type) || isInputObjectType(type))
      for (const name of Object.keys(type.getFields()).filter((one) => !one.startsWith('_')))
        assert.match(name, /^[a-z][A-Za-z0-9]*$/, type.name);
    if (isObjectType(type)) assert.doesNotMatch(type.name, /Input$/);
    if (isUnionType(type)) assert.ok(type.getTypes().length > 1, type.name);
  }
});

test('every route whose answer GraphQL can carry is a field, and says what it does', () => {
  const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}).filter(({ name }) => !name.startsWith('_')),
  );
  const carried = api.operations.filter(({ answer, route }) => answer !== 'bytes' || route.method !== 'GET');
  assert.equal(fields.length, carried.length);
  for (const { name, description } of fields) assert.ok(description, name);
});

test('a key is a field of its entity, plain and never null, as federation wants it', () => {
  assert.ok(model.entities.length > 5);
  for (const { type, key } of model.entities) {
    const found = schema.getType(type.name);
    assert.ok(isObjectType(found), type.name);
    const field = found.getFields()[key];
    assert.ok(field, `${type.name}.${key}`);
    assert.deepEqual(field.args, []);
    assert.match(String(field.type), /^(ID|String)!$/);
  }
});

test('an order’s lines lead to their products', () => {
  const line = schema.getType('OrderLine');
  assert.ok(isObjectType(line));
  assert.equal(String(line.getFields()['product']?.type), 'ProductCard');
});
