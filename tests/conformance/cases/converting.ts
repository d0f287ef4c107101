/** Custom resources whose versions a webhook converts. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { withConverted, converting as convert, type Answer, type Converted } from '../converter.ts';
import { causes, expect, names, type Case, type Scope, type Table } from '../suite.ts';
import { at, listAt, textAt } from '../value.ts';
import { definitions, newGroup, widgetDefinition } from '../widgets.ts';

/** A case with widgets that a webhook of this process converts. */
const converted =
  (work: (scope: Scope, kind: Converted) => Promise<void>): Case =>
  (scope) =>
    scope.target.callsBack
      ? withConverted(scope, (kind) => work(scope, kind))
      : scope.skip('the API server cannot call a webhook of this process');

/** The causes for which a definition with this conversion is refused. */
async function refused({ api }: Scope, conversion: Body): Promise<string[]> {
  const body = widgetDefinition(newGroup(), {}, { conversion });
  return causes(expect(await api.create(definitions, body), 422, 'Invalid'));
}

/** A webhook's answer whose objects have been tampered with. */
const tampering =
  (change: (object: Body) => Body): Answer =>
  (request) => {
    const answer = convert(request);
    // Made by `convert`, whose objects these are.
    const objects = listAt(answer.response, 'convertedObjects') as Body[];
    return { response: { ...answer.response, convertedObjects: objects.map(change) } };
  };

