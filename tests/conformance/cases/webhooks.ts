/** The configurations of admission webhooks, as far as they are checked when they are written. */
import assert from 'node:assert/strict';
import type { Body } from '../client.ts';
import { causes, expect, type Scope, type Table } from '../suite.ts';
import { at } from '../value.ts';

const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** A configuration of one webhook that concerns nothing. */
function configuration(name: string, webhook: Body): Body {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'nothing.example.com',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [
          {
            operations: ['CREATE'],
            apiGroups: ['nobody.example.com'],
            apiVersions: ['v1'],
            resources: ['nothings'],
          },
        ],
        ...webhook,
      },
    ],
  };
}

async function refused({ api, name }: Scope, webhook: Body): Promise<string[]> {
  const reply = await api.create(path, configuration(name(), webhook), { dryRun: 'All' });
  return causes(expect(reply, 422, 'Invalid'));
}

export const webhooks: Table = {
  async 'what a configuration leaves open is filled in'({ api, name }) {
    const clientConfig = { service: { name: 'hook', namespace: 'default' } };
    const { body } = expect(
      await api.create(path, configuration(name(), { clientConfig }), { dryRun: 'All' }),
      201,
    );
    const webhook = at(body, 'webhooks.0');
    assert.equal(at(webhook, 'clientConfig.service.port'), 443);
    assert.equal(at(webhook, 'matchPolicy'), 'Equivalent');
    assert.equal(at(webhook, 'timeoutSeconds'), 10);
    assert.equal(at(webhook, 'rules.0.scope'), '*');
  },
  async 'a condition that does not compile is refused'(scope) {
    const [cause = ''] = await refused(scope, {
      matchConditions: [{ name: 'bad', expression: '... [] no' }],
    });
    assert.match(
      cause,
      /^webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: "\.\.\. \[\] no": compilation failed: ERROR: <input>:1:\d: Syntax error/,
    );
    const [wrong = ''] = await refused(scope, { matchConditions: [{ name: 'number', expression: '1 + 1' }] });
    assert.match(wrong, /must evaluate to bool/);
  },
  async 'conditions know the object, the one before it and the request'({ api, name }) {
    const expression =
      "request.operation == 'CREATE' && oldObject == null && object.metadata.name.startsWith('a')";
    const webhook = { matchConditions: [{ name: 'good', expression }] };
    expect(await api.create(path, configuration(name(), webhook), { dryRun: 'All' }), 201);
  },
  async 'where the webhook is must be said in one way'(scope) {
    assert.deepEqual(await refused(scope, { clientConfig: {} }), [
      'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
    ]);
    assert.deepEqual(await refused(scope, { clientConfig: { url: 'http://example.com/' } }), [
      `webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    ]);
  },
};
