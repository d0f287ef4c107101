/** Who may come in, and what refusals look like. */
import assert from 'node:assert/strict';
import { createClient, type Access } from '../client.ts';
import { eventually, expect, type Table } from '../suite.ts';
import { at, textAt } from '../value.ts';

/** The same server, asked by somebody else. */
function as(access: Access, token?: string): ReturnType<typeof createClient> {
  const { url, ca, insecure } = access;
  return createClient({
    url,
    ...(ca === undefined ? {} : { ca }),
    ...(insecure === undefined ? {} : { insecure }),
    ...(token === undefined ? {} : { token }),
  });
}

export const access: Table = {
  async 'a wrong bearer token is 401 with a Status'({ target }) {
    const stranger = as(target.access, 'not-a-token');
    try {
      const reply = expect(await stranger.get('/api/v1/namespaces'), 401, 'Unauthorized');
      assert.equal(at(reply.body, 'status'), 'Failure');
      assert.equal(at(reply.body, 'message'), 'Unauthorized');
    } finally {
      stranger.close();
    }
  },
  async 'a request without credentials is refused'({ target }) {
    const nobody = as(target.access);
    try {
      const { status } = await nobody.get('/api/v1/namespaces');
      assert.ok(status === 401 || status === 403, String(status));
    } finally {
      nobody.close();
    }
  },
  async 'a service account gets a token and is who it says'({ api, target, path, name, namespace }) {
    const account = name('sa');
    expect(
      await api.create(path('serviceaccounts'), {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: account },
      }),
      201,
    );
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    };
    const issued = expect(await api.create(`${path('serviceaccounts')}/${account}/token`, request), 201);
    assert.ok(Date.parse(textAt(issued.body, 'status.expirationTimestamp')) > Date.now());
    const client = as(target.access, textAt(issued.body, 'status.token'));
    try {
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const reply = expect(
        await client.create('/apis/authentication.k8s.io/v1/selfsubjectreviews', review),
        201,
      );
      assert.equal(
        at(reply.body, 'status.userInfo.username'),
        `system:serviceaccount:${namespace}:${account}`,
      );
    } finally {
      client.close();
    }
  },
  async 'a TokenReview tells good tokens from bad'({ api, path, name, namespace }) {
    const account = name('sa');
    expect(
      await api.create(path('serviceaccounts'), {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: account },
      }),
      201,
    );
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const issued = expect(await api.create(`${path('serviceaccounts')}/${account}/token`, request), 201);
    const review = async (token: string) =>
      expect(
        await api.create('/apis/authentication.k8s.io/v1/tokenreviews', {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: { token },
        }),
        201,
      );
    const good = await review(textAt(issued.body, 'status.token'));
    assert.equal(at(good.body, 'status.authenticated'), true);
    assert.equal(at(good.body, 'status.user.username'), `system:serviceaccount:${namespace}:${account}`);
    assert.notEqual(at((await review('nonsense')).body, 'status.authenticated'), true);
  },
  async 'the token of a deleted service account no longer opens the door'({ api, target, path, name }) {
    const account = name('sa');
    expect(
      await api.create(path('serviceaccounts'), {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: account },
      }),
      201,
    );
    const issued = expect(
      await api.create(`${path('serviceaccounts')}/${account}/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      }),
      201,
    );
    expect(await api.remove(`${path('serviceaccounts')}/${account}`), 200);
    const client = as(target.access, textAt(issued.body, 'status.token'));
    try {
      await eventually(
        () => client.get('/api/v1/namespaces'),
        ({ status }) => status === 401,
        'the token to be refused',
      );
    } finally {
      client.close();
    }
  },
  async 'the administrator may do anything, and a SelfSubjectAccessReview says so'({ api, namespace }) {
    const body = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace, verb: 'delete', resource: 'pods' } },
    };
    const reply = expect(
      await api.create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body),
      201,
    );
    assert.equal(at(reply.body, 'status.allowed'), true);
  },
};
