import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { loadCertificates } from '../../../operator/embedded/apiserver/certificates.ts';
import { ownFolder } from '../../../tests/support/owned.ts';
import { createOutside } from './outside.ts';

const folder = ownFolder('outside');
const certificates = loadCertificates(folder);
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

function listen(server: Server): Promise<number> {
  servers.push(server);
  return new Promise((resolve) => {
    // It listens on TCP.
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
const serve = (handle: RequestListener): Promise<number> => listen(createServer(handle));

const strict = createOutside({ allowLoopback: false });
const local = createOutside({ allowLoopback: true });
const message = { headers: { 'content-type': 'application/json' }, body: '{"a":"ü"}' };

test('what may never be asked is refused when it is written down', () => {
  for (const address of [
    'nothing',
    '/hooks',
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'https://example.com:8443/',
    'https://example.com:22/',
    'https://user:word@example.com/',
    'https://example.com/#part',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    // The same address in the ways that browsers know.
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://①②⑦.0.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://10.0.0.1/',
    'https://100.64.0.1/',
    'https://[fd00:ec2::254]/',
    `https://example.com/${'a'.repeat(2_048)}`,
  ]) {
    assert.throws(() => strict.check(address), { code: 'invalid_input' }, address);
  }
  for (const address of [
    'http://example.com/',
    'http://10.0.0.1/',
    'http://169.254.169.254/',
    'http://[fe80::1]/',
  ])
    assert.throws(() => local.check(address), { code: 'invalid_input' }, address);
  assert.equal(strict.check('https://example.com:443/hooks?a=1').href, 'https://example.com/hooks?a=1');
  assert.equal(strict.check('https://93.184.215.14/').hostname, '93.184.215.14');
  assert.equal(local.check('http://127.0.0.1:3000/hooks').port, '3000');
});

test('a name is asked nothing when any of its addresses is inside, however many are public', async () => {
  for (const inside of [
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '::1',
    '::ffff:10.0.0.1',
    'fd00::1',
    '64:ff9b::a00:1',
  ]) {
    const outside = createOutside({
      allowLoopback: false,
      resolve: () => Promise.resolve(['93.184.215.14', inside]),
    });
    await assert.rejects(outside.post('https://rebound.example/', message), { code: 'forbidden' }, inside);
  }
});

test('the name is looked up once, the address that was checked is connected to, and the certificate must be the name’s', async () => {
  let said: { host: string | undefined; body: string } | undefined;
  const { certificate, key } = certificates.issueServing('hooks.example', ['hooks.example']);
  const port = await listen(
    createTlsServer({ cert: certificate, key }, (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        said = { host: request.headers.host, body };
        response.end('thanks');
      });
    }),
  );
  // Port 443 is nobody's here, so the loopback's permission for ports stands in for it: names below localhost lead to this machine.
  let asked = 0;
  const outside = createOutside({
    allowLoopback: true,
    ca: certificates.authority.certificate,
    resolve: () => Promise.resolve([asked++ === 0 ? '127.0.0.1' : '10.0.0.1']),
  });
  const mine = certificates.issueServing('a.localhost', ['a.localhost']);
  const other = await listen(
    createTlsServer({ cert: mine.certificate, key: mine.key }, (_, response) => void response.end()),
  );
  assert.equal((await outside.post(`https://a.localhost:${other}/`, message)).status, 200);
  await assert.rejects(outside.post(`https://a.localhost:${port}/`, message), {
    code: 'unavailable',
    message: /ERR_TLS_CERT_ALTNAME_INVALID/,
  });
  assert.equal(said, undefined);
  // Nobody of that name listens there. Had it been looked up again, it would have led inside.
  await assert.rejects(outside.post('https://hooks.example/', message), { code: 'unavailable' });
  assert.equal(asked, 1);
});

test('what is sent arrives whole, and any status is an answer, a redirect too, which nobody follows', async () => {
  const heard: string[] = [];
  const port = await serve((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      heard.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
      response.writeHead(302, { location: '/elsewhere', 'retry-after': '120' });
      response.end('Moved\u0000\r\n  over there');
    });
  });
  assert.deepEqual(await local.post(`http://127.0.0.1:${port}/hooks?x=1`, message), {
    status: 302,
    retryAfterSeconds: 120,
    beginning: 'Moved   over there',
  });
  assert.deepEqual(heard, ['POST /hooks?x=1 application/json {"a":"ü"}']);
});

