import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { ownFolder } from '../../../tests/support/owned.ts';
import { HistoryGone, openStore, StoreConflict, type Change, type Entry, type Store } from './store.ts';

const RESOURCE = '/things';

const write = (store: Store, name: string, value = 'x', namespace = 'a'): Entry => {
  const key = { resource: RESOURCE, namespace, name };
  return store.put(key, store.get(key), 'v1', (revision) =>
    JSON.stringify({ metadata: { name, resourceVersion: String(revision) }, value }),
  );
};

const erase = (store: Store, name: string, namespace = 'a'): void => {
  const key = { resource: RESOURCE, namespace, name };
  const seen = store.get(key);
  if (!seen) return;
  store.remove(key, seen, 'v1', (revision) =>
    JSON.stringify({ metadata: { name, resourceVersion: String(revision) } }),
  );
};

const names = (entries: readonly Entry[]): string[] =>
  entries.map((entry) => `${entry.namespace}/${entry.name}`);

function fileOf(t: TestContext): string {
  const directory = ownFolder('store');
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'objects.sqlite');
}

test('a list is in the order of namespace and name, and one namespace is a part of it', () => {
  const store = openStore({ file: ':memory:' });
  for (const [namespace, name] of [
    ['b', 'x'],
    ['a', 'z'],
    ['a-b', 'y'],
    ['a', 'c'],
  ] as const)
    write(store, name, '', namespace);
  assert.deepEqual(names(store.list(RESOURCE)), ['a/c', 'a/z', 'a-b/y', 'b/x']);
  assert.deepEqual(names(store.list(RESOURCE, 'a')), ['a/c', 'a/z']);
  store.close();
});

test('a write based on a state that is no longer the present one is refused', () => {
  const store = openStore({ file: ':memory:' });
  const key = { resource: RESOURCE, namespace: 'a', name: 'x' };
  const first = write(store, 'x');
  write(store, 'x', 'changed');
  assert.throws(() => store.put(key, first, 'v1', () => '{}'), StoreConflict);
  assert.throws(() => store.put(key, undefined, 'v1', () => '{}'), StoreConflict);
  assert.throws(() => store.remove(key, first, 'v1', () => '{}'), StoreConflict);
  store.close();
});

test('a watch from a revision gets what came after it and then what comes, each once and in order', () => {
  const store = openStore({ file: ':memory:' });
  write(store, 'x');
  const from = store.revision();
  write(store, 'x', 'second');
  const seen: string[] = [];
  const stop = store.watch(RESOURCE, from, (change) => seen.push(`${change.type} ${change.revision}`));
  erase(store, 'x');
  write(store, 'x', 'again');
  stop();
  write(store, 'x', 'unseen');
  assert.deepEqual(seen, ['MODIFIED 2', 'DELETED 3', 'ADDED 4']);
  store.close();
});

test('history beyond its limit is gone, and whoever asks for it is told so', () => {
  const store = openStore({ file: ':memory:', historyLength: 10 });
  for (let index = 0; index < 100; index += 1) write(store, 'x', String(index));
  assert.throws(() => store.watch(RESOURCE, 5, () => undefined), HistoryGone);
  assert.throws(() => store.list(RESOURCE, undefined, 5), HistoryGone);
  const seen: Change[] = [];
  store.watch(RESOURCE, 95, (change) => seen.push(change));
  assert.deepEqual(
    seen.map((change) => change.revision),
    [96, 97, 98, 99, 100],
  );
  store.close();
});

test('what is forgotten by age is refused to lists of every resource, and to watches of those that changed', () => {
  const store = openStore({ file: ':memory:' });
  write(store, 'x');
  const old = store.revision();
  write(store, 'x', 'second');
  store.forget(store.revision());
  assert.throws(() => store.list(RESOURCE, undefined, old), HistoryGone);
  assert.throws(() => store.list('other/resources', undefined, old), HistoryGone);
  assert.throws(() => store.watch(RESOURCE, old - 1, () => undefined), HistoryGone);
  const seen: Change[] = [];
  store.watch(RESOURCE, old, (change) => seen.push(change));
  assert.deepEqual(
    seen.map(({ revision }) => revision),
    [old + 1],
  );
  assert.deepEqual(names(store.list(RESOURCE)), ['a/x']);
  store.close();
});

test('another process finds objects, revision and history as they were', (t) => {
  const file = fileOf(t);
  const first = openStore({ file });
  write(first, 'kept', 'old');
  write(first, 'gone');
  write(first, 'kept', 'new');
  erase(first, 'gone');
  first.close();
  const second = openStore({ file });
  assert.equal(second.revision(), 4);
  assert.deepEqual(names(second.list(RESOURCE)), ['a/kept']);
  assert.deepEqual(names(second.list(RESOURCE, undefined, 2)), ['a/gone', 'a/kept']);
  const seen: string[] = [];
  second.watch(RESOURCE, 2, (change) => seen.push(`${change.type} ${change.entry.name}`));
  assert.deepEqual(seen, ['MODIFIED kept', 'DELETED gone']);
  second.close();
});

test('compaction deletes what nobody can ask for and survives a restart', (t) => {
  const file = fileOf(t);
  const first = openStore({ file, historyLength: 10 });
  for (let index = 0; index < 2_000; index += 1) write(first, `n${index % 7}`, String(index));
  for (let index = 0; index < 7; index += 1) erase(first, `n${index}`);
  for (let index = 0; index < 500; index += 1) write(first, 'last', String(index));
  first.close();
  const second = openStore({ file, historyLength: 10 });
  assert.equal(second.revision(), 2_507);
  assert.deepEqual(names(second.list(RESOURCE)), ['a/last']);
  assert.throws(() => second.watch(RESOURCE, 2_400, () => undefined), HistoryGone);
  second.close();
});

test('whatever is written, a list as of a revision is the state that a replay of the changes gives', (t) => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    namespace: fc.constantFrom('n', 'm'),
    erased: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = openStore({ file: ':memory:' });
      const states: string[][] = [[]];
      for (const { name, namespace, erased } of steps) {
        const before = store.revision();
        if (erased) erase(store, name, namespace);
        else write(store, name, '', namespace);
        if (store.revision() > before) states.push(names(store.list(RESOURCE)));
      }
      for (const [revision, expected] of states.entries())
        assert.deepEqual(names(store.list(RESOURCE, undefined, revision)), expected);
      for (const [revision, expected] of states.entries())
        assert.deepEqual(
          names(store.list(RESOURCE, 'n', revision)),
          expected.filter((name) => name.startsWith('n/')),
        );
      store.close();
    }),
    { numRuns: 50 },
  );
  t.diagnostic('50 runs');
});
