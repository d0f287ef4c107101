/** Discovery: what a server says it serves. */
import assert from 'node:assert/strict';
import { expect, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

function resource(body: unknown, name: string): unknown {
  return listAt(body, 'resources').find((each) => at(each, 'name') === name);
}

export const discovery: Table = {
  async 'GET /version tells major, minor and gitVersion'({ api }) {
    const { body } = expect(await api.get('/version'), 200);
    assert.equal(at(body, 'major'), '1');
    assert.match(textAt(body, 'gitVersion'), /^v1\.\d+\.\d+/);
  },
  async 'GET /api lists v1 as the only core version'({ api }) {
    const { body } = expect(await api.get('/api'), 200);
    assert.equal(at(body, 'kind'), 'APIVersions');
    assert.deepEqual(at(body, 'versions'), ['v1']);
  },
  async 'GET /apis lists the groups with their preferred versions'({ api }) {
    const { body } = expect(await api.get('/apis'), 200);
    assert.equal(at(body, 'kind'), 'APIGroupList');
    const apps = listAt(body, 'groups').find((group) => at(group, 'name') === 'apps');
    assert.equal(at(apps, 'preferredVersion.groupVersion'), 'apps/v1');
    const autoscaling = listAt(body, 'groups').find((group) => at(group, 'name') === 'autoscaling');
    assert.equal(at(autoscaling, 'preferredVersion.version'), 'v2');
    assert.ok(listAt(autoscaling, 'versions').some((version) => at(version, 'version') === 'v1'));
  },
  async 'GET /apis/apps is the group alone'({ api }) {
    const { body } = expect(await api.get('/apis/apps'), 200);
    assert.equal(at(body, 'kind'), 'APIGroup');
    assert.equal(at(body, 'name'), 'apps');
  },
  async 'the core resources tell kind, scope, verbs and short names'({ api }) {
    const { body } = expect(await api.get('/api/v1'), 200);
    assert.equal(at(body, 'kind'), 'APIResourceList');
    assert.equal(at(body, 'groupVersion'), 'v1');
    const pods = resource(body, 'pods');
    assert.equal(at(pods, 'namespaced'), true);
    assert.equal(at(pods, 'kind'), 'Pod');
    assert.equal(at(pods, 'singularName'), 'pod');
    assert.deepEqual(at(pods, 'shortNames'), ['po']);
    assert.ok(listAt(pods, 'categories').includes('all'));
    assert.deepEqual(at(pods, 'verbs'), [
      'create',
      'delete',
      'deletecollection',
      'get',
      'list',
      'patch',
      'update',
      'watch',
    ]);
    assert.equal(at(resource(body, 'namespaces'), 'namespaced'), false);
    assert.deepEqual(at(resource(body, 'pods/log'), 'verbs'), ['get']);
    assert.deepEqual(at(resource(body, 'configmaps'), 'shortNames'), ['cm']);
  },
  async 'subresources are listed with the kind and group-version they speak'({ api }) {
    const { body } = expect(await api.get('/apis/apps/v1'), 200);
    const scale = resource(body, 'deployments/scale');
    assert.equal(at(scale, 'kind'), 'Scale');
    assert.equal(at(scale, 'group'), 'autoscaling');
    assert.equal(at(scale, 'version'), 'v1');
    assert.deepEqual(at(scale, 'verbs'), ['get', 'patch', 'update']);
    assert.equal(at(resource(body, 'deployments/status'), 'kind'), 'Deployment');
  },
  async 'aggregated discovery answers for /api and /apis with every version and resource'({ api }) {
    const core = expect(await api.get('/api', {}, { accept: aggregated }), 200);
    assert.equal(at(core.body, 'kind'), 'APIGroupDiscoveryList');
    assert.equal(at(core.body, 'apiVersion'), 'apidiscovery.k8s.io/v2');
    assert.match(String(core.headers['content-type']), /g=apidiscovery\.k8s\.io/);
    const groups = expect(await api.get('/apis', {}, { accept: aggregated }), 200);
    const apps = listAt(groups.body, 'items').find((group) => at(group, 'metadata.name') === 'apps');
    const deployments = listAt(apps, 'versions.0.resources').find(
      (each) => at(each, 'resource') === 'deployments',
    );
    assert.equal(at(deployments, 'responseKind.kind'), 'Deployment');
    assert.equal(at(deployments, 'scope'), 'Namespaced');
    assert.ok(listAt(deployments, 'subresources').some((each) => at(each, 'subresource') === 'scale'));
  },
  async 'an unknown group, version or resource is 404'({ api }) {
    expect(await api.get('/apis/nobody.example.com/v1'), 404);
    expect(await api.get('/api/v9'), 404);
    expect(await api.get('/api/v1/unicorns'), 404);
  },
  async 'livez and readyz answer ok'({ api }) {
    assert.equal(expect(await api.get('/livez'), 200).text, 'ok');
    assert.equal(expect(await api.get('/readyz'), 200).text, 'ok');
  },
  async 'every group and version has a local APIService'({ api }) {
    const { body } = expect(await api.get('/apis/apiregistration.k8s.io/v1/apiservices/v1.apps'), 200);
    assert.equal(at(body, 'spec.group'), 'apps');
    assert.equal(at(body, 'spec.service'), undefined);
    assert.equal(at(body, 'status.conditions.0.reason'), 'Local');
  },
  async 'a stored resource has a hash of the version it is stored in'({ api }) {
    const { body } = expect(await api.get('/apis/certificates.k8s.io/v1'), 200);
    assert.equal(at(resource(body, 'certificatesigningrequests'), 'storageVersionHash'), '95fRKMXA+00=');
    assert.equal(at(resource(body, 'certificatesigningrequests/status'), 'storageVersionHash'), undefined);
  },
  async 'a timeout that is no duration is refused'({ api, path }) {
    for (const place of ['/version', path('configmaps')]) {
      const { body } = expect(await api.get(place, { timeout: 'soon' }), 400, 'BadRequest');
      assert.equal(
        at(body, 'message'),
        'invalid timeout specified in the request URL - time: invalid duration "soon"',
      );
      expect(await api.get(place, { timeout: '1m30s' }), 200);
    }
  },
};
