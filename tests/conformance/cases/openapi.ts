/** OpenAPI v3: the documents that kubectl explain, apply and diff read. */
import assert from 'node:assert/strict';
import { eventually, expect, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';

export const openApi: Table = {
  async 'GET /openapi/v3 lists a document for each group-version with a hash'({ api }) {
    const { body } = expect(await api.get('/openapi/v3'), 200);
    for (const path of ['api/v1', 'apis/apps/v1', 'apis/apiextensions.k8s.io/v1']) {
      assert.match(
        textAt(body, `paths[${path}].serverRelativeURL`),
        new RegExp(`^/openapi/v3/${path}\\?hash=[0-9A-F]+$`),
      );
    }
  },
  async 'a document has the schemas with their merge keys and kinds'({ api }) {
    const { body } = expect(await api.get('/openapi/v3/apis/apps/v1'), 200);
    assert.match(textAt(body, 'openapi'), /^3\.0/);
    const containers = at(body, 'components.schemas[io.k8s.api.core.v1.PodSpec].properties.containers');
    assert.equal(at(containers, 'x-kubernetes-patch-merge-key'), 'name');
    assert.deepEqual(at(containers, 'x-kubernetes-list-map-keys'), ['name']);
    const kinds = listAt(
      body,
      'components.schemas[io.k8s.api.apps.v1.Deployment].x-kubernetes-group-version-kind',
    );
    assert.deepEqual(kinds, [{ group: 'apps', kind: 'Deployment', version: 'v1' }]);
  },
  async 'the patch operation of a kind names its patch types and fieldValidation'({ api }) {
    const { body } = expect(await api.get('/openapi/v3/apis/apps/v1'), 200);
    const patch = at(body, 'paths[/apis/apps/v1/namespaces/{namespace}/deployments/{name}].patch');
    assert.equal(at(patch, 'x-kubernetes-group-version-kind.kind'), 'Deployment');
    assert.ok(at(patch, 'requestBody.content[application/strategic-merge-patch+json]'));
    assert.ok(at(patch, 'requestBody.content[application/apply-patch+yaml]'));
    assert.ok(listAt(patch, 'parameters').some((parameter) => at(parameter, 'name') === 'fieldValidation'));
  },
  async 'descriptions are there for explain'({ api }) {
    const { body } = expect(await api.get('/openapi/v3/api/v1'), 200);
    assert.match(
      textAt(body, 'components.schemas[io.k8s.api.core.v1.ConfigMap].description'),
      /configuration data/,
    );
  },
  async 'an unknown document is 404'({ api }) {
    expect(await api.get('/openapi/v3/apis/nobody.example.com/v1'), 404);
  },
  async 'version 2 has the definitions of every kind, and a hash by which it need not be sent twice'({
    api,
  }) {
    const reply = expect(await api.get('/openapi/v2'), 200);
    assert.equal(at(reply.body, 'swagger'), '2.0');
    const map = at(reply.body, 'definitions[io.k8s.api.core.v1.ConfigMap]');
    assert.deepEqual(at(map, 'x-kubernetes-group-version-kind'), [
      { group: '', kind: 'ConfigMap', version: 'v1' },
    ]);
    assert.equal(
      at(map, 'properties.metadata.$ref'),
      '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
    );
    assert.equal(at(reply.body, 'definitions[io.k8s.apimachinery.pkg.api.resource.Quantity].type'), 'string');
    // Whoever defines a kind meanwhile makes another document of it.
    let { etag } = reply.headers;
    await eventually(
      async () => {
        const again = await api.get('/openapi/v2', {}, { 'if-none-match': String(etag) });
        etag = again.headers.etag;
        return again;
      },
      ({ status }) => status === 304,
      'the same document not to be sent again',
    );
  },
};
