/** Watching: what changed since, bookmarks, selectors, and the end of history. */
import assert from 'node:assert/strict';
import type { WatchEvent } from '../client.ts';
import { configMap, expect, type Scope, type Table } from '../suite.ts';
import { at, textAt } from '../value.ts';

async function now({ api, path }: Scope): Promise<string> {
  return textAt(expect(await api.get(path('configmaps')), 200).body, 'metadata.resourceVersion');
}

const nameOf = (event: WatchEvent): string => textAt(event.object, 'metadata.name');
const about =
  (name: string) =>
  (event: WatchEvent): boolean =>
    nameOf(event) === name;

export const watching: Table = {
  async 'a watch from a resourceVersion tells every later change, in order'(scope) {
    const { api, path } = scope;
    const map = scope.name();
    const watch = await api.watch(path('configmaps'), { resourceVersion: await now(scope) });
    try {
      const made = expect(await api.create(path('configmaps'), configMap(map, { a: '1' })), 201);
      expect(await api.patch(`${path('configmaps')}/${map}`, 'merge', { data: { a: '2' } }), 200);
      expect(await api.remove(`${path('configmaps')}/${map}`), 200);
      const events = [
        await watch.next(about(map)),
        await watch.next(about(map)),
        await watch.next(about(map)),
      ];
      assert.deepEqual(
        events.map(({ type }) => type),
        ['ADDED', 'MODIFIED', 'DELETED'],
      );
      assert.equal(
        at(events[0]?.object, 'metadata.resourceVersion'),
        at(made.body, 'metadata.resourceVersion'),
      );
      assert.equal(at(events[0]?.object, 'kind'), 'ConfigMap');
      const versions = events.map(({ object }) => Number(textAt(object, 'metadata.resourceVersion')));
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(versions).size, 3);
    } finally {
      watch.close();
    }
  },
  async 'a watch from an old resourceVersion replays what has happened since'(scope) {
    const { api, path } = scope;
    const map = scope.name();
    const start = await now(scope);
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    expect(await api.remove(`${path('configmaps')}/${map}`), 200);
    const watch = await api.watch(path('configmaps'), { resourceVersion: start });
    try {
      assert.equal((await watch.next(about(map))).type, 'ADDED');
      assert.equal((await watch.next(about(map))).type, 'DELETED');
    } finally {
      watch.close();
    }
  },
  async 'a watch without a resourceVersion begins with what there is'(scope) {
    const { api, path } = scope;
    const map = scope.name();
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    const watch = await api.watch(path('configmaps'));
    try {
      assert.equal((await watch.next(about(map))).type, 'ADDED');
    } finally {
      watch.close();
    }
  },
  async 'timeoutSeconds ends a watch'(scope) {
    const watch = await scope.api.watch(scope.path('configmaps'), {
      resourceVersion: await now(scope),
      timeoutSeconds: '1',
      // Controllers may put ConfigMaps of their own into a new namespace at any time.
      fieldSelector: `metadata.name=${scope.name()}`,
    });
    assert.deepEqual(await watch.rest(), []);
  },
  async 'a watch sees an object come and go as its labels begin and cease to match'(scope) {
    const { api, path } = scope;
    const map = scope.name();
    const url = `${path('configmaps')}/${map}`;
    expect(await api.create(path('configmaps'), configMap(map, {}, { labels: { colour: 'red' } })), 201);
    const watch = await api.watch(path('configmaps'), {
      resourceVersion: await now(scope),
      labelSelector: 'colour=blue',
    });
    try {
      expect(await api.patch(url, 'merge', { metadata: { labels: { colour: 'blue' } } }), 200);
      assert.equal((await watch.next()).type, 'ADDED');
      expect(await api.patch(url, 'merge', { data: { a: '1' } }), 200);
      assert.equal((await watch.next()).type, 'MODIFIED');
      const left = expect(await api.patch(url, 'merge', { metadata: { labels: { colour: 'red' } } }), 200);
      const gone = await watch.next();
      assert.equal(gone.type, 'DELETED');
      assert.equal(at(gone.object, 'metadata.resourceVersion'), at(left.body, 'metadata.resourceVersion'));
    } finally {
      watch.close();
    }
  },
  async 'one object can be watched by its name'(scope) {
    const { api, path } = scope;
    const [map, other] = [scope.name(), scope.name()];
    const watch = await api.watch(path('configmaps'), {
      resourceVersion: await now(scope),
      fieldSelector: `metadata.name=${map}`,
    });
    try {
      expect(await api.create(path('configmaps'), configMap(other)), 201);
      expect(await api.create(path('configmaps'), configMap(map)), 201);
      assert.equal(nameOf(await watch.next()), map);
    } finally {
      watch.close();
    }
  },
  async 'a watch over all namespaces sees each of them'(scope) {
    const { api, path, namespace } = scope;
    const map = scope.name();
    const watch = await api.watch('/api/v1/configmaps', { resourceVersion: await now(scope) });
    try {
      expect(await api.create(path('configmaps'), configMap(map)), 201);
      assert.equal(at((await watch.next(about(map))).object, 'metadata.namespace'), namespace);
    } finally {
      watch.close();
    }
  },
  async 'sendInitialEvents begins with what there is and marks its end with a bookmark'(scope) {
    const { api, path } = scope;
    const map = scope.name();
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    const query = {
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
    };
    const watch = await api.watch(path('configmaps'), query);
    try {
      assert.equal(watch.status, 200);
      const seen: string[] = [];
      const bookmark = await watch.next((event) => {
        if (event.type === 'ADDED') seen.push(nameOf(event));
        return event.type === 'BOOKMARK';
      });
      assert.ok(seen.includes(map));
      assert.equal(at(bookmark.object, 'metadata.annotations[k8s.io/initial-events-end]'), 'true');
      assert.equal(at(bookmark.object, 'kind'), 'ConfigMap');
      assert.match(textAt(bookmark.object, 'metadata.resourceVersion'), /^\d+$/);
    } finally {
      watch.close();
    }
  },
  async 'sendInitialEvents without resourceVersionMatch is refused'({ api, path }) {
    const reply = await api.get(path('configmaps'), { watch: 'true', sendInitialEvents: 'true' });
    expect(reply, 422, 'Invalid');
  },
  async 'a watch from a resourceVersion that is no number is refused'({ api, path }) {
    const reply = await api.get(path('configmaps'), { watch: 'true', resourceVersion: 'nonsense' });
    // Upstream answers with 500 here, for all its message says.
    assert.ok([400, 422, 500].includes(reply.status), reply.text);
    assert.match(textAt(reply.body, 'message'), /resourceVersion: Invalid value: "nonsense"/);
  },
  async 'a watch can send metadata only'(scope) {
    const { api, path } = scope;
    const map = scope.name();
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const watch = await api.watch(path('configmaps'), { resourceVersion: await now(scope) }, { accept });
    try {
      expect(await api.create(path('configmaps'), configMap(map, { a: '1' })), 201);
      const event = await watch.next(about(map));
      assert.equal(at(event.object, 'kind'), 'PartialObjectMetadata');
      assert.equal(at(event.object, 'data'), undefined);
    } finally {
      watch.close();
    }
  },
  async 'a watch of tables names its columns once, and marks the end of the beginning in a row'({
    api,
    path,
    name,
  }) {
    for (const map of [name(), name()])
      expect(await api.create(path('configmaps'), configMap(map, {}, { labels: { tabled: 'yes' } })), 201);
    const watch = await api.watch(
      path('configmaps'),
      {
        labelSelector: 'tabled=yes',
        sendInitialEvents: 'true',
        resourceVersionMatch: 'NotOlderThan',
        allowWatchBookmarks: 'true',
      },
      { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    );
    const [first, second, end] = [await watch.next(), await watch.next(), await watch.next()];
    assert.equal(at(first.object, 'columnDefinitions.0.name'), 'Name');
    assert.equal(at(second.object, 'columnDefinitions'), null);
    assert.equal(end.type, 'BOOKMARK');
    const annotations = at(end.object, 'rows.0.object.metadata.annotations');
    assert.equal(at(annotations, '[k8s.io/initial-events-end]'), 'true');
    watch.close();
  },
};
