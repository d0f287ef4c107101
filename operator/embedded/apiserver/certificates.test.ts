import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ownFolder } from '../../../tests/support/owned.ts';
import { loadCertificates } from './certificates.ts';
import { at, fields, type Json } from './objects.ts';
import { withServer } from './testing/server.ts';

const DAY = 24 * 60 * 60 * 1_000;

function directoryOf(t: TestContext): string {
  const directory = ownFolder('pki');
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('certificates are kept for their owner alone and renewed before they end', (t) => {
  const directory = directoryOf(t);
  const now = new Date('2026-01-01T00:00:00Z');
  const first = loadCertificates(directory, now);
  assert.deepEqual(loadCertificates(directory, now).serving, first.serving);
  for (const file of readdirSync(directory))
    assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
  const later = loadCertificates(directory, new Date(now.getTime() + 340 * DAY));
  assert.notDeepEqual(later.serving, first.serving);
  assert.deepEqual(later.authority, first.authority);
});

test('a serving certificate is for loopback and the names of the API, and signed by the authority', (t) => {
  const { serving, authority } = loadCertificates(directoryOf(t));
  const certificate = new X509Certificate(serving.certificate);
  assert.ok(certificate.verify(createPublicKey(authority.certificate)));
  for (const name of ['localhost', 'kubernetes.default.svc']) assert.equal(certificate.checkHost(name), name);
  assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
  assert.equal(certificate.checkIP('10.0.0.1'), undefined);
});

test('a client certificate names a user and groups', () =>
  withServer(async ({ server, dataDir }) => {
    const { issueClient, authority } = loadCertificates(join(dataDir, 'pki'));
    const { certificate, key } = issueClient('ada', ['makers', 'testers']);
    const body = await new Promise<string>((resolve, reject) => {
      const asked = request(
        `${server.url}/apis/authentication.k8s.io/v1/selfsubjectreviews`,
        {
          method: 'POST',
          ca: authority.certificate,
          cert: certificate,
          key,
          headers: { 'content-type': 'application/json' },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.on('end', () => resolve(text));
        },
      );
      asked.on('error', reject);
      asked.end('{}');
    });
    // The server answers with JSON.
    const user = fields(at(fields(JSON.parse(body) as Json), 'status', 'userInfo'));
    assert.deepEqual(user, { username: 'ada', groups: ['makers', 'testers', 'system:authenticated'] });
  }));
