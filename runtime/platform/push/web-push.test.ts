/** Web Push against the vectors of its RFCs, and against a push service on loopback that reads as a browser does. */
import assert from 'node:assert/strict';
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { manualClock } from '../clock.ts';
import { ShopError } from '../errors.ts';
import type { PushMessage } from '../ports.ts';
import { encrypt } from './encryption.ts';
import { isPushService } from './services.ts';
import { authorizationFor, publicKeyOf } from './vapid.ts';
import { createWebPush } from './web-push.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
const KEY = 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw';

test('RFC 8291, appendix A: the body comes out to the byte', () => {
  const target = {
    endpoint: 'https://push.example.net/',
    keys: {
      p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
      auth: 'BTBZMqHH6r4Tts7J_aSIgg',
    },
  };
  const body = encrypt(
    target,
    Buffer.from('When I grow up, I want to be a watermelon'),
    bytes('DGv6ra1nlYgDCS1FRnbzlw'),
    bytes(KEY),
  );
  assert.equal(
    body.toString('base64url'),
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  );
});

test('RFC 8292: the token names the push service, the contact and an end within a day, and the key opens it', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const header = authorizationFor(KEY, 'https://push.example.net', 'mailto:ops@example.com', now);
  const [, token = '', key = ''] = /^vapid t=([^,]+), k=(.+)$/.exec(header) ?? [];
  assert.equal(key, publicKeyOf(KEY));
  const [head = '', claims = '', signature = ''] = token.split('.');
  assert.deepEqual(JSON.parse(bytes(head).toString()), { typ: 'JWT', alg: 'ES256' });
  const { aud, exp, sub } = JSON.parse(bytes(claims).toString()) as Record<string, unknown>;
  assert.deepEqual([aud, sub], ['https://push.example.net', 'mailto:ops@example.com']);
  const left = Number(exp) - now.getTime() / 1_000;
  assert.ok(left > 0 && left <= 24 * 60 * 60);
  const point = bytes(key);
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  };
  const opened = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    bytes(signature),
  );
  assert.equal(opened, true);
});

test('only push services of browsers are asked, by https and without a login', () => {
  for (const good of [
    'https://fcm.googleapis.com/fcm/send/x',
    'https://web.push.apple.com/x',
    'https://wns2-par02p.notify.windows.com/w/?token=x',
  ])
    assert.equal(isPushService(good), true, good);
  for (const bad of [
    'http://fcm.googleapis.com/x',
    'https://fcm.googleapis.com:8443/x',
    'https://fcm.googleapis.com.evil.example/x',
    'https://evil-notify.windows.com.example/x',
    'https://169.254.169.254/latest',
    'https://user@fcm.googleapis.com/x',
    'not a url',
  ])
    assert.equal(isPushService(bad), false, bad);
});

test('a browser reads what was sent, and a message that comes again replaces itself', async (context) => {
  const service = await startService(context);
  const browser = newBrowser(service.url);
  for (let n = 0; n < 2; n++)
    assert.equal((await service.push.send(message('ntf_1', browser))).provider, new URL(service.url).host);
  await service.push.send(message('ntf_2', browser));
  const topics = service.asked.map(({ headers }) => headers['topic']);
  assert.equal(topics[0], topics[1]);
  assert.notEqual(topics[0], topics[2]);
  assert.match(String(topics[0]), /^[\w-]{32}$/);
  for (const { body, headers } of service.asked) {
    assert.deepEqual(JSON.parse(browser.read(body)), message('x', browser).content);
    assert.deepEqual([headers['ttl'], headers['content-encoding']], ['60', 'aes128gcm']);
  }
});

const ANSWERS: readonly (readonly [status: number, code: string])[] = [
  [410, 'gone'],
  [404, 'gone'],
  [403, 'forbidden'],
  [429, 'unavailable'],
  [503, 'unavailable'],
  [413, 'invalid_input'],
  [302, 'invalid_input'],
];
for (const [status, code] of ANSWERS)
  test(`an answer ${status} is ${code}`, async (context) => {
    const service = await startService(context, status);
    await assert.rejects(
      service.push.send(message('ntf_1', newBrowser(service.url))),
      (error) => error instanceof ShopError && error.code === code,
    );
    assert.equal(service.asked.length, 1, 'redirects are not followed');
  });

test('an endpoint that is none is not asked', async (context) => {
  const service = await startService(context);
  const strict = createWebPush({ key: KEY, contact: 'mailto:a@b.example', clock: manualClock() });
  await assert.rejects(strict.send(message('ntf_1', newBrowser(service.url))), { code: 'gone' });
  assert.equal(service.asked.length, 0);
});

function message(id: string, to: Browser): PushMessage {
  return {
    id,
    to,
    content: { title: 'Acme', body: 'Grüße 靴', url: 'https://acme.example/' },
    ttlSeconds: 60,
  };
}

interface Browser {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
  /** Opens a body as RFC 8291 says, written down here a second time. */
  read(body: Buffer): string;
}

function newBrowser(endpoint: string): Browser {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const auth = randomBytes(16);
  return {
    endpoint,
    keys: { p256dh: ecdh.getPublicKey('base64url'), auth: auth.toString('base64url') },
    read(body) {
      const salt = body.subarray(0, 16);
      const sender = body.subarray(21, 21 + body.readUInt8(20));
      const record = body.subarray(21 + sender.length);
      const info = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), sender]);
      const shared = Buffer.from(hkdfSync('sha256', ecdh.computeSecret(sender), auth, info, 32));
      const derive = (text: string, length: number): Buffer =>
        Buffer.from(hkdfSync('sha256', shared, salt, Buffer.from(text), length));
      const opener = createDecipheriv(
        'aes-128-gcm',
        derive('Content-Encoding: aes128gcm\0', 16),
        derive('Content-Encoding: nonce\0', 12),
      );
      opener.setAuthTag(record.subarray(-16));
      const plain = Buffer.concat([opener.update(record.subarray(0, -16)), opener.final()]);
      assert.equal(plain.at(-1), 2);
      return plain.subarray(0, -1).toString('utf8');
    },
  };
}

async function startService(context: TestContext, status = 201) {
  const asked: { headers: IncomingMessage['headers']; body: Buffer }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  context.after(() => server.close());
  // It listens on TCP.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/send/1`;
  const push = createWebPush({
    key: KEY,
    contact: 'mailto:ops@example.com',
    clock: manualClock(),
    allows: () => true,
  });
  return { asked, url, push };
}
