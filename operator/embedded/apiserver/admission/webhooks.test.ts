import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { loadCertificates } from '../certificates.ts';
import { at, fields, text, type Json, type JsonObject } from '../objects.ts';
import { withServer, type TestServer } from '../testing/server.ts';

type Verdict = (request: JsonObject) => JsonObject;

interface Hook {
  readonly port: number;
  readonly caBundle: string;
  readonly asked: JsonObject[];
}

/** A webhook that answers every review by a function. */
async function withHook(verdict: Verdict, work: (hook: Hook) => Promise<void>): Promise<void> {
  const directory = ownFolder('webhook');
  const { serving, authority } = loadCertificates(directory);
  const asked: JsonObject[] = [];
  const server = createServer({ key: serving.key, cert: serving.certificate }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const review = fields(JSON.parse(Buffer.concat(parts).toString()) as Json);
      const question = fields(review['request']);
      asked.push(question);
      response.end(
        JSON.stringify({
          ...review,
          request: undefined,
          response: { uid: question['uid'], ...verdict(question) },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    // It listens on TCP.
    const { port } = server.address() as AddressInfo;
    await work({ port, asked, caBundle: Buffer.from(authority.certificate).toString('base64') });
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  }
}

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const MAPS = '/api/v1/namespaces/default/configmaps';

function configure(
  { call }: TestServer,
  plural: string,
  kind: string,
  clientConfig: JsonObject,
  more: JsonObject = {},
) {
  const rule = {
    operations: ['CREATE', 'UPDATE'],
    apiGroups: [''],
    apiVersions: ['v1'],
    resources: ['configmaps'],
  };
  const webhook = {
    name: 'maps.example.com',
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    rules: [rule],
    clientConfig,
    ...more,
  };
  return call('POST', `${GROUP}/${plural}`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'hook' },
    webhooks: [webhook],
  });
}

const validating = (api: TestServer, config: JsonObject, more?: JsonObject) =>
  configure(api, 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', config, more);

const named = (name: string): JsonObject => ({ metadata: { name } });

test('what a validating webhook denies is not stored, and its words and warnings are told', () =>
  withHook(
    ({ object }) => ({
      allowed: at(object, 'metadata', 'name') !== 'bad',
      status: { code: 403, message: 'no such names here' },
      warnings: ['think again'],
    }),
    (hook) =>
      withServer(async (api) => {
        await validating(api, { url: `https://127.0.0.1:${hook.port}/check`, caBundle: hook.caBundle });
        const refused = await api.call('POST', MAPS, named('bad'));
        assert.equal(refused.status, 403);
        assert.equal(
          refused.body['message'],
          'admission webhook "maps.example.com" denied the request: no such names here',
        );
        assert.match(String(refused.headers['warning']), /299 - "think again"/);
        assert.equal((await api.call('GET', `${MAPS}/bad`)).status, 404);
        assert.equal((await api.call('POST', MAPS, named('good'))).status, 201);
        assert.deepEqual(
          hook.asked.map((question) => question['operation']),
          ['CREATE', 'CREATE'],
        );
      }),
  ));

test('a webhook behind a Service is found by its endpoints and asked under the name of the Service', () =>
  withHook(
    () => ({ allowed: false }),
    (hook) =>
      withServer(async (api) => {
        const service = {
          metadata: { name: 'localhost' },
          spec: { ports: [{ port: 443, targetPort: 9443 }] },
        };
        await api.call('POST', '/api/v1/namespaces/default/services', service);
        await api.call('POST', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
          metadata: { name: 'a', labels: { 'kubernetes.io/service-name': 'localhost' } },
          addressType: 'IPv4',
          endpoints: [{ addresses: ['127.0.0.1'] }],
          ports: [{ name: '', port: hook.port }],
        });
        // The certificate is for `kubernetes.default.svc`, not for this Service: the call must fail for that reason alone.
        await validating(api, {
          caBundle: hook.caBundle,
          service: { namespace: 'default', name: 'localhost', path: '/check' },
        });
        const refused = await api.call('POST', MAPS, named('a'));
        assert.match(
          text(refused.body['message']),
          /failed calling webhook .*altnames.*localhost\.default\.svc/s,
        );
        assert.equal(hook.asked.length, 0);
      }),
  ));

test('a mutating webhook changes what is stored, and the validating one sees the change', () =>
  withHook(
    ({ object }) => {
      const patch = [{ op: 'add', path: '/data', value: { made: 'by a webhook' } }];
      return at(object, 'data') === undefined
        ? {
            allowed: true,
            patchType: 'JSONPatch',
            patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
          }
        : { allowed: true };
    },
    (hook) =>
      withServer(async (api) => {
        const config = { url: `https://127.0.0.1:${hook.port}/`, caBundle: hook.caBundle };
        await configure(api, 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', config);
        await validating(api, config);
        const made = await api.call('POST', MAPS, named('a'));
        assert.deepEqual(made.body['data'], { made: 'by a webhook' });
        assert.deepEqual(at(hook.asked.at(-1), 'object', 'data'), { made: 'by a webhook' });
      }),
  ));

test('a webhook that cannot be reached refuses or is passed over, as its policy says', () =>
  withServer(async (api) => {
    // Nobody listens on the port of discarded packets.
    const config = { url: 'https://127.0.0.1:9/' };
    await validating(api, config);
    const refused = await api.call('POST', MAPS, named('a'));
    assert.equal(refused.status, 500);
    assert.match(text(refused.body['message']), /failed calling webhook "maps.example.com"/);
    await api.call('DELETE', `${GROUP}/validatingwebhookconfigurations/hook`);
    await validating(api, config, { failurePolicy: 'Ignore' });
    assert.equal((await api.call('POST', MAPS, named('a'))).status, 201);
  }));

test('only what its selectors and conditions pick concerns a webhook', () =>
  withHook(
    () => ({ allowed: false }),
    (hook) =>
      withServer(async (api) => {
        await validating(
          api,
          { url: `https://127.0.0.1:${hook.port}/`, caBundle: hook.caBundle },
          {
            objectSelector: { matchLabels: { strict: 'yes' } },
            matchConditions: [
              { name: 'not-exempt', expression: '!object.metadata.name.startsWith("exempt")' },
            ],
          },
        );
        const labelled = (name: string) => ({ metadata: { name, labels: { strict: 'yes' } } });
        assert.equal((await api.call('POST', MAPS, named('a'))).status, 201);
        assert.equal((await api.call('POST', MAPS, labelled('exempt-b'))).status, 201);
        assert.equal((await api.call('POST', MAPS, labelled('c'))).status, 400);
        assert.equal(hook.asked.length, 1);
      }),
  ));

test('a dry run is refused by a webhook that has side effects', () =>
  withHook(
    () => ({ allowed: true }),
    (hook) =>
      withServer(async (api) => {
        await validating(
          api,
          { url: `https://127.0.0.1:${hook.port}/`, caBundle: hook.caBundle },
          { sideEffects: 'Some' },
        );
        const refused = await api.call('POST', `${MAPS}?dryRun=All`, named('a'));
        assert.match(text(refused.body['message']), /does not support dry run/);
        assert.equal(hook.asked.length, 0);
      }),
  ));
