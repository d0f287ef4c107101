/** Embeddings by the wire form of OpenAI, from a server that answers as it is told. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { serveModel } from '../language/testing.ts';
import { createOpenAiEmbeddings, MOST_TEXTS } from './openai.ts';
import { answerEmbeddings } from './testing.ts';

const NEVER = new AbortController().signal;
const OPTIONS = { model: 'small', dimensions: 64, near: 0.3, dailyTexts: 100 };

test('texts are sent as the interface has it, and their vectors come in their order, of length one', async () => {
  const heard: { url: string; authorization: string; body: unknown }[] = [];
  const { url, server } = await serveModel((request, response) =>
    answerEmbeddings(request, response, (body) =>
      heard.push({
        url: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        body,
      }),
    ),
  );
  const embeddings = createOpenAiEmbeddings({ url, key: 'secret', ...OPTIONS });
  assert.equal(embeddings.space, 'small/64');
  const [tent, lamp, tentAgain] = await embeddings.embed('acme', ['a tent', 'a lamp', 'a tent'], NEVER);
  assert.deepEqual(heard, [
    {
      url: '/v1/embeddings',
      authorization: 'Bearer secret',
      body: {
        model: 'small',
        input: ['a tent', 'a lamp', 'a tent'],
        dimensions: 64,
        encoding_format: 'float',
      },
    },
  ]);
  assert.deepEqual(tent, tentAgain);
  assert.notDeepEqual(tent, lamp);
  assert.ok(Math.abs(Math.hypot(...(tent ?? [])) - 1) < 1e-6);
  assert.deepEqual(await embeddings.embed('acme', [], NEVER), []);
  const many = Array.from({ length: MOST_TEXTS + 1 }, () => 'x');
  await assert.rejects(embeddings.embed('acme', many, NEVER), { code: 'invalid_input' });
  assert.equal(heard.length, 1);
  server.close();
});

test('whatever goes wrong there is an error with a code; after two in a row nobody is kept waiting for a while', async () => {
  const vectors = (data: object) => JSON.stringify({ data });
  const wrong: [RequestListener, string][] = [
    [(_, response) => response.writeHead(429, { 'retry-after': '7' }).end(), 'rate_limited'],
    [(_, response) => response.writeHead(500).end('no'), 'unavailable'],
    [(_, response) => response.writeHead(401).end('no'), 'unavailable'],
    [(_, response) => response.end('{"data":[]}'), 'unavailable'],
    [(_, response) => response.end(vectors([{ index: 0, embedding: [1, 2] }])), 'unavailable'],
    [(_, response) => response.end(vectors([{ index: 1, embedding: Array(64).fill(1) }])), 'unavailable'],
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
    const embeddings = createOpenAiEmbeddings({ url, timeoutMilliseconds, ...OPTIONS });
    for (let n = 0; n < 2; n++)
      await assert.rejects(embeddings.embed('acme', ['a'], NEVER), (error: Error & { code?: string }) => {
        assert.equal(error.code, code);
        return true;
      });
    await assert.rejects(embeddings.embed('acme', ['a'], NEVER), { code: 'unavailable' });
    assert.equal(calls, 2);
    server.closeAllConnections();
    server.close();
  }
});

test('a text that is refused is nobody’s failure, and whoever does not wait any longer neither', async () => {
  let refuse = true;
  const { url, server } = await serveModel((request, response) =>
    refuse ? void response.writeHead(400).end() : answerEmbeddings(request, response),
  );
  const embeddings = createOpenAiEmbeddings({ url, ...OPTIONS });
  for (let n = 0; n < 3; n++)
    await assert.rejects(embeddings.embed('acme', ['a'], NEVER), { code: 'invalid_input' });
  refuse = false;
  for (let n = 0; n < 3; n++)
    await assert.rejects(embeddings.embed('acme', ['a'], AbortSignal.abort(new Error('gone'))), /gone/);
  assert.equal((await embeddings.embed('acme', ['a'], NEVER)).length, 1);
  server.close();
});
