import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { frameOf, framesOf } from './frames.ts';

/** What another's parser reads of these bytes, cut anywhere. */
async function read(bytes: Buffer, cut: number, expected: number): Promise<string[]> {
  const texts: string[] = [];
  const socket = new PassThrough();
  // Without an address it waits for a socket, which its types leave out.
  const client = new WebSocket(null as unknown as string, undefined, {});
  client.on('message', (data) => texts.push((data as Buffer).toString()));
  // How a client takes over a connection whose handshake is done; part of ws that its types leave out.
  const joined = client as unknown as {
    setSocket(socket: PassThrough, head: Buffer, options: object): void;
    _isServer: boolean;
  };
  Object.assign(socket, { setTimeout: () => socket, setNoDelay: () => socket });
  joined._isServer = false;
  joined.setSocket(socket, Buffer.alloc(0), { maxPayload: 0, skipUTF8Validation: false });
  socket.write(bytes.subarray(0, cut));
  socket.write(bytes.subarray(cut));
  // What comes over the same process comes in as many turns.
  for (let turns = 0; texts.length < expected && turns < 100_000; turns += 1)
    await new Promise((resolve) => setImmediate(resolve));
  client.terminate();
  return texts;
}

test('what is framed together is read apart by another’s parser, however it is cut', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(texts, fc.nat(), async (said, at) => {
      const frames = framesOf(said);
      assert.deepEqual(await read(frames, at % (frames.length + 1), said.length), said);
    }),
    { numRuns: 100 },
  );
});

test('each form of a length is what RFC 6455 says', () => {
  for (const [length, head] of [
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ] as const) {
    const frames = framesOf(['x'.repeat(length)]);
    assert.equal(frames.subarray(0, frames.length - length).toString('hex'), head);
  }
  assert.deepEqual(frameOf({ t: 'é' }), framesOf(['{"t":"é"}']));
});
