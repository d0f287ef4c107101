/**
 * Where the root of trouble is: properties over any tree, and the cases people meet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { causesOf, walk } from './causes.ts';
import { idOf, isTrouble, type Health, type HealthNode } from './node.ts';

const leaf = (name: string, health: Health, more: Partial<HealthNode> = {}): HealthNode => ({
  kind: 'K',
  name,
  health,
  children: [],
  ...more,
});
const names = (root: HealthNode) => causesOf(root).map(({ node }) => node.name);

test('the deepest failing part is the cause, not what waits for it', () => {
  const tree = leaf('tenant', 'waiting', {
    children: [leaf('service', 'waiting', { children: [leaf('pod', 'failing')] }), leaf('route', 'ready')],
  });
  assert.deepEqual(names(tree), ['pod']);
  assert.deepEqual(
    causesOf(tree)[0]?.path.map(({ name }) => name),
    ['tenant', 'service', 'pod'],
  );
});

test('what a part needs elsewhere in the tree is deeper than the part', () => {
  const database = leaf('database', 'failing');
  const tree = leaf('tenant', 'waiting', {
    children: [
      leaf('data', 'ready', { children: [database] }),
      leaf('service', 'waiting', { children: [leaf('pod', 'failing', { needs: [idOf(database)] })] }),
    ],
  });
  assert.deepEqual(names(tree), ['database']);
});

test('a need that is well explains nothing', () => {
  const database = leaf('database', 'ready');
  const tree = leaf('tenant', 'waiting', {
    children: [database, leaf('pod', 'failing', { needs: [idOf(database)] })],
  });
  assert.deepEqual(names(tree), ['pod']);
});

test('failing comes before waiting, whatever the depth', () => {
  const tree = leaf('tenant', 'waiting', {
    children: [
      leaf('a', 'waiting', { children: [leaf('b', 'waiting', { children: [leaf('deep', 'waiting')] })] }),
      leaf('catalogue', 'failing'),
    ],
  });
  assert.deepEqual(names(tree), ['catalogue', 'deep']);
});

test('a circle of needs ends', () => {
  const tree = leaf('tenant', 'failing', {
    children: [leaf('a', 'failing', { needs: ['K b'] }), leaf('b', 'failing', { needs: ['K a'] })],
  });
  assert.ok(causesOf(tree).length > 0);
});

/** Any tree of up to four levels. */
function anyTree(levels: number): fc.Arbitrary<HealthNode> {
  return fc.record({
    kind: fc.constant('K'),
    name: fc.uuid(),
    health: fc.constantFrom<Health>('ready', 'waiting', 'failing', 'off', 'unknown'),
    children: levels === 0 ? fc.constant([]) : fc.array(anyTree(levels - 1), { maxLength: 3 }),
  });
}

test('there is a cause exactly when there is trouble; each is in trouble itself and has none below', () => {
  fc.assert(
    fc.property(anyTree(3), (tree) => {
      const causes = causesOf(tree);
      assert.equal(
        causes.length > 0,
        [...walk(tree)].some(({ node }) => isTrouble(node)),
      );
      for (const { node, path } of causes) {
        assert.ok(isTrouble(node));
        assert.equal([...walk(node)].filter((one) => isTrouble(one.node)).length, 1);
        assert.equal(path.at(-1), node);
        assert.equal(path[0], tree);
      }
    }),
  );
});
