import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, items, type JsonObject } from '../objects.ts';
import { createClient, withServer, type TestServer } from '../testing/server.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const MAPS = '/api/v1/namespaces/default/configmaps';

/** A client for a ServiceAccount bound to a role with these rules in the default namespace. */
async function robot(api: TestServer, rules: JsonObject[]) {
  await api.call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
  await api.call('POST', `${RBAC}/namespaces/default/roles`, { metadata: { name: 'r' }, rules });
  await api.call('POST', `${RBAC}/namespaces/default/rolebindings`, {
    metadata: { name: 'b' },
    roleRef: { kind: 'Role', name: 'r', apiGroup: 'rbac.authorization.k8s.io' },
    subjects: [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }],
  });
  const { url, caCertificate } = api.server;
  return createClient(url, caCertificate, api.server.issueServiceAccountToken('default', 'robot'));
}

const READ_ONE: JsonObject = {
  apiGroups: [''],
  resources: ['configmaps'],
  resourceNames: ['a'],
  verbs: ['get'],
};

test('a bound account may do what its role says, in its namespace, and nothing else', () =>
  withServer(
    async (api) => {
      await api.call('POST', MAPS, { metadata: { name: 'a' } });
      const client = await robot(api, [READ_ONE]);
      assert.equal((await client.call('GET', `${MAPS}/a`)).status, 200);
      assert.equal((await client.call('GET', `${MAPS}/b`)).status, 403);
      assert.equal((await client.call('GET', '/apis')).status, 200);
      const refused = await client.call('GET', '/api/v1/namespaces/kube-system/configmaps');
      assert.equal(
        refused.body['message'],
        'configmaps is forbidden: User "system:serviceaccount:default:robot" cannot list resource "configmaps" in API group "" in the namespace "kube-system"',
      );
      client.close();
    },
    { authorization: 'rbac' },
  ));

test('a rule for one name lets its collection be listed and watched by that name only', () =>
  withServer(
    async (api) => {
      await api.call('POST', MAPS, { metadata: { name: 'a' } });
      const client = await robot(api, [{ ...READ_ONE, verbs: ['list'] }]);
      const listed = async (query: string) => (await client.call('GET', `${MAPS}${query}`)).status;
      assert.equal(await listed('?fieldSelector=metadata.name%3Da'), 200);
      assert.equal(await listed('?fieldSelector=metadata.name%3Db'), 403);
      assert.equal(await listed('?fieldSelector=metadata.name!%3Da'), 403);
      assert.equal(await listed(''), 403);
      client.close();
    },
    { authorization: 'rbac' },
  ));

test('a review tells beforehand what would be refused', () =>
  withServer(
    async (api) => {
      const client = await robot(api, [READ_ONE]);
      const may = async (verb: string, name: string) => {
        const spec = { resourceAttributes: { verb, resource: 'configmaps', namespace: 'default', name } };
        const { body } = await client.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
          spec,
        });
        return at(body, 'status', 'allowed');
      };
      assert.deepEqual(
        [await may('get', 'a'), await may('get', 'b'), await may('delete', 'a')],
        [true, false, false],
      );
      const rules = await client.call('POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
        spec: { namespace: 'default' },
      });
      assert.ok(
        items(at(rules.body, 'status', 'resourceRules')).some((rule) =>
          items(at(rule, 'resourceNames')).includes('a'),
        ),
      );
      client.close();
    },
    { authorization: 'rbac' },
  ));

test('an administrator may speak for another and is held to that one’s rights', () =>
  withServer(
    async (api) => {
      const client = await robot(api, [READ_ONE]);
      const as = { 'impersonate-user': 'system:serviceaccount:default:robot' };
      assert.equal((await api.call('GET', MAPS, undefined, as)).status, 403);
      assert.equal(
        (await client.call('GET', MAPS, undefined, { 'impersonate-user': 'someone' })).status,
        403,
      );
      client.close();
    },
    { authorization: 'rbac' },
  ));