test('Retry-After may be a date, and nonsense is none', async () => {
  let header = '';
  const port = await serve((_, response) => {
    response.writeHead(503, { 'retry-after': header });
    response.end();
  });
  const ask = async (value: string): Promise<number | undefined> => {
    header = value;
    return (await local.post(`http://127.0.0.1:${port}/`, message)).retryAfterSeconds;
  };
  const inAnHour = await ask(new Date(Date.now() + 3_600_000).toUTCString());
  assert.ok(inAnHour !== undefined && inAnHour > 3_500 && inAnHour <= 3_601, String(inAnHour));
  assert.equal(await ask('Thu, 01 Jan 1970 00:00:00 GMT'), 0);
  assert.equal(await ask('soon'), undefined);
});

test('an answer without an end is read at its beginning only', async () => {
  const port = await serve((_, response) => {
    response.writeHead(200);
    const pour = setInterval(() => response.write('x'.repeat(4_096)), 1);
    response.on('close', () => clearInterval(pour));
  });
  const { status, beginning } = await local.post(`http://127.0.0.1:${port}/`, message);
  assert.deepEqual([status, beginning], [200, 'x'.repeat(1_024)]);
});

test('who never answers is given up, who is not there is not reached, and whoever is told to stop stops', async () => {
  const port = await serve(() => undefined);
  const hasty = createOutside({ allowLoopback: true, limitMilliseconds: 200 });
  await assert.rejects(hasty.post(`http://127.0.0.1:${port}/`, message), { code: 'timeout' });
  await assert.rejects(local.post('http://127.0.0.1:1/', message), { code: 'unavailable' });
  const stopped = { ...message, signal: AbortSignal.abort() };
  await assert.rejects(local.post(`http://127.0.0.1:${port}/`, stopped), { code: 'timeout' });
  const unresolved = createOutside({
    allowLoopback: false,
    limitMilliseconds: 50,
    resolve: () => new Promise(() => undefined),
  });
  await assert.rejects(unresolved.post('https://slow.example/', message), { code: 'timeout' });
  const unknown = createOutside({ allowLoopback: false, resolve: () => Promise.resolve([]) });
  await assert.rejects(unknown.post('https://unknown.example/', message), { code: 'unavailable' });
});

test('headers without an end are an error, and no memory', async () => {
  const port = await serve((_, response) => {
    response.writeHead(200, { 'x-long': 'x'.repeat(32_768) });
    response.end();
  });
  await assert.rejects(local.post(`http://127.0.0.1:${port}/`, message), { code: 'unavailable' });
});

test('what is asked for is read whole, by GET or with a body, and not beyond what anybody has to say', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/long') response.end('x'.repeat(300_000));
    else if (request.url === '/moved') response.writeHead(302, { location: 'http://127.0.0.1/' }).end();
    else request.pipe(response.writeHead(200));
  });
  const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
  assert.deepEqual(await local.read(at('/'), { headers: {} }), { status: 200, text: '' });
  assert.deepEqual(await local.read(at('/'), message), { status: 200, text: message.body });
  assert.equal((await local.read(at('/moved'), { headers: {} })).status, 302);
  await assert.rejects(local.read(at('/long'), { headers: {} }), { code: 'unavailable' });
  await assert.rejects(strict.read(at('/'), { headers: {} }), { code: 'invalid_input' });
});
