import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createClamd } from './clamd.ts';

/** Speaks clamd's protocol: gives what it was sent to `answer`, and sends that back. */
async function startClamd(
  context: TestContext,
  answer: (sent: Buffer) => string | undefined,
): Promise<string> {
  const server: Server = createServer((socket) => {
    let heard = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      const sent = streamIn(heard);
      if (sent === undefined) return;
      const said = answer(sent);
      if (said !== undefined) socket.end(`${said}\0`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return `clamd://127.0.0.1:${port}`;
}

/** What was streamed, once its end has come. */
function streamIn(heard: Buffer): Buffer | undefined {
  const command = 'zINSTREAM\0';
  if (heard.length < command.length) return undefined;
  assert.equal(heard.toString('latin1', 0, command.length), command);
  const chunks: Buffer[] = [];
  for (let at = command.length; at + 4 <= heard.length;) {
    const length = heard.readUInt32BE(at);
    if (length === 0) return Buffer.concat(chunks);
    if (at + 4 + length > heard.length) return undefined;
    chunks.push(heard.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return undefined;
}

test('a file arrives whole, and the verdict is told', async (context) => {
  const bytes = randomBytes(300_000);
  const seen: Buffer[] = [];
  const address = await startClamd(context, (sent) => {
    seen.push(sent);
    return sent.includes('EICAR') ? 'stream: Win.Test.EICAR_HDB-1 FOUND' : 'stream: OK';
  });
  const scan = createClamd(address);
  assert.deepEqual(await scan.scan(bytes), { found: undefined, by: 'clamd' });
  assert.ok(seen[0]?.equals(bytes));
  assert.deepEqual(await scan.scan(Buffer.from('…EICAR…')), { found: 'Win.Test.EICAR_HDB-1', by: 'clamd' });
});

test('a scanner that is away, silent, confused or has had enough is an error of its own', async (context) => {
  await assert.rejects(createClamd('clamd://127.0.0.1:1').scan(Buffer.from('x')), { code: 'unavailable' });
  const silent = await startClamd(context, () => undefined);
  await assert.rejects(createClamd(silent, { timeoutMilliseconds: 50 }).scan(Buffer.from('x')), {
    code: 'timeout',
  });
  const confused = await startClamd(context, () => 'UNKNOWN COMMAND');
  await assert.rejects(createClamd(confused).scan(Buffer.from('x')), { code: 'unavailable' });
  const small = await startClamd(context, () => 'INSTREAM size limit exceeded. ERROR');
  await assert.rejects(createClamd(small).scan(Buffer.from('x')), { code: 'too_large' });
});
