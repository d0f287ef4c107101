import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { createOpenAi } from './openai.ts';
import { serveModel } from './testing.ts';

const ASKED = { system: 'You sell boots.', turns: [{ by: 'shopper', text: 'Boots?' }] } as const;
const NEVER = new AbortController().signal;

test('the conversation is sent as the interface has it, and the first choice is the answer', async () => {
  let heard: { url?: string; authorization?: string; body?: { model: string; messages: object[] } } = {};
  const { url, server } = await serveModel((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard = {
        url: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        body: JSON.parse(Buffer.concat(chunks).toString()) as { model: string; messages: object[] }, // ours
      };
      response.end(JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'Yes.' } }] }));
    });
  });
  const language = createOpenAi({ url, model: 'small', key: 'secret' });
  assert.equal(await language.complete('acme', ASKED, NEVER), 'Yes.');
  assert.equal(heard.url, '/v1/chat/completions');
  assert.equal(heard.authorization, 'Bearer secret');
  assert.equal(heard.body?.model, 'small');
  assert.deepEqual(heard.body?.messages, [
    { role: 'system', content: 'You sell boots.' },
    { role: 'user', content: 'Boots?' },
  ]);
  server.close();
});

test('whatever goes wrong there is an error with a code, once; for a while nobody is kept waiting then', async () => {
  const wrong: [RequestListener, string][] = [
    [(_, response) => response.writeHead(429).end(), 'rate_limited'],
    [(_, response) => response.writeHead(500).end('no'), 'unavailable'],
    [(_, response) => response.end('{"choices":[]}'), 'unavailable'],
    [(_, response) => response.end('<html>'), 'unavailable'],
    [(_, response) => response.destroy(), 'unavailable'],
    [(_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'unavailable'],
    [() => undefined, 'timeout'],
  ];
  for (const [answer, code] of wrong) {
    let calls = 0;
    const { url, server } = await serveModel((request, response) => {
      calls += 1;
      answer(request, response);
    });
    // Long enough for the others, however slow the machine is.
    const timeoutMilliseconds = code === 'timeout' ? 300 : 30_000;
    const language = createOpenAi({ url, model: 'small', timeoutMilliseconds });
    await assert.rejects(language.complete('acme', ASKED, NEVER), { code });
    await assert.rejects(language.complete('acme', ASKED, NEVER), { code: 'unavailable' });
    assert.equal(calls, 1);
    server.closeAllConnections();
    server.close();
  }
});
