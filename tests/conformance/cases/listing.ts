/** Getting and listing: selectors, pages, forms. */
import assert from 'node:assert/strict';
import { configMap, expect, names, type Scope, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';

/** Five ConfigMaps `<group>-0` … with labels. */
async function five({ api, path, name }: Scope): Promise<string> {
  const group = name('g');
  for (const index of [0, 1, 2, 3, 4]) {
    const labels = { group, number: String(index), ...(index === 4 ? {} : { small: 'yes' }) };
    expect(await api.create(path('configmaps'), configMap(`${group}-${index}`, {}, { labels })), 201);
  }
  return group;
}

export const listing: Table = {
  async 'a list has its kind, its resourceVersion and items without kinds'(scope) {
    const group = await five(scope);
    const { body } = expect(
      await scope.api.get(scope.path('configmaps'), { labelSelector: `group=${group}` }),
      200,
    );
    assert.equal(at(body, 'kind'), 'ConfigMapList');
    assert.equal(at(body, 'apiVersion'), 'v1');
    assert.match(textAt(body, 'metadata.resourceVersion'), /^\d+$/);
    assert.equal(listAt(body, 'items').length, 5);
    assert.equal(at(body, 'items.0.kind'), undefined);
  },
  async 'items come in the order of their names'(scope) {
    const group = await five(scope);
    const reply = expect(
      await scope.api.get(scope.path('configmaps'), { labelSelector: `group=${group}` }),
      200,
    );
    assert.deepEqual(
      names(reply),
      [0, 1, 2, 3, 4].map((index) => `${group}-${index}`),
    );
  },
  async 'label selectors know =, !=, in, notin, exists and its negation'(scope) {
    const group = await five(scope);
    const select = async (selector: string): Promise<string[]> => {
      const reply = expect(
        await scope.api.get(scope.path('configmaps'), { labelSelector: `group=${group},${selector}` }),
        200,
      );
      return names(reply).map((each) => each.slice(-1));
    };
    assert.deepEqual(await select('number=1'), ['1']);
    assert.deepEqual(await select('number==1'), ['1']);
    assert.deepEqual(await select('number!=1'), ['0', '2', '3', '4']);
    assert.deepEqual(await select('number in (1,3)'), ['1', '3']);
    assert.deepEqual(await select('number notin (1,3)'), ['0', '2', '4']);
    assert.deepEqual(await select('small'), ['0', '1', '2', '3']);
    assert.deepEqual(await select('!small'), ['4']);
    assert.deepEqual(await select('missing!=x'), ['0', '1', '2', '3', '4']);
  },
  async 'a malformed label selector is a bad request'({ api, path }) {
    expect(await api.get(path('configmaps'), { labelSelector: 'a in b' }), 400, 'BadRequest');
  },
  async 'field selectors know name and namespace'(scope) {
    const group = await five(scope);
    const { api, path, namespace } = scope;
    const one = expect(await api.get(path('configmaps'), { fieldSelector: `metadata.name=${group}-2` }), 200);
    assert.deepEqual(names(one), [`${group}-2`]);
    const everywhere = expect(
      await api.get('/api/v1/configmaps', {
        fieldSelector: `metadata.namespace=${namespace},metadata.name=${group}-3`,
      }),
      200,
    );
    assert.deepEqual(names(everywhere), [`${group}-3`]);
    const others = expect(
      await api.get(path('configmaps'), {
        fieldSelector: `metadata.name!=${group}-2`,
        labelSelector: `group=${group}`,
      }),
      200,
    );
    assert.equal(names(others).length, 4);
  },
  async 'a field that cannot be selected by is a bad request'({ api, path }) {
    const { body } = expect(
      await api.get(path('configmaps'), { fieldSelector: 'data.a=1' }),
      400,
      'BadRequest',
    );
    assert.match(
      textAt(body, 'message'),
      /field label not supported: data\.a|"data\.a" is not a known field selector/,
    );
  },
  async 'pages hold limit items and continue where the last ended, as of one moment'(scope) {
    const group = await five(scope);
    const { api, path } = scope;
    const query = { labelSelector: `group=${group}`, limit: '2' };
    const first = expect(await api.get(path('configmaps'), query), 200);
    assert.deepEqual(names(first), [`${group}-0`, `${group}-1`]);
    const token = textAt(first.body, 'metadata.continue');
    assert.notEqual(token, '');
    expect(await api.create(path('configmaps'), configMap(`${group}-25`, {}, { labels: { group } })), 201);
    const second = expect(await api.get(path('configmaps'), { ...query, continue: token }), 200);
    assert.deepEqual(names(second), [`${group}-2`, `${group}-3`]);
    assert.equal(at(second.body, 'metadata.resourceVersion'), at(first.body, 'metadata.resourceVersion'));
    const third = expect(
      await api.get(path('configmaps'), { ...query, continue: textAt(second.body, 'metadata.continue') }),
      200,
    );
    assert.deepEqual(names(third), [`${group}-4`]);
    assert.equal(textAt(third.body, 'metadata.continue'), '');
  },
  async 'a page without a selector tells how many items remain'({ api }) {
    const { body } = expect(await api.get('/api/v1/namespaces', { limit: '1' }), 200);
    assert.equal(listAt(body, 'items').length, 1);
    assert.ok(Number(at(body, 'metadata.remainingItemCount')) >= 3);
  },
  async 'a continue token that is none is a bad request'({ api, path }) {
    expect(await api.get(path('configmaps'), { limit: '1', continue: 'nonsense' }), 400, 'BadRequest');
  },
  async 'resourceVersion=0 is served from what is at hand'(scope) {
    const group = await five(scope);
    const reply = expect(
      await scope.api.get(scope.path('configmaps'), {
        resourceVersion: '0',
        labelSelector: `group=${group}`,
      }),
      200,
    );
    assert.ok(names(reply).length <= 5);
  },
  async 'a list not older than a resourceVersion is at least that new'(scope) {
    const group = await five(scope);
    const { api, path } = scope;
    const newest = expect(await api.get(`${path('configmaps')}/${group}-4`), 200);
    const version = textAt(newest.body, 'metadata.resourceVersion');
    const query = {
      resourceVersion: version,
      resourceVersionMatch: 'NotOlderThan',
      labelSelector: `group=${group}`,
    };
    const reply = expect(await api.get(path('configmaps'), query), 200);
    assert.equal(names(reply).length, 5);
    assert.ok(Number(textAt(reply.body, 'metadata.resourceVersion')) >= Number(version));
  },
  async 'an exact resourceVersion gives the list as it was'(scope) {
    const group = await five(scope);
    const { api, path } = scope;
    const before = expect(await api.get(path('configmaps'), { labelSelector: `group=${group}` }), 200);
    expect(await api.remove(`${path('configmaps')}/${group}-0`), 200);
    const query = {
      resourceVersion: textAt(before.body, 'metadata.resourceVersion'),
      resourceVersionMatch: 'Exact',
      labelSelector: `group=${group}`,
    };
    assert.equal(names(expect(await api.get(path('configmaps'), query), 200)).length, 5);
  },
  async 'resourceVersionMatch without a resourceVersion is forbidden'({ api, path }) {
    const { status } = await api.get(path('configmaps'), { resourceVersionMatch: 'Exact' });
    assert.ok(status === 422 || status === 400, String(status));
  },
  async 'an object can be had as metadata only'(scope) {
    const group = await five(scope);
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const { body } = expect(
      await scope.api.get(`${scope.path('configmaps')}/${group}-1`, {}, { accept }),
      200,
    );
    assert.equal(at(body, 'kind'), 'PartialObjectMetadata');
    assert.equal(at(body, 'apiVersion'), 'meta.k8s.io/v1');
    assert.equal(at(body, 'metadata.name'), `${group}-1`);
    assert.equal(at(body, 'data'), undefined);
  },
  async 'a list can be had as metadata only'(scope) {
    const group = await five(scope);
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const { body } = expect(
      await scope.api.get(scope.path('configmaps'), { labelSelector: `group=${group}` }, { accept }),
      200,
    );
    assert.equal(at(body, 'kind'), 'PartialObjectMetadataList');
    assert.equal(listAt(body, 'items').length, 5);
  },
  async 'an Accept nobody can serve is 406'({ api, path }) {
    expect(await api.get(path('configmaps'), {}, { accept: 'application/xml' }), 406, 'NotAcceptable');
  },
  async 'objects can be read as YAML'(scope) {
    const group = await five(scope);
    const reply = expect(
      await scope.api.get(`${scope.path('configmaps')}/${group}-1`, {}, { accept: 'application/yaml' }),
      200,
    );
    assert.match(String(reply.headers['content-type']), /application\/yaml/);
    assert.match(reply.text, /^kind: ConfigMap$/m);
  },
};
