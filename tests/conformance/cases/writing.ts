/** Creating and replacing objects. */
import assert from 'node:assert/strict';
import { causes, configMap, deployment, expect, type Table } from '../suite.ts';
import { at, textAt } from '../value.ts';

export const writing: Table = {
  async 'a created object gets uid, resourceVersion, creationTimestamp and managedFields'({
    api,
    path,
    name,
    namespace,
  }) {
    const { body } = expect(await api.create(path('configmaps'), configMap(name(), { a: '1' })), 201);
    assert.equal(at(body, 'kind'), 'ConfigMap');
    assert.equal(at(body, 'apiVersion'), 'v1');
    assert.equal(at(body, 'metadata.namespace'), namespace);
    assert.match(
      textAt(body, 'metadata.uid'),
      /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    );
    assert.match(textAt(body, 'metadata.resourceVersion'), /^\d+$/);
    assert.match(textAt(body, 'metadata.creationTimestamp'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.equal(at(body, 'metadata.managedFields.0.operation'), 'Update');
    assert.equal(at(body, 'metadata.managedFields.0.manager'), 'conformance');
    assert.deepEqual(at(body, 'metadata.managedFields.0.fieldsV1'), { 'f:data': { '.': {}, 'f:a': {} } });
  },
  async 'creating an object twice is AlreadyExists'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    const { body } = expect(await api.create(path('configmaps'), configMap(map)), 409, 'AlreadyExists');
    assert.equal(at(body, 'message'), `configmaps "${map}" already exists`);
    assert.equal(at(body, 'details.name'), map);
    assert.equal(at(body, 'details.kind'), 'configmaps');
  },
  async 'a missing object is NotFound with its name and resource'({ api, path }) {
    const { body } = expect(await api.get(`${path('configmaps')}/nothing`), 404, 'NotFound');
    assert.equal(at(body, 'message'), 'configmaps "nothing" not found');
    assert.equal(at(body, 'apiVersion'), 'v1');
    assert.equal(at(body, 'status'), 'Failure');
    assert.deepEqual(at(body, 'details'), { name: 'nothing', kind: 'configmaps' });
    const inGroup = expect(await api.get(`${path('deployments', 'apps/v1')}/nothing`), 404, 'NotFound');
    assert.equal(at(inGroup.body, 'message'), 'deployments.apps "nothing" not found');
    assert.deepEqual(at(inGroup.body, 'details'), { name: 'nothing', group: 'apps', kind: 'deployments' });
  },
  async 'generateName makes a name that is free'({ api, path }) {
    const make = () =>
      api.create(path('configmaps'), {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { generateName: 'made-' },
      });
    const [one, two] = [expect(await make(), 201), expect(await make(), 201)];
    assert.match(textAt(one.body, 'metadata.name'), /^made-[a-z0-9]{5}$/);
    assert.equal(at(one.body, 'metadata.generateName'), 'made-');
    assert.notEqual(at(one.body, 'metadata.name'), at(two.body, 'metadata.name'));
  },
  async 'an object without any name is refused'({ api, path }) {
    const reply = expect(
      await api.create(path('configmaps'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }),
      422,
      'Invalid',
    );
    assert.match(causes(reply).join(), /metadata\.name: Required value: name or generateName is required/);
  },
  async 'a name that is no DNS subdomain is refused with the rule'({ api, path }) {
    const reply = expect(await api.create(path('configmaps'), configMap('Not_A_Name')), 422, 'Invalid');
    assert.match(
      textAt(reply.body, 'message'),
      /^ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of/,
    );
    assert.equal(at(reply.body, 'details.causes.0.reason'), 'FieldValueInvalid');
    assert.equal(at(reply.body, 'details.causes.0.field'), 'metadata.name');
  },
  async 'an invalid label is refused'({ api, path, name }) {
    const reply = expect(
      await api.create(path('configmaps'), configMap(name(), {}, { labels: { 'a b': 'c' } })),
      422,
      'Invalid',
    );
    assert.match(causes(reply).join(), /metadata\.labels: Invalid value: "a b"/);
  },
  async 'creating in a namespace that is not there is NotFound'({ api, name }) {
    const { body } = expect(
      await api.create('/api/v1/namespaces/nowhere-at-all/configmaps', configMap(name())),
      404,
      'NotFound',
    );
    assert.equal(at(body, 'message'), 'namespaces "nowhere-at-all" not found');
  },
  async 'a namespace in the body that differs from the URL is a bad request'({ api, path, name }) {
    const { body } = expect(
      await api.create(path('configmaps'), configMap(name(), {}, { namespace: 'default' })),
      400,
      'BadRequest',
    );
    assert.match(
      textAt(body, 'message'),
      /the namespace of the provided object does not match the namespace sent on the request/,
    );
  },
  async 'a body of another kind is a bad request'({ api, path, name }) {
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: name() } };
    const reply = expect(await api.create(path('configmaps'), body), 400, 'BadRequest');
    assert.match(textAt(reply.body, 'message'), /cannot be handled as a ConfigMap/);
  },
  async 'a body that is no JSON is a bad request'({ api, path }) {
    expect(
      await api.send('POST', path('configmaps'), {
        body: '{"kind": ',
        headers: { 'content-type': 'application/json' },
      }),
      400,
      'BadRequest',
    );
  },
  async 'a media type nobody speaks is 415'({ api, path }) {
    const reply = await api.send('POST', path('configmaps'), {
      body: 'hello',
      headers: { 'content-type': 'text/plain' },
    });
    expect(reply, 415, 'UnsupportedMediaType');
  },
  async 'YAML bodies are understood'({ api, path, name }) {
    const map = name();
    const yaml = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${map}\ndata:\n  answer: "42"\n`;
    const { body } = expect(
      await api.send('POST', path('configmaps'), {
        body: yaml,
        headers: { 'content-type': 'application/yaml' },
      }),
      201,
    );
    assert.equal(at(body, 'data.answer'), '42');
  },
  async 'a wrong method on a collection is 405'({ api, path }) {
    expect(await api.send('PUT', path('configmaps'), { body: configMap('x') }), 405, 'MethodNotAllowed');
  },
  async 'replacing writes the whole object and moves its resourceVersion'({ api, path, name }) {
    const map = name();
    const made = expect(await api.create(path('configmaps'), configMap(map, { a: '1', b: '2' })), 201);
    const { body } = expect(
      await api.replace(`${path('configmaps')}/${map}`, configMap(map, { c: '3' })),
      200,
    );
    assert.deepEqual(at(body, 'data'), { c: '3' });
    assert.equal(at(body, 'metadata.uid'), at(made.body, 'metadata.uid'));
    assert.notEqual(at(body, 'metadata.resourceVersion'), at(made.body, 'metadata.resourceVersion'));
  },
  async 'replacing with what is there already changes nothing'({ api, path, name }) {
    const map = name();
    const made = expect(await api.create(path('configmaps'), configMap(map, { a: '1' })), 201);
    const again = expect(await api.replace(`${path('configmaps')}/${map}`, made.body), 200);
    assert.equal(at(again.body, 'metadata.resourceVersion'), at(made.body, 'metadata.resourceVersion'));
  },
  async 'replacing with an old resourceVersion is a Conflict'({ api, path, name }) {
    const map = name();
    const made = expect(await api.create(path('configmaps'), configMap(map, { a: '1' })), 201);
    expect(await api.replace(`${path('configmaps')}/${map}`, configMap(map, { a: '2' })), 200);
    const old = configMap(
      map,
      { a: '3' },
      { resourceVersion: textAt(made.body, 'metadata.resourceVersion') },
    );
    const { body } = expect(await api.replace(`${path('configmaps')}/${map}`, old), 409, 'Conflict');
    assert.equal(
      at(body, 'message'),
      `Operation cannot be fulfilled on configmaps "${map}": the object has been modified; please apply your changes to the latest version and try again`,
    );
  },
  async 'replacing with another uid is a Conflict'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    const stranger = configMap(map, {}, { uid: '00000000-0000-0000-0000-000000000000' });
    expect(await api.replace(`${path('configmaps')}/${map}`, stranger), 409, 'Conflict');
  },
  async 'replacing an object that is not there is NotFound'({ api, path, name }) {
    const map = name();
    expect(await api.replace(`${path('configmaps')}/${map}`, configMap(map)), 404, 'NotFound');
  },
  async 'a name in the body that differs from the URL is a bad request'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), configMap(map)), 201);
    const { body } = expect(
      await api.replace(`${path('configmaps')}/${map}`, configMap('other')),
      400,
      'BadRequest',
    );
    assert.match(
      textAt(body, 'message'),
      /the name of the object \(other\) does not match the name on the URL/,
    );
  },
  async 'uid and creationTimestamp cannot be changed by a write'({ api, path, name }) {
    const map = name();
    const made = expect(await api.create(path('configmaps'), configMap(map)), 201);
    const { body } = expect(
      await api.replace(
        `${path('configmaps')}/${map}`,
        configMap(map, {}, { creationTimestamp: '2001-01-01T00:00:00Z' }),
      ),
      200,
    );
    assert.equal(at(body, 'metadata.creationTimestamp'), at(made.body, 'metadata.creationTimestamp'));
  },
  async 'generation grows with the spec and only with it'({ api, path, name }) {
    const app = name();
    const url = `${path('deployments', 'apps/v1')}/${app}`;
    const made = expect(
      await api.create(path('deployments', 'apps/v1'), deployment(app, { replicas: 0 })),
      201,
    );
    assert.equal(at(made.body, 'metadata.generation'), 1);
    const labelled = expect(await api.patch(url, 'merge', { metadata: { labels: { a: 'b' } } }), 200);
    assert.equal(at(labelled.body, 'metadata.generation'), 1);
    const changed = expect(await api.patch(url, 'merge', { spec: { minReadySeconds: 1 } }), 200);
    assert.equal(at(changed.body, 'metadata.generation'), 2);
  },
  async 'a write to the object does not touch its status'({ api, path, name }) {
    const app = name();
    const url = `${path('deployments', 'apps/v1')}/${app}`;
    expect(
      await api.create(path('deployments', 'apps/v1'), {
        ...deployment(app, { replicas: 0 }),
        status: { replicas: 7 },
      }),
      201,
    );
    const { body } = expect(await api.patch(url, 'merge', { status: { replicas: 9 } }), 200);
    assert.notEqual(at(body, 'status.replicas'), 9);
    assert.notEqual(at(body, 'status.replicas'), 7);
  },
  async 'defaults of built-in kinds are filled in'({ api, path, name }) {
    const app = name();
    const { body } = expect(await api.create(path('deployments', 'apps/v1'), deployment(app)), 201);
    assert.equal(at(body, 'spec.replicas'), 1);
    assert.deepEqual(at(body, 'spec.strategy'), {
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
    });
    assert.equal(at(body, 'spec.progressDeadlineSeconds'), 600);
    assert.equal(at(body, 'spec.revisionHistoryLimit'), 10);
    const pod = at(body, 'spec.template.spec');
    assert.equal(at(pod, 'restartPolicy'), 'Always');
    assert.equal(at(pod, 'terminationGracePeriodSeconds'), 30);
    assert.equal(at(pod, 'dnsPolicy'), 'ClusterFirst');
    assert.equal(at(pod, 'containers.0.terminationMessagePath'), '/dev/termination-log');
    expect(await api.remove(`${path('deployments', 'apps/v1')}/${app}`), 200);
  },
  async 'the selector of a Deployment is immutable'({ api, path, name }) {
    const app = name();
    const url = `${path('deployments', 'apps/v1')}/${app}`;
    expect(await api.create(path('deployments', 'apps/v1'), deployment(app, { replicas: 0 })), 201);
    const change = {
      spec: {
        selector: { matchLabels: { app: 'other' } },
        template: { metadata: { labels: { app: 'other' } } },
      },
    };
    const reply = expect(await api.patch(url, 'merge', change), 422, 'Invalid');
    assert.match(causes(reply).join(), /spec\.selector: Invalid value: .*: field is immutable/);
  },
  async 'a Deployment whose template does not match its selector is refused'({ api, path, name }) {
    const app = name();
    const reply = expect(
      await api.create(
        path('deployments', 'apps/v1'),
        deployment(app, { selector: { matchLabels: { app: 'other' } } }),
      ),
      422,
      'Invalid',
    );
    assert.match(
      causes(reply).join(),
      /spec\.template\.metadata\.labels: Invalid value: .*`selector` does not match template `labels`/,
    );
  },
  async 'an immutable ConfigMap keeps its data'({ api, path, name }) {
    const map = name();
    expect(await api.create(path('configmaps'), { ...configMap(map, { a: '1' }), immutable: true }), 201);
    const reply = expect(
      await api.patch(`${path('configmaps')}/${map}`, 'merge', { data: { a: '2' } }),
      422,
      'Invalid',
    );
    assert.match(causes(reply).join(), /data: Forbidden: field is immutable when `immutable` is set/);
  },
  async 'stringData of a Secret becomes data, and data must be base64'({ api, path, name }) {
    const secret = (more: Record<string, unknown>) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: name() },
      ...more,
    });
    const { body } = expect(await api.create(path('secrets'), secret({ stringData: { key: 'value' } })), 201);
    assert.deepEqual(at(body, 'data'), { key: Buffer.from('value').toString('base64') });
    assert.equal(at(body, 'stringData'), undefined);
    assert.equal(at(body, 'type'), 'Opaque');
    expect(await api.create(path('secrets'), secret({ data: { key: '###' } })), 400, 'BadRequest');
    const empty = expect(await api.create(path('secrets'), secret({ data: { key: '' } })), 201);
    assert.deepEqual(at(empty.body, 'data'), { key: '' });
  },
  async 'a dry run answers as if, and stores nothing'({ api, path, name }) {
    const map = name();
    const { body } = expect(
      await api.create(path('configmaps'), configMap(map, { a: '1' }), { dryRun: 'All' }),
      201,
    );
    assert.equal(at(body, 'data.a'), '1');
    assert.ok(textAt(body, 'metadata.uid') !== '');
    expect(await api.get(`${path('configmaps')}/${map}`), 404);
    const made = expect(await api.create(path('configmaps'), configMap(map, { a: '1' })), 201);
    expect(
      await api.patch(`${path('configmaps')}/${map}`, 'merge', { data: { a: '2' } }, { dryRun: 'All' }),
      200,
    );
    const after = expect(await api.get(`${path('configmaps')}/${map}`), 200);
    assert.equal(at(after.body, 'data.a'), '1');
    assert.equal(at(after.body, 'metadata.resourceVersion'), at(made.body, 'metadata.resourceVersion'));
  },
  async 'an unknown dryRun value is a bad request'({ api, path, name }) {
    const reply = await api.create(path('configmaps'), configMap(name()), { dryRun: 'Maybe' });
    assert.ok(reply.status === 422 || reply.status === 400, reply.text);
  },
  async 'strict field validation names unknown and duplicate fields'({ api, path, name }) {
    const unknown = expect(
      await api.create(path('configmaps'), { ...configMap(name()), spec: {} }, { fieldValidation: 'Strict' }),
      400,
      'BadRequest',
    );
    assert.match(textAt(unknown.body, 'message'), /strict decoding error: unknown field "spec"/);
    const twice = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name()}"},"data":{"a":"1","a":"2"}}`;
    const headers = { 'content-type': 'application/json' };
    const duplicate = expect(
      await api.send('POST', path('configmaps'), {
        body: twice,
        query: { fieldValidation: 'Strict' },
        headers,
      }),
      400,
      'BadRequest',
    );
    assert.match(textAt(duplicate.body, 'message'), /strict decoding error: duplicate field "data\.a"/);
  },
  async 'warning field validation stores the object and warns'({ api, path, name }) {
    const reply = expect(
      await api.create(path('configmaps'), { ...configMap(name()), spec: {} }, { fieldValidation: 'Warn' }),
      201,
    );
    assert.match(String(reply.headers['warning']), /^299 - "unknown field \\"spec\\""/);
    assert.equal(at(reply.body, 'spec'), undefined);
  },
  async 'ignoring field validation drops unknown fields silently'({ api, path, name }) {
    const reply = expect(
      await api.create(path('configmaps'), { ...configMap(name()), spec: {} }, { fieldValidation: 'Ignore' }),
      201,
    );
    assert.equal(reply.headers['warning'], undefined);
    assert.equal(at(reply.body, 'spec'), undefined);
  },
  async 'a value of the wrong type is a bad request'({ api, path, name }) {
    const reply = expect(
      await api.create(path('deployments', 'apps/v1'), deployment(name(), { replicas: 'many' })),
      400,
      'BadRequest',
    );
    assert.match(textAt(reply.body, 'message'), /cannot unmarshal string into Go .*replicas of type int32/);
  },
  async 'a Lease keeps its times to the microsecond'({ api, path, name }) {
    const lease = name();
    const spec = { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2026-01-02T03:04:05.678901Z' };
    const url = `${path('leases', 'coordination.k8s.io/v1')}`;
    const made = expect(
      await api.create(url, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: lease },
        spec,
      }),
      201,
    );
    assert.equal(at(made.body, 'spec.renewTime'), '2026-01-02T03:04:05.678901Z');
    const stale = { ...(made.body as Record<string, unknown>), spec: { ...spec, holderIdentity: 'you' } };
    expect(await api.replace(`${url}/${lease}`, stale), 200);
    expect(await api.replace(`${url}/${lease}`, stale), 409, 'Conflict');
  },
  async 'events are kept and can be selected by the object they are about'({ api, path, name, namespace }) {
    const [event, pod] = [name('e'), name('p')];
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: event },
      involvedObject: { kind: 'Pod', name: pod, namespace },
      reason: 'Testing',
      message: 'a test',
      type: 'Normal',
      source: { component: 'conformance' },
    };
    expect(await api.create(path('events'), body), 201);
    const found = expect(
      await api.get(path('events'), { fieldSelector: `involvedObject.name=${pod},type=Normal` }),
      200,
    );
    assert.equal(at(found.body, 'items.0.reason'), 'Testing');
    const others = expect(
      await api.get(path('events'), { fieldSelector: `involvedObject.name=${pod},reason!=Testing` }),
      200,
    );
    assert.deepEqual(at(others.body, 'items'), []);
  },
  async 'an event of the old group is an event of the new one'({ api, path, name, namespace }) {
    const event = name('e');
    const body = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: event },
      involvedObject: { kind: 'Pod', name: 'p', namespace },
      reason: 'Testing',
      message: 'a test',
      type: 'Normal',
    };
    expect(await api.create(path('events'), body), 201);
    const { body: other } = expect(await api.get(`${path('events', 'events.k8s.io/v1')}/${event}`), 200);
    assert.equal(at(other, 'note'), 'a test');
    assert.equal(at(other, 'regarding.kind'), 'Pod');
  },
  async 'what is wrong with a text is told in the order in which it stands there'({ api, path, name }) {
    const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name()}","odd":{"a":1,"a":2}},"data":{"x":"1","x":"2"},"odder":1}`;
    const strict = await api.send('POST', path('configmaps'), { query: { fieldValidation: 'Strict' }, body });
    assert.equal(
      at(expect(strict, 400, 'BadRequest').body, 'message'),
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.odd", duplicate field "data.x", unknown field "odder"',
    );
    const warned = expect(await api.send('POST', path('configmaps'), { body }), 201);
    assert.match(
      String(warned.headers['warning']),
      /unknown field \\"metadata\.odd\\".*duplicate field \\"data\.x\\"/,
    );
  },
  async 'a key that stands twice in YAML is told of with its line'({ api, path, name }) {
    const map = name();
    const body = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${map}\ndata:\n  a: "1"\n  a: "2"\n`;
    const headers = { 'content-type': 'application/yaml' };
    const query = { fieldValidation: 'Strict' };
    const strict = await api.send('POST', path('configmaps'), { query, headers, body });
    assert.equal(
      at(expect(strict, 400, 'BadRequest').body, 'message'),
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 7: key "a" already set in map',
    );
    const applied = await api.send('PATCH', `${path('configmaps')}/${map}`, {
      query: { ...query, fieldManager: 'tester' },
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body,
    });
    assert.equal(
      at(expect(applied, 400, 'BadRequest').body, 'message'),
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "a" already set in map',
    );
    const warned = expect(await api.send('POST', path('configmaps'), { headers, body }), 201);
    assert.equal(at(warned.body, 'data.a'), '2');
    assert.equal(warned.headers['warning'], String.raw`299 - "line 7: key \"a\" already set in map"`);
  },
  async 'an apply may be YAML that only looks like JSON'({ api, path, name }) {
    const map = name();
    const body = `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "${map}",}, "data": {a: "1"},}`;
    const reply = await api.send('PATCH', `${path('configmaps')}/${map}`, {
      query: { fieldManager: 'tester' },
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body,
    });
    assert.deepEqual(at(expect(reply, 201).body, 'data'), { a: '1' });
  },
};
