/**
 * The sms port on a double of Twilio's Messages API on loopback. The double is ours, after Twilio's reference: it holds a request to the
 * documented form and gives the documented answers. Nothing here has spoken to Twilio itself.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { pino } from 'pino';
import { manualClock } from '../clock.ts';
import { ShopError } from '../errors.ts';
import { createMessaging, SMS_PROVIDERS } from '../messages/providers.ts';
import type { Sms, Sql } from '../ports.ts';

const ACCOUNT = `AC${'0123456789abcdef'.repeat(2)}`;
const TOKEN = 's3cret/t:ken';
const MESSAGE = { id: 'ntf_1', to: '+4915112345678', text: 'Ihr Code: 493025 — grüße 靴 & mehr' };

interface Double {
  readonly port: number;
  readonly taken: Readonly<Record<string, string>>[];
  /** Instead of taking the next messages. */
  answer: ((response: ServerResponse) => void) | undefined;
}

const open: (() => void | Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(): Promise<Double> {
  const double: { port: number; taken: Record<string, string>[]; answer: Double['answer'] } = {
    port: 0,
    taken: [],
    answer: undefined,
  };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = await receive(request);
    if (typeof form === 'number') return refuse(response, form, form === 401 ? 20_003 : 21_000);
    if (double.answer !== undefined) return double.answer(response);
    const sid = `SM${String(double.taken.push(form)).padStart(32, '0')}`;
    response.writeHead(201, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ sid, status: 'queued' }));
  }
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  // It listens on TCP.
  double.port = (server.address() as AddressInfo).port;
  return double;
}

/** The form of a request as the reference has it, or the status that one of another form gets. */
async function receive(request: IncomingMessage): Promise<Record<string, string> | number> {
  const chunks: Buffer[] = [];
  // A request's body is bytes.
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { authorization = '', 'content-type': type } = request.headers;
  if (authorization !== `Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString('base64')}`) return 401;
  if (request.method !== 'POST' || request.url !== `/2010-04-01/Accounts/${ACCOUNT}/Messages.json`)
    return 404;
  const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
  const { To = '', Body = '', From, MessagingServiceSid, ...unknown } = form;
  const fits =
    type === 'application/x-www-form-urlencoded' &&
    /^\+[1-9]\d{6,14}$/.test(To) &&
    Body.length > 0 &&
    Body.length <= 1_600 &&
    (From === undefined) !== (MessagingServiceSid === undefined) &&
    Object.keys(unknown).length === 0;
  return fits ? form : 400;
}

function refuse(response: ServerResponse, status: number, code: number): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  const message = `The 'To' number ${MESSAGE.to} is what this is about.`;
  response.end(JSON.stringify({ code, message, more_info: 'https://www.twilio.com/docs/errors', status }));
}

function shopWith(...addresses: string[]): Sms {
  const secrets = {
    get: (_: string, name: string) =>
      Promise.resolve(name === SMS_PROVIDERS ? addresses.join('\n') : undefined),
  };
  // Providers are named, so that the outbox is never written to.
  const messaging = createMessaging({
    sql: {} as Sql,
    clock: manualClock(),
    secrets,
    log: pino({ level: 'silent' }),
  });
  open.unshift(() => messaging.close());
  return messaging.sms;
}

const addressOf = ({ port }: Double, from = '+4930123456', token = TOKEN): string =>
  `twilio+http://${ACCOUNT}:${encodeURIComponent(token)}@127.0.0.1:${port}/?from=${encodeURIComponent(from)}`;

async function codeOf(sent: Promise<unknown>): Promise<string> {
  const error: unknown = await sent.then(
    () => assert.fail('it was taken'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ShopError);
  assert.doesNotMatch(`${error.message} ${error.remedy}`, /15112345678|s3cret/, 'no recipient, no token');
  return error.code;
}

test('a text arrives as it was given, from a number or a messaging service, and is called what the provider calls it', async () => {
  const double = await serve();
  const sent = await shopWith(addressOf(double)).send('one', MESSAGE);
  await shopWith(addressOf(double, `MG${'ab'.repeat(16)}`)).send('one', MESSAGE);
  assert.deepEqual(sent, { provider: '127.0.0.1', reference: `SM${'1'.padStart(32, '0')}` });
  assert.deepEqual(double.taken, [
    { To: MESSAGE.to, Body: MESSAGE.text, From: '+4930123456' },
    { To: MESSAGE.to, Body: MESSAGE.text, MessagingServiceSid: `MG${'ab'.repeat(16)}` },
  ]);
});

for (const [what, status, number, code] of [
  ['no mobile telephone', 400, 21_614, 'gone'],
  ['whoever answered STOP', 400, 21_610, 'gone'],
  ['a country the account may not send to', 400, 21_408, 'invalid_input'],
  ['an account that is closed', 403, 20_005, 'forbidden'],
  ['too many at once', 429, 20_429, 'unavailable'],
  ['trouble of its own', 503, 20_503, 'unavailable'],
] as const)
  test(`${what} (${number}) is ${code}`, async () => {
    const double = await serve();
    double.answer = (response) => refuse(response, status, number);
    assert.equal(await codeOf(shopWith(addressOf(double)).send('one', MESSAGE)), code);
  });

test('a wrong token is forbidden, a redirect is not followed, and an answer that breaks off leaves it unknown', async () => {
  const [double, other] = [await serve(), await serve()];
  assert.equal(
    await codeOf(shopWith(addressOf(double, '+1', 'wr0ng-s3cret')).send('one', MESSAGE)),
    'forbidden',
  );
  double.answer = (response) => {
    response.writeHead(307, {
      location: `http://127.0.0.1:${other.port}/2010-04-01/Accounts/${ACCOUNT}/Messages.json`,
    });
    response.end();
  };
  assert.equal(await codeOf(shopWith(addressOf(double)).send('one', MESSAGE)), 'forbidden');
  double.answer = (response) => void response.destroy();
  assert.equal(await codeOf(shopWith(addressOf(double), addressOf(other)).send('one', MESSAGE)), 'timeout');
  assert.deepEqual([...double.taken, ...other.taken], [], 'what is unknown is not handed on');
});

test('what was taken with an answer nobody understands is not sent again', async () => {
  const double = await serve();
  double.answer = (response) => {
    response.writeHead(201);
    response.end('<html>');
  };
  assert.equal((await shopWith(addressOf(double)).send('one', MESSAGE)).reference, MESSAGE.id);
});
