/** What every blobs adapter must keep: whole objects, safe keys, nobody else's objects. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { Blob, Blobs } from '../ports.ts';

/** Registers the suite. */
export function blobsContract(adapter: string, open: () => Promise<Blobs>): void {
  const bytesOf = async (blob: Blob | undefined): Promise<Buffer> => {
    assert.ok(blob);
    const chunks: Buffer[] = [];
    for await (const chunk of blob.body) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  };

  test(`${adapter}: what was put comes back whole, with type, size and a tag that follows the content`, async () => {
    const blobs = await open();
    for (const size of [0, 1, 511, 512, 70_000, 1_000_000]) {
      const content = randomBytes(size);
      const { etag } = await blobs.put('a', 'things', `folder/${size}.bin`, content, 'image/png; x="ü"');
      const blob = await blobs.get('a', 'things', `folder/${size}.bin`);
      assert.deepEqual([blob?.size, blob?.contentType, blob?.etag], [size, 'image/png; x="ü"', etag]);
      assert.ok((await bytesOf(blob)).equals(content));
      const streamed = await blobs.put(
        'a',
        'things',
        'streamed',
        Readable.from([content.subarray(0, size >> 1), content.subarray(size >> 1)]),
        'x/y',
      );
      assert.equal(streamed.etag, etag, 'the same content has the same tag');
    }
  });

  test(`${adapter}: a second put replaces, a delete removes, both may be repeated`, async () => {
    const blobs = await open();
    await blobs.put('a', 'things', 'k', Buffer.from('one'), 'text/plain');
    const first = await blobs.get('a', 'things', 'k');
    await blobs.put('a', 'things', 'k', Buffer.from('three'), 'text/html');
    assert.equal((await bytesOf(await blobs.get('a', 'things', 'k'))).toString(), 'three');
    assert.equal((await bytesOf(first)).toString(), 'one', 'who was reading reads on');
    await blobs.delete('a', 'things', 'k');
    await blobs.delete('a', 'things', 'k');
    assert.equal(await blobs.get('a', 'things', 'k'), undefined);
  });

  test(`${adapter}: a put that fails halfway leaves what was there`, async () => {
    const blobs = await open();
    await blobs.put('a', 'things', 'k', Buffer.from('whole'), 'text/plain');
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw new Error('the sender is gone');
      })(),
    );
    await assert.rejects(blobs.put('a', 'things', 'k', broken, 'text/plain'), /gone/);
    assert.equal((await bytesOf(await blobs.get('a', 'things', 'k'))).toString(), 'whole');
  });

  test(`${adapter}: a range is those bytes and no others, and says how large the whole is`, async () => {
    const blobs = await open();
    const content = randomBytes(600_000);
    await blobs.put('a', 'things', 'k', content, 'x/y');
    for (const [first, last] of [
      [0, 0],
      [10, 20],
      [599_999, undefined],
      [1, undefined],
      [100, 400_000],
      [599_990, 700_000],
    ] as const) {
      const blob = await blobs.get('a', 'things', 'k', { first, ...(last === undefined ? {} : { last }) });
      assert.equal(blob?.size, content.length);
      const expected = content.subarray(first, last === undefined ? undefined : last + 1);
      assert.ok((await bytesOf(blob)).equals(expected), `${first}-${last ?? ''}`);
    }
    await assert.rejects(blobs.get('a', 'things', 'k', { first: 600_000 }), { code: 'invalid_input' });
    assert.equal(await blobs.get('a', 'things', 'absent', { first: 0 }), undefined);
  });

  test(`${adapter}: of a hundred writers of one key the last one's content stays, whole`, async () => {
    const blobs = await open();
    const contents = Array.from({ length: 100 }, (_, n) => Buffer.alloc(20_000 + n, n));
    await Promise.all(contents.map((content) => blobs.put('a', 'things', 'k', content, 'x/y')));
    const kept = await bytesOf(await blobs.get('a', 'things', 'k'));
    assert.ok(contents.some((content) => content.equals(kept)));
  });

  test(`${adapter}: an object of many megabytes passes through as a stream, and two readers do not disturb each other`, async () => {
    const blobs = await open();
    const chunk = randomBytes(1 << 20);
    const large = Readable.from(
      (function* () {
        for (let n = 0; n < 20; n++) yield chunk;
      })(),
    );
    const { etag } = await blobs.put('a', 'things', 'large', large, 'x/y');
    const [one, two] = await Promise.all([
      blobs.get('a', 'things', 'large'),
      blobs.get('a', 'things', 'large'),
    ]);
    assert.deepEqual([one?.size, one?.etag], [20 << 20, etag]);
    const [first, second] = await Promise.all([bytesOf(one), bytesOf(two)]);
    assert.ok(first.equals(second));
    for (let n = 0; n < 20; n++) assert.ok(first.subarray(n << 20, (n + 1) << 20).equals(chunk));
  });

  test(`${adapter}: tenants and buckets do not see each other`, async () => {
    const blobs = await open();
    await blobs.put('a', 'things', 'k', Buffer.from('a'), 'text/plain');
    assert.equal(await blobs.get('b', 'things', 'k'), undefined);
    assert.equal(await blobs.get('a', 'others', 'k'), undefined);
    await blobs.delete('b', 'things', 'k');
    assert.ok(await blobs.get('a', 'things', 'k'));
  });

  test(`${adapter}: keys, buckets and tenants that could lead elsewhere are refused`, async () => {
    const blobs = await open();
    for (const key of [
      '',
      '../x',
      'a/../../x',
      '/x',
      'a//b',
      'a/./b',
      'A',
      'a b',
      'a\0',
      '.x',
      'a/..',
      'ü',
      'x'.repeat(600),
    ]) {
      await assert.rejects(async () => blobs.get('a', 'things', key), { code: 'invalid_input' }, key);
      await assert.rejects(
        async () => blobs.put('a', 'things', key, Buffer.from('x'), 'x/y'),
        { code: 'invalid_input' },
        key,
      );
    }
    await assert.rejects(async () => blobs.get('..', 'things', 'k'), { code: 'invalid_input' });
    await assert.rejects(async () => blobs.get('a', '..', 'k'), { code: 'invalid_input' });
  });
}