export const converting: Table = {
  'an object is read in every version, and stored in one': converted(async ({ api, name }, kind) => {
    const [one, two] = [name(), name()];
    expect(await api.create(kind.path('v1'), kind.make('v1', one, 7)), 201);
    const made = expect(await api.create(kind.path('v2'), kind.make('v2', two, 8)), 201);
    assert.deepEqual(at(made.body, 'spec'), { dimensions: { size: 8 }, colour: 'red' });
    const read = expect(await api.get(`${kind.path('v2')}/${one}`), 200);
    assert.equal(at(read.body, 'apiVersion'), `${kind.group}/v2`);
    assert.deepEqual(at(read.body, 'spec'), { dimensions: { size: 7 }, colour: 'red' });
    assert.deepEqual(at(expect(await api.get(`${kind.path('v1')}/${two}`), 200).body, 'spec'), {
      size: 8,
      colour: 'red',
    });
  }),
  'a list is of one version, whichever its objects were written in': converted(
    async ({ api, name }, kind) => {
      const [one, two] = [name('a'), name('b')];
      expect(await api.create(kind.path('v1'), kind.make('v1', one, 1)), 201);
      expect(await api.create(kind.path('v2'), kind.make('v2', two, 2)), 201);
      const list = expect(await api.get(kind.path('v2')), 200);
      assert.deepEqual(
        listAt(list.body, 'items').map((item) => at(item, 'spec.dimensions.size')),
        [1, 2],
      );
      const selected = expect(
        await api.get(kind.path('v2'), { fieldSelector: 'spec.dimensions.size=2' }),
        200,
      );
      assert.deepEqual(names(selected), [two]);
    },
  ),
  'a watch tells of changes in its own version': converted(async ({ api, name }, kind) => {
    const { body } = expect(await api.get(kind.path('v2')), 200);
    const watch = await api.watch(kind.path('v2'), {
      resourceVersion: textAt(body, 'metadata.resourceVersion'),
    });
    const one = name();
    expect(await api.create(kind.path('v1'), kind.make('v1', one, 1)), 201);
    const patch = { spec: { size: 2 } };
    expect(await api.patch(`${kind.path('v1')}/${one}`, 'merge', patch), 200);
    expect(await api.remove(`${kind.path('v1')}/${one}`), 200);
    for (const [type, size] of [
      ['ADDED', 1],
      ['MODIFIED', 2],
      ['DELETED', 2],
    ]) {
      const event = await watch.next();
      assert.equal(event.type, type);
      assert.equal(at(event.object, 'apiVersion'), `${kind.group}/v2`);
      assert.equal(at(event.object, 'spec.dimensions.size'), size);
    }
    watch.close();
  }),
  'patches, applies and the status go through the version they name': converted(
    async ({ api, name }, kind) => {
      const one = name();
      expect(await api.apply(`${kind.path('v2')}/${one}`, kind.make('v2', one, 3), 'tester'), 201);
      const patch = { spec: { dimensions: { size: 4 } } };
      const patched = expect(await api.patch(`${kind.path('v2')}/${one}`, 'merge', patch), 200);
      assert.equal(at(patched.body, 'spec.dimensions.size'), 4);
      assert.equal(at(patched.body, 'metadata.generation'), 2);
      const status = { status: { seen: true } };
      expect(await api.patch(`${kind.path('v2')}/${one}/status`, 'merge', status), 200);
      const read = expect(await api.get(`${kind.path('v1')}/${one}`), 200);
      assert.equal(at(read.body, 'spec.size'), 4);
      assert.equal(at(read.body, 'status.seen'), true);
      const tooLarge = await api.patch(`${kind.path('v2')}/${one}`, 'merge', {
        spec: { dimensions: { size: 101 } },
      });
      assert.match(causes(expect(tooLarge, 422, 'Invalid')).join(), /^spec\.dimensions\.size: /);
    },
  ),
  'a conversion changes labels and annotations, and nothing else of the metadata': converted(
    async ({ api, name }, kind) => {
      const one = name();
      const metadata = { labels: { a: '1' }, finalizers: ['example.com/kept'] };
      expect(await api.create(kind.path('v1'), kind.make('v1', one, 1, metadata)), 201);
      kind.answerWith(
        tampering((object) => ({
          ...object,
          metadata: {
            name: at(object, 'metadata.name'),
            namespace: at(object, 'metadata.namespace'),
            uid: at(object, 'metadata.uid'),
            generation: 99,
            labels: { a: '2' },
            annotations: { note: 'converted' },
          },
        })),
      );
      const { body } = expect(await api.get(`${kind.path('v2')}/${one}`), 200);
      assert.deepEqual(at(body, 'metadata.labels'), { a: '2' });
      assert.deepEqual(at(body, 'metadata.annotations'), { note: 'converted' });
      assert.deepEqual(at(body, 'metadata.finalizers'), ['example.com/kept']);
      assert.equal(at(body, 'metadata.generation'), 1);
      kind.answerWith(undefined);
      expect(await api.patch(`${kind.path('v1')}/${one}`, 'merge', { metadata: { finalizers: null } }), 200);
    },
  ),
  'a webhook that fails or answers with something else is told of in its words': converted(
    async ({ api, name }, kind) => {
      const failures: Readonly<Record<string, Answer>> = {
        'failed: not today': () => ({ response: { result: { status: 'Failure', message: 'not today' } } }),
        "failed: response.result.status was '', not 'Success'": () => ({ response: {} }),
        'failed: no response provided': () => ({}),
        'returned 0 objects, expected 1': () => ({ response: { result: { status: 'Success' } } }),
        'failed: expected response.uid=': (request) => ({
          response: { ...convert(request).response, uid: 'another' },
        }),
        'returned invalid object at index 0: invalid groupVersion': tampering((object) => ({
          ...object,
          apiVersion: `${kind.group}/v1`,
        })),
        'returned invalid object: must have the same name:': tampering((object) => ({
          ...object,
          metadata: { ...(at(object, 'metadata') as Body), name: 'another' },
        })),
        'returned invalid object: must have the same name': tampering(({ apiVersion, kind: same }) => ({
          apiVersion,
          kind: same,
        })),
      };
      for (const [message, answer] of Object.entries(failures)) {
        kind.answerWith(answer);
        // A new object, so that nothing converted before can stand for it.
        const reply = expect(await api.create(kind.path('v2'), kind.make('v2', name(), 1)), 500);
        assert.ok(
          textAt(reply.body, 'message').includes(`, Kind=Widget ${message}`),
          `${message}\n${reply.text}`,
        );
      }
    },
  ),
  async 'where the webhook is must be said, and how to speak to it'(scope) {
    const client = 'spec.conversion.webhookClientConfig';
    const webhook = (clientConfig: Body, conversionReviewVersions = ['v1']) => ({
      strategy: 'Webhook',
      webhook: { clientConfig, conversionReviewVersions },
    });
    assert.deepEqual(await refused(scope, { strategy: 'Webhook' }), [
      `${client}: Required value: required when strategy is set to Webhook`,
      'spec.conversion.conversionReviewVersions: Required value',
    ]);
    assert.deepEqual(await refused(scope, webhook({})), [
      `${client}: Required value: exactly one of url or service is required`,
    ]);
    assert.deepEqual(await refused(scope, webhook({ url: 'http://u:p@127.0.0.1/x?y=1#z' })), [
      `${client}.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
      `${client}.url: Invalid value: "u:p": user information is not permitted in the URL`,
      `${client}.url: Invalid value: "z": fragments are not permitted in the URL`,
      `${client}.url: Invalid value: "y=1": query parameters are not permitted in the URL`,
    ]);
    const service = { name: 'hook', namespace: 'default', path: '//a', port: 70_000 };
    assert.deepEqual(await refused(scope, webhook({ service })), [
      `${client}.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive`,
      `${client}.service.path: Invalid value: "//a": segment[0] may not be empty`,
    ]);
    assert.deepEqual(await refused(scope, webhook({ url: 'https://127.0.0.1/' }, ['v9', 'v9'])), [
      'spec.conversion.conversionReviewVersions[1]: Invalid value: "v9": duplicate version',
      'spec.conversion.conversionReviewVersions: Invalid value: ["v9","v9"]: must include at least one of v1, v1beta1',
    ]);
    assert.deepEqual(await refused(scope, { ...webhook({ url: 'https://127.0.0.1/' }), strategy: 'None' }), [
      `${client}: Forbidden: should not be set when strategy is not set to Webhook`,
      'spec.conversion.conversionReviewVersions: Forbidden: should not be set when strategy is not set to Webhook',
    ]);
  },
  'an authority that cannot be read is refused once the kind is served': converted(async ({ api }, kind) => {
    const caBundle = Buffer.from('no PEM').toString('base64');
    const patch = { spec: { conversion: { webhook: { clientConfig: { caBundle } } } } };
    const reply = expect(
      await api.patch(`${definitions}/${kind.definition}`, 'merge', patch),
      422,
      'Invalid',
    );
    assert.deepEqual(causes(reply), [
      'spec.conversion.webhookClientConfig.caBundle: Invalid value: "bm8gUEVN": unable to load root certificates: unable to parse bytes as PEM block',
    ]);
  }),
};
