import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSchema, Kind, parse } from 'graphql';
import { ShopError } from '../../platform/errors.ts';
import { checkCost, MOST_DEPTH } from './cost.ts';

const schema = buildSchema(`
  type Query { things(limit: Int = 5): Page, byIds(ids: [ID!]!): [Thing!]!, thing: Thing }
  type Page { things: [Thing!]!, tags: [String!]! }
  type Thing { id: ID!, parent: Thing, parts: [Thing!]! }
`);

function costOf(text: string, variables: Readonly<Record<string, unknown>> = {}): number {
  const [operation] = parse(text).definitions;
  assert.ok(operation?.kind === Kind.OPERATION_DEFINITION);
  return checkCost({ schema, operation, fragments: new Map(), variables });
}

test('a list costs as often as it is long', () => {
  const cases: readonly [string, number][] = [
    ['{ thing { id } }', 11 + 1],
    ['{ things { things { id } } }', 11 + 1 + 5],
    ['{ things(limit: 50) { things { id } tags } }', 11 + 1 + 50 + 1],
    ['{ things(limit: 50) { things { parts { id } } } }', 11 + 1 + 50 * (1 + 10)],
    ['{ byIds(ids: ["a", "b", "c"]) { id parent { id } } }', 11 + 3 * 3],
    ['{ a: thing { id } b: thing { id } }', 24],
    ['{ __typename }', 0],
  ];
  for (const [text, cost] of cases) assert.equal(costOf(text), cost, text);
  assert.equal(costOf('query($n: Int) { things(limit: $n) { things { id } } }', { n: 40 }), 11 + 1 + 40);
});

test('what lies too deep is named', () => {
  const nested = (depth: number): string => (depth === 0 ? 'id' : `parent { ${nested(depth - 1)} }`);
  assert.ok(costOf(`{ thing { ${nested(MOST_DEPTH - 2)} } }`) > 0);
  assert.throws(
    () => costOf(`{ thing { ${nested(MOST_DEPTH - 1)} } }`),
    (error) =>
      error instanceof ShopError && error.message.endsWith('parent/id: is 13 fields deep; 12 are allowed'),
  );
});
