/** The mail port on a real SMTP server on loopback: its contract, what its refusals mean, TLS, and providers that stand in for each other. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { pino } from 'pino';
import { ownFolder } from '../../../tests/support/owned.ts';
import { parseAddress } from '../address/index.ts';
import { manualClock } from '../clock.ts';
import { MAIL, mailContract } from '../contract/mail.ts';
import { ShopError } from '../errors.ts';
import { createMessaging, MAIL_PROVIDERS } from '../messages/providers.ts';
import type { Mail, Sql } from '../ports.ts';
import { createSmtp } from './smtp.ts';
import { startSmtp, type TestSmtp } from './testing/server.ts';

const open: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(tls?: { key: string; cert: string }): Promise<TestSmtp> {
  const server = await startSmtp(tls);
  open.push(() => server.stop());
  return server;
}

/** A shop whose secret names these providers. */
function shopWith(...addresses: string[]): { mail: Mail; clock: ReturnType<typeof manualClock> } {
  const clock = manualClock();
  const secrets = {
    get: (_: string, name: string) =>
      Promise.resolve(name === MAIL_PROVIDERS ? addresses.join('\n') : undefined),
  };
  // Providers are named, so that the outbox is never written to.
  const messaging = createMessaging({ sql: {} as Sql, clock, secrets, log: pino({ level: 'silent' }) });
  open.unshift(() => messaging.close());
  return { mail: messaging.mail, clock };
}

mailContract('SMTP', async () => {
  const server = await serve();
  return { mail: shopWith(server.address).mail, folds: false, arrived: () => Promise.resolve(server.mails) };
});

const VERDICTS: readonly (readonly [to: string, code: string])[] = [
  ['gone@example.com', 'gone'],
  ['plain@example.com', 'gone'],
  ['policy@example.com', 'forbidden'],
  ['full@example.com', 'unavailable'],
  ['later@example.com', 'unavailable'],
];
for (const [to, code] of VERDICTS)
  test(`a recipient refused like ${to} is ${code}, in words without the address`, async () => {
    const { mail } = shopWith((await serve()).address);
    await assert.rejects(mail.send('one', { ...MAIL, id: 'ntf_1', to }), (error) => {
      assert.ok(error instanceof ShopError);
      assert.equal(error.code, code);
      assert.doesNotMatch(error.message, /example\.com/);
      return true;
    });
  });

test('a wrong login is forbidden, and no error repeats it', async () => {
  const server = await serve();
  const { mail } = shopWith(`smtp://acme:wrong-secret@127.0.0.1:${server.port}/?tls=off`);
  await assert.rejects(mail.send('one', { ...MAIL, id: 'ntf_1' }), (error) => {
    assert.ok(error instanceof ShopError && error.code === 'forbidden');
    assert.doesNotMatch(error.message + (error.remedy ?? ''), /wrong-secret/);
    return true;
  });
});

test('contents refused for good are invalid, for now unavailable, and a broken connection leaves it unknown', async () => {
  const server = await serve();
  const { mail } = shopWith(server.address);
  const codes: string[] = [];
  for (const fail of [
    { code: 554, text: '5.6.0 Message refused' },
    { code: 451, text: '4.3.0 Try again' },
    { code: 0, text: '', hangUp: true, keeps: true },
  ]) {
    server.fail = fail;
    await mail
      .send('one', { ...MAIL, id: 'ntf_1' })
      .catch((error: unknown) => codes.push(error instanceof ShopError ? error.code : 'other'));
  }
  assert.deepEqual(codes, ['invalid_input', 'unavailable', 'timeout']);
  assert.equal(server.mails.length, 1, 'the one of which nobody knows had arrived');
});

test('the next provider takes over when one is away or refuses us, and the first has its rest until it is tried again', async () => {
  const [first, second] = [await serve(), await serve()];
  const { mail, clock } = shopWith(first.address, second.address);
  first.fail = { code: 451, text: '4.3.0 Try again' };
  for (let n = 0; n < 4; n++)
    assert.match(
      (await mail.send('one', { ...MAIL, id: `ntf_${n}` })).provider,
      new RegExp(`:${second.port}$`),
    );
  first.fail = undefined;
  assert.match(
    (await mail.send('one', { ...MAIL, id: 'ntf_5' })).provider,
    new RegExp(`:${second.port}$`),
    'it rests',
  );
  clock.advance(31_000);
  assert.match((await mail.send('one', { ...MAIL, id: 'ntf_6' })).provider, new RegExp(`:${first.port}$`));
  assert.deepEqual(
    second.mails.map(({ id }) => id),
    ['ntf_0', 'ntf_1', 'ntf_2', 'ntf_3', 'ntf_5'],
  );
});

test('what may have been sent is not handed to the next provider, nor what any would refuse', async () => {
  const [first, second] = [await serve(), await serve()];
  const { mail } = shopWith(first.address, second.address);
  first.fail = { code: 0, text: '', hangUp: true, keeps: true };
  await assert.rejects(mail.send('one', { ...MAIL, id: 'ntf_1' }), { code: 'timeout' });
  await assert.rejects(mail.send('one', { ...MAIL, id: 'ntf_2', to: 'gone@example.com' }), { code: 'gone' });
  assert.deepEqual(second.mails, []);
});

test('a server that is not there is unavailable at once, with a time to come back', async () => {
  const server = await serve();
  await server.stop();
  const { mail } = shopWith(server.address);
  await assert.rejects(mail.send('one', { ...MAIL, id: 'ntf_1' }), {
    code: 'unavailable',
    retryAfterSeconds: 30,
  });
});

const folder = ownFolder('smtp-tls');
after(() => rmSync(folder, { recursive: true, force: true }));

test('without tls=off nothing is said before TLS: a server without it, or with a stranger’s certificate, gets no login', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  execFileSync('openssl', [...request, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const [bare, foreign] = [
    await serve(),
    await serve({ key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }),
  ];
  for (const { port } of [bare, foreign]) {
    const smtp = createSmtp(parseAddress(`smtp://acme:secret@127.0.0.1:${port}/`, 587));
    open.unshift(() => smtp.close?.());
    await assert.rejects(
      smtp.send({ ...MAIL, id: 'ntf_1' }),
      (error) => error instanceof ShopError && error.code === 'unavailable',
    );
  }
  assert.deepEqual([...bare.mails, ...foreign.mails], []);
});
