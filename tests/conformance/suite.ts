/**
 * Tables of conformance cases: each case is a sentence about what every Kubernetes API server does.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { until } from '../support/wait.ts';
import { createClient, type Body, type Client, type Reply } from './client.ts';
import type { Target } from './target.ts';
import { at, listAt, textAt } from './value.ts';

/** What a case works with. Every table has a namespace of its own, removed afterwards. */
export type Scope = {
  readonly api: Client;
  readonly target: Target;
  readonly namespace: string;
  /** `/api/v1/namespaces/<namespace>/<resource>`, or of another group-version: `apps/v1`. */
  path(resource: string, groupVersion?: string): string;
  /** Leaves the case out on this target, and prints why. */
  skip(reason: string): void;
  /** A name that nothing else in this run has. */
  name(prefix?: string): string;
};

export type Case = (scope: Scope) => Promise<void> | void;
export type Table = Readonly<Record<string, Case>>;

/** The clusters' common starting point, filled in by {@link register}. */
type Shared = { target?: Target; api?: Client };

type Tables = Readonly<Record<string, Table>>;

/**
 * Registers the tables of a run against one target.
 * @param tables run one after the other
 * @param sociable run side by side, after those: their cases make everything they look at, and mostly wait
 */
export function register(open: () => Promise<Target>, tables: Tables, sociable: Tables = {}): void {
  const shared: Shared = {};
  describe('every Kubernetes API server', () => {
    before(async () => {
      shared.target = await open();
      shared.api = createClient(shared.target.access);
    });
    after(async () => {
      shared.api?.close();
      await shared.target?.close();
    });
    for (const [title, table] of Object.entries(tables))
      describe(title, () => registerTable(title, table, shared));
    describe('side by side', { concurrency: true }, () => {
      for (const [title, table] of Object.entries(sociable))
        describe(title, { concurrency: 1 }, () => registerTable(title, table, shared));
    });
  });
}

function registerTable(title: string, table: Table, shared: Shared): void {
  const namespace = `conf-${title
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .toLowerCase()
    .slice(0, 30)}-${randomBytes(3).toString('hex')}`;
  const scope = (skip: Scope['skip'] = () => undefined): Scope => {
    const { api, target } = shared;
    if (api === undefined || target === undefined) throw new Error('the cluster under test did not start');
    return {
      api,
      target,
      namespace,
      skip,
      path: (resource, groupVersion = 'v1') =>
        `${groupVersion.includes('/') ? '/apis' : '/api'}/${groupVersion}/namespaces/${namespace}/${resource}`,
      name: (prefix = 'x') => `${prefix}-${randomBytes(4).toString('hex')}`,
    };
  };
  before(async () => {
    const { api } = scope();
    expect(
      await api.create('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      }),
      201,
    );
  });
  after(async () => {
    await shared.api?.remove(`/api/v1/namespaces/${namespace}`);
  });
  for (const [sentence, run] of Object.entries(table))
    test(sentence, (context) => run(scope((reason) => context.skip(reason))));
}

/** Asserts an answer's code and, for a Status, its reason. */
export function expect(reply: Reply, status: number, reason?: string): Reply {
  assert.equal(reply.status, status, `${reply.status} ${reply.text.slice(0, 600)}`);
  if (reason !== undefined) {
    assert.equal(at(reply.body, 'kind'), 'Status', reply.text.slice(0, 600));
    assert.equal(at(reply.body, 'reason'), reason, reply.text.slice(0, 600));
    assert.equal(at(reply.body, 'code'), status);
  }
  return reply;
}

/** The causes of a Status, as `field: message`. */
export function causes(reply: Reply): string[] {
  return listAt(reply.body, 'details.causes').map(
    (cause) => `${textAt(cause, 'field')}: ${textAt(cause, 'message')}`,
  );
}

/** The names in a list. */
export function names(reply: Reply): string[] {
  return listAt(reply.body, 'items').map((item) => textAt(item, 'metadata.name'));
}

/** A ConfigMap, the simplest object there is. */
export function configMap(
  name: string,
  data: Readonly<Record<string, string>> = {},
  metadata: Body = {},
): Body {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

/** A Deployment of one container. */
export function deployment(name: string, spec: Body = {}, container: Body = {}): Body {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            { name: 'main', image: 'shopmind/test', imagePullPolicy: 'IfNotPresent', ...container },
          ],
        },
      },
      ...spec,
    },
  };
}

/** Waits until an object is as wanted; returns the answer that was. */
export function eventually(
  ask: () => Promise<Reply>,
  wanted: (reply: Reply) => boolean,
  what: string,
): Promise<Reply> {
  return until(
    async () => {
      const reply = await ask();
      return wanted(reply) ? reply : undefined;
    },
    { withinMs: 30_000, what },
  );
}
