/** Pictures that are taken in: however many come at once and however large they are, no more than so much of them is held. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Blobs } from '../../platform/ports.ts';
import { catalog } from './definition.ts';
import { createMedia, type Media } from './media.ts';

const MIB = 1024 * 1024;
/** As many of the largest as there is room for. */
const LARGE_AT_ONCE = 3;
const ROOM = 64 * MIB;

let database: TestDatabase;
let shop: TestHost;
before(async () => {
  database = await startTestDatabase([catalog]);
  await database.addTenant({ id: 'acme', domains: ['catalog'] }, ADMIN_SECRETS);
  shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['catalog'],
  });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

/** A PNG of so many bytes, unlike any other of another number. */
function* png(bytes: number, number: number): Generator<Buffer> {
  const head = Buffer.alloc(32);
  head.writeUInt32BE(0x89504e47, 0);
  head.writeUInt32BE(number, 24);
  yield head.subarray(0, bytes);
  const piece = Buffer.alloc(MIB);
  for (let left = bytes - head.length; left > 0; left -= piece.length)
    yield piece.subarray(0, Math.min(left, piece.length));
}

interface Slow {
  readonly media: Media;
  /** Pictures that are being stored until they are let go. */
  readonly storing: { readonly bytes: number; readonly go: () => void }[];
  opened(): number;
  most(): number;
}

/** Sources with pictures of as many bytes as their addresses say, and a store that takes its time. */
function slowly(): Slow {
  const storing: { bytes: number; go: () => void }[] = [];
  let opened = 0;
  let most = 0;
  const put: Blobs['put'] = async (_tenant, _bucket, key, body) => {
    assert.ok(Buffer.isBuffer(body));
    assert.equal(key, `med_${createHash('sha256').update(body).digest('hex').slice(0, 32)}`);
    await new Promise<void>((go) => {
      // As much memory as there is behind it.
      storing.push({ bytes: body.buffer.byteLength, go });
      most = Math.max(
        most,
        storing.reduce((sum, { bytes }) => sum + bytes, 0),
      );
    });
    return { etag: key };
  };
  const sources = {
    resolve: (_tenant: string, src: string) => new URL(src),
    open({ pathname, searchParams }: URL) {
      opened += 1;
      return Promise.resolve(Readable.from(png(Number(pathname.slice(1)), Number(searchParams.get('n')))));
    },
  };
  const { platform } = shop.host;
  return {
    media: createMedia({ ...platform, blobs: { ...platform.blobs, put }, sources }),
    storing,
    opened: () => opened,
    most: () => most,
  };
}

const addressOf = (bytes: number, number: number): string => `https://pictures.example/${bytes}?n=${number}`;

const stored = ({ storing }: Slow, count: number): Promise<true> =>
  until(() => Promise.resolve(storing.length === count ? (true as const) : undefined), {
    withinMs: 30_000,
    what: `${count} pictures are being stored`,
  });

test('of five pictures of the greatest size no more are held than there is room for, and all are taken in', async () => {
  const slow = slowly();
  const pictures = Promise.all(
    Array.from({ length: 5 }, (_, n) => slow.media.takeIn('acme', addressOf(20 * MIB, n), `${n}`)),
  );
  for (let left = 5; left > 0; left--) {
    await stored(slow, Math.min(left, LARGE_AT_ONCE));
    slow.storing.shift()?.go();
  }
  const urls = (await pictures).map(({ url }) => url);
  assert.equal(new Set(urls).size, 5);
  assert.ok(slow.most() <= ROOM, `${slow.most()} bytes`);
});

test('small ones are read once and many at a time', async () => {
  const slow = slowly();
  const pictures = Promise.all(
    Array.from({ length: 12 }, (_, n) => slow.media.takeIn('acme', addressOf(MIB, n), `${n}`)),
  );
  await stored(slow, 12);
  assert.ok(slow.most() <= ROOM, `${slow.most()} bytes`);
  for (const { go } of slow.storing.splice(0)) go();
  assert.equal((await pictures).length, 12);
  assert.equal(slow.opened(), 12);
});

test('one that is larger than the greatest is refused, and so is what is no picture; both give their room back', async () => {
  const slow = slowly();
  for (const [bytes, often, why] of [
    [20 * MIB + 1, LARGE_AT_ONCE, /larger than/],
    [8, 16, /is no picture/],
  ] as const)
    for (let times = 0; times < often; times++)
      await assert.rejects(
        slow.media.takeIn('acme', addressOf(bytes, times), ''),
        (error) => error instanceof ShopError && error.code === 'invalid_input' && why.test(error.message),
      );
  const last = slow.media.takeIn('acme', addressOf(5 * MIB, 99), '');
  await stored(slow, 1);
  slow.storing.shift()?.go();
  assert.deepEqual([(await last).width, slow.most()], [0, 20 * MIB]);
});
