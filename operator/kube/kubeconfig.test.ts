import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ownFolder } from '../../tests/support/owned.ts';
import { loadConnection } from './kubeconfig.ts';

describe('finding the cluster', () => {
  const folder = ownFolder('kubeconfig');
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };

  const config = (user: string): string => `
apiVersion: v1
kind: Config
current-context: here
contexts:
- {name: here, context: {cluster: c, user: u, namespace: shop}}
- {name: there, context: {cluster: d, user: u}}
clusters:
- name: c
  cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: ${Buffer.from('CA').toString('base64')}}
- name: d
  cluster: {server: "https://example.com/prefix", insecure-skip-tls-verify: true, tls-server-name: kubernetes}
users:
- name: u
  user: ${user}
`;

  test('reads server, certificates and token of the current context', async () => {
    const connection = await loadConnection({ KUBECONFIG: write('a', config('{token: abc}')) });
    assert.equal(connection.server.href, 'https://127.0.0.1:6443/');
    assert.equal(String(connection.tls.ca), 'CA');
    assert.equal(connection.namespace, 'shop');
    assert.equal(await connection.authorization(), 'Bearer abc');
  });

  test('reads another context, JSON, and passwords', async () => {
    const file = write('b', config('{username: me, password: secret}'));
    const connection = await loadConnection({ KUBECONFIG: file }, { context: 'there' });
    assert.equal(connection.server.pathname, '/prefix');
    assert.equal(connection.tls.rejectUnauthorized, false);
    assert.equal(connection.tls.servername, 'kubernetes');
    assert.equal(await connection.authorization(), `Basic ${Buffer.from('me:secret').toString('base64')}`);
    const json = {
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x' } }],
      clusters: [{ name: 'x', cluster: { server: 'http://127.0.0.1:1' } }],
    };
    const plain = await loadConnection({ KUBECONFIG: write('c', JSON.stringify(json)) });
    assert.equal(plain.namespace, 'default');
    assert.equal(await plain.authorization(), undefined);
  });

  test('reads files relative to the kubeconfig', async () => {
    write('client.crt', 'CERT');
    write('client.key', 'KEY');
    const connection = await loadConnection({
      KUBECONFIG: write('d', config('{client-certificate: client.crt, client-key: client.key}')),
    });
    assert.equal(String(connection.tls.cert), 'CERT');
    assert.equal(String(connection.tls.key), 'KEY');
  });

  test('is a Pod where the Pod’s files are', async () => {
    const pod = join(folder, 'pod');
    mkdirSync(pod);
    for (const [name, text] of [
      ['ca.crt', 'CA'],
      ['token', 'bound\n'],
      ['namespace', 'shop'],
    ]) {
      writeFileSync(join(pod, name ?? ''), text ?? '');
    }
    const env = { HOME: folder, KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
    const connection = await loadConnection(env, { podFiles: pod });
    assert.equal(connection.server.host, '10.0.0.1');
    assert.equal(await connection.authorization(), 'Bearer bound');
    assert.equal(connection.namespace, 'shop');
  });

  test('leaves exec plugins to the official client', async () => {
    const exec =
      '{exec: {apiVersion: client.authentication.k8s.io/v1, command: printf, interactiveMode: Never, args: [\'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}\']}}';
    const connection = await loadConnection({ KUBECONFIG: write('e', config(exec)) });
    assert.equal(await connection.authorization(), 'Bearer from-plugin');
  });

  for (const [what, text, pattern] of [
    ['a file that is no YAML', '{', /the whole file is neither YAML nor JSON/],
    ['a context that does not exist', 'current-context: x\n', /contexts has no entry named "x"/],
    ['no current context', 'kind: Config\n', /current-context is not set/],
    [
      'a certificate that is not there',
      config('{client-certificate: missing.crt}'),
      /client-certificate names .*missing\.crt/,
    ],
  ] as const) {
    test(`names file and field for ${what}`, async () => {
      await assert.rejects(loadConnection({ KUBECONFIG: write('bad', text) }), {
        reason: 'BadKubeconfig',
        message: pattern,
      });
    });
  }

  test('says what to do when there is no cluster at all', async () => {
    await assert.rejects(loadConnection({ HOME: folder }), { reason: 'NoCluster', remedy: /Set KUBECONFIG/ });
    await assert.rejects(loadConnection({ KUBECONFIG: '/does/not/exist' }), { reason: 'BadKubeconfig' });
  });
});
