/** Keeps the typed client equal to the definitions it is drawn from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { committed, generate } from './generate.ts';

test('the committed client is what the definitions generate (run node web/api-client/generate.ts)', async () => {
  // Compared as a whole: a diff of thousands of lines helps nobody.
  assert.ok((await committed()) === generate(), 'operations.generated.ts is stale');
});

test('every operation has a route, and every route an operation', () => {
  const text = generate();
  const operations = [...text.matchAll(/^ {2}'([a-z]+\.\w+)': \{$/gm)].map((match) => match[1]);
  const routes = [...text.matchAll(/^ {2}'([a-z]+\.\w+)': \['/gm)].map((match) => match[1]);
  assert.ok(operations.length > 30);
  assert.deepEqual(operations, routes);
});
