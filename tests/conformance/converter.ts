/**
 * A conversion webhook of this process, and a kind in two versions that needs it: `spec.size` of v1 is `spec.dimensions.size` of v2.
 */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loadCertificates } from '../../operator/embedded/apiserver/certificates.ts';
import { ownFolder } from '../support/owned.ts';
import type { Body } from './client.ts';
import { eventually, expect, type Scope } from './suite.ts';
import { at, listAt, textAt } from './value.ts';
import { definitions, isEstablished, newGroup, widgetDefinition } from './widgets.ts';

/** Widgets in two versions, of which v1 is stored. */
export type Converted = {
  readonly group: string;
  readonly definition: string;
  /** The collection in a version. */
  path(version: 'v1' | 'v2'): string;
  make(version: 'v1' | 'v2', name: string, size: number, metadata?: Body): Body;
  /** Reviews that the webhook has got, each the number of its objects. */
  readonly reviews: number[];
  /** Answers reviews by another function from now on; undefined converts again. */
  answerWith(answer: Answer | undefined): void;
};

/** Makes the `response` of a review, or anything else that a webhook might say. */
export type Answer = (request: unknown) => {
  readonly status?: number;
  readonly review?: Body;
  response?: Body;
};

/** Runs `work` with widgets that a webhook of this process converts. */
export async function withConverted(scope: Scope, work: (kind: Converted) => Promise<void>): Promise<void> {
  const webhook = await startWebhook();
  const group = newGroup();
  const definition = `widgets.${group}`;
  const { api, namespace } = scope;
  const path = (version: string) => `/apis/${group}/${version}/namespaces/${namespace}/widgets`;
  expect(await api.create(definitions, twoVersions(group, webhook)), 201);
  try {
    await eventually(
      () => api.get(`${definitions}/${definition}`),
      ({ body }) => isEstablished(body),
      'the definition to be established',
    );
    for (const version of ['v1', 'v2'])
      await eventually(
        () => api.get(path(version)),
        ({ status }) => status === 200,
        `${version} to be served`,
      );
    await work({
      group,
      definition,
      path,
      reviews: webhook.reviews,
      answerWith: webhook.answerWith,
      make: (version, name, size, metadata = {}) => ({
        apiVersion: `${group}/${version}`,
        kind: 'Widget',
        metadata: { name, ...metadata },
        spec: version === 'v1' ? { size } : { dimensions: { size } },
      }),
    });
  } finally {
    webhook.answerWith(undefined);
    await api.remove(`${definitions}/${definition}`);
    await eventually(
      () => api.get(`${definitions}/${definition}`),
      ({ status }) => status === 404,
      'the definition to go, for which its objects are converted a last time',
    );
    await webhook.close();
  }
}

function twoVersions(group: string, webhook: Webhook): Body {
  const size = { type: 'integer', maximum: 100 };
  const version = (name: string, spec: Body) => ({
    name,
    served: true,
    storage: name === 'v1',
    subresources: { status: {} },
    selectableFields: [{ jsonPath: name === 'v1' ? '.spec.size' : '.spec.dimensions.size' }],
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: { type: 'object', properties: spec },
          status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  });
  return widgetDefinition(
    group,
    {},
    {
      versions: [
        version('v1', { size, colour: { type: 'string', default: 'red' } }),
        version('v2', { dimensions: { type: 'object', properties: { size } }, colour: { type: 'string' } }),
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: {
          conversionReviewVersions: ['v1'],
          clientConfig: { url: webhook.url, caBundle: webhook.caBundle },
        },
      },
    },
  );
}

type Webhook = {
  readonly url: string;
  readonly caBundle: string;
  readonly reviews: number[];
  answerWith(answer: Answer | undefined): void;
  close(): Promise<void>;
};

async function startWebhook(): Promise<Webhook> {
  const directory = ownFolder('converter');
  const { serving, authority } = loadCertificates(directory);
  const reviews: number[] = [];
  let answer: Answer = converting;
  const server = createServer({ key: serving.key, cert: serving.certificate }, async (request, response) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    const review: unknown = JSON.parse(text);
    const asked = at(review, 'request');
    reviews.push(listAt(asked, 'objects').length);
    const { status = 200, review: frame, response: said } = answer(asked);
    response.writeHead(status, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        apiVersion: at(review, 'apiVersion'),
        kind: 'ConversionReview',
        ...(said === undefined ? {} : { response: { uid: at(asked, 'uid'), ...said } }),
        ...frame,
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/convert`,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    reviews,
    answerWith(next) {
      answer = next ?? converting;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What a webhook should say. */
export const converting: Answer = (request) => ({
  response: {
    result: { status: 'Success' },
    convertedObjects: listAt(request, 'objects').map((object) =>
      convertedTo(textAt(request, 'desiredAPIVersion'), object),
    ),
  },
});

function convertedTo(apiVersion: string, object: unknown): Body {
  const size = at(object, 'spec.size') ?? at(object, 'spec.dimensions.size');
  const colour = at(object, 'spec.colour');
  const spec = {
    ...(apiVersion.endsWith('/v2') ? { dimensions: { size } } : { size }),
    ...(colour === undefined ? {} : { colour }),
  };
  return {
    // The case's own object.
    ...(object as Body),
    apiVersion,
    spec,
  };
}
