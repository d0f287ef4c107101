/** The media domain in a whole runtime: uploads, the library, renditions, tenancy, and what the catalogue shows of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer, type TestHost } from '../../host/testing.ts';
import type { Clock } from '../../platform/ports.ts';
import { bomb, moving, photograph, photographOfTelephone } from '../../platform/pictures/testing/pictures.ts';
import { catalog } from '../catalog/definition.ts';
import { media } from './definition.ts';
import type { Asset, AssetsPage, BegunUpload, Upload, Usage } from './schemas.ts';
import { newTicket, opens } from './ticket.ts';

let database: TestDatabase;
let shop: TestHost;
let ahead = 0;
const clock: Clock = { now: () => new Date(Date.now() + ahead) };

before(async () => {
  database = await startTestDatabase([catalog, media]);
  for (const id of ['acme', 'other', 'small'])
    await database.addTenant({ id, domains: ['catalog', 'media'], locales: ['en', 'de'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['catalog', 'media'] },
    { clock },
  );
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const begin = (tenant: string, upload: object): Promise<TestAnswer> =>
  shop.merchant(tenant, 'POST', '/api/admin/media/uploads', { json: upload });

const put = (tenant: string, { destination }: BegunUpload, body: Buffer, headers = {}): Promise<TestAnswer> =>
  shop.call(tenant, 'PUT', destination.url, { body, headers: { ...destination.headers, ...headers } });

const finish = (tenant: string, id: string): Promise<TestAnswer> =>
  shop.merchant(tenant, 'POST', `/api/admin/media/uploads/${id}/finish`);

/** Announced as what it is unless said otherwise, sent and finished. */
async function bring(tenant: string, body: Buffer, announced: object = {}): Promise<Upload> {
  const begun = await begin(tenant, {
    name: 'a.jpg',
    contentType: 'image/jpeg',
    size: body.length,
    ...announced,
  });
  assert.equal(begun.status, 201, begun.text);
  const upload = begun.json<BegunUpload>();
  const sent = await put(tenant, upload, body);
  assert.equal(sent.status, 204, sent.text);
  const finished = await finish(tenant, upload.id);
  assert.equal(finished.status, 200, finished.text);
  return finished.json<Upload>();
}

async function assetOf(tenant: string, body: Buffer, announced: object = {}): Promise<Asset> {
  const { assetId, refusal } = await bring(tenant, body, announced);
  assert.ok(assetId, JSON.stringify(refusal));
  return (await shop.merchant(tenant, 'GET', `/api/admin/media/assets/${assetId}`)).json<Asset>();
}

const usage = async (tenant: string): Promise<Usage> =>
  (await shop.merchant(tenant, 'GET', '/api/admin/media/usage')).json<Usage>();

/** What the counts ought to be, from what is there. */
async function counted(tenant: string): Promise<Pick<Usage, 'bytes' | 'reserved'>> {
  const { rows } = await database.admin.query<{ bytes: string; reserved: string }>(
    `SELECT (SELECT coalesce(sum(size), 0) FROM shop.media_assets WHERE tenant_id = $1) AS bytes,
       (SELECT coalesce(sum(size), 0) FROM shop.media_uploads WHERE tenant_id = $1 AND state = 'pending') AS reserved`,
    [tenant],
  );
  return { bytes: Number(rows[0]?.bytes), reserved: Number(rows[0]?.reserved) };
}

/** Turns the clock, and waits until tasks that were due then have run. */
async function later(minutes: number): Promise<void> {
  ahead += minutes * 60_000;
  await until(
    async () => {
      const { rows } = await database.admin.query(
        `SELECT 1 FROM shop.tasks WHERE name LIKE 'media.%' AND state IN ('waiting', 'running') AND run_at <= $1`,
        [clock.now()],
      );
      return rows.length === 0 || undefined;
    },
    { withinMs: 30_000, what: 'tasks that are due have run' },
  );
}

test('a picture is announced, sent, finished, listed, described and shown', async () => {
  const body = await photographOfTelephone(400, 300);
  const begun = await begin('acme', {
    name: 'boots on a rock.jpg',
    contentType: 'image/jpeg',
    size: body.length,
    alt: 'Boots',
  });
  const upload = begun.json<BegunUpload>();
  assert.equal(upload.state, 'pending');
  assert.equal((await finish('acme', upload.id)).status, 409, 'nothing has come yet');
  assert.equal((await put('acme', upload, body)).status, 204);
  const done = (await finish('acme', upload.id)).json<Upload>();
  assert.equal(done.state, 'ready');
  assert.deepEqual((await finish('acme', upload.id)).json(), done, 'finished again, it is the same');
  assert.equal((await put('acme', upload, body)).status, 410, 'nothing is exchanged afterwards');

  const path = `/api/admin/media/assets/${done.assetId}`;
  const changed = await shop.merchant('acme', 'PATCH', path, {
    json: { name: 'Boots', alt: { de: 'Stiefel' } },
  });
  const asset = changed.json<Asset>();
  assert.deepEqual(
    [asset.name, asset.width, asset.height, asset.alt, asset.scannedBy],
    ['Boots', 300, 400, { en: 'Boots', de: 'Stiefel' }, null],
  );
  assert.equal((await shop.merchant('acme', 'PATCH', path, { json: { alt: { fr: 'Bottes' } } })).status, 400);
  for (const q of ['oot', 'STIEF'])
    assert.equal(
      (await shop.merchant('acme', 'GET', `/api/admin/media/assets?q=${q}`)).json<AssetsPage>().assets[0]?.id,
      asset.id,
    );
  assert.deepEqual(
    (await shop.merchant('acme', 'GET', '/api/admin/media/assets?q=%25')).json<AssetsPage>().assets,
    [],
  );

  const shown = await shop.call('acme', 'GET', `${asset.url}?w=192`, {
    headers: { accept: 'image/webp,*/*' },
  });
  assert.equal(shown.status, 200, shown.text);
  const { headers } = shown;
  assert.deepEqual(
    [headers['content-type'], headers['cache-control'], headers['vary'], Number(headers['content-length'])],
    ['image/webp', 'public, max-age=31536000, immutable', 'accept', shown.bytes.length],
  );
  const seen = await sharp(shown.bytes).metadata();
  assert.deepEqual([seen.width, seen.height, seen.exif], [192, 256, undefined]);
  const again = await shop.call('acme', 'GET', `${asset.url}?w=170`, {
    headers: { accept: 'image/webp', 'if-none-match': String(headers['etag']) },
  });
  assert.equal(again.status, 304, 'the next size of the ladder is the same one');
  const jpeg = await shop.call('acme', 'GET', `${asset.url}?w=192&format=jpeg`);
  assert.deepEqual([jpeg.headers['content-type'], jpeg.headers['vary']], ['image/jpeg', undefined]);
  const whole = await shop.call('acme', 'GET', asset.url);
  assert.equal(
    (await sharp(whole.bytes).metadata()).exif,
    undefined,
    'also as large as it is, it is painted anew',
  );
  const original = await shop.merchant('acme', 'GET', `${path}/original`);
  assert.ok(original.bytes.equals(body));
  assert.match(String(original.headers['content-disposition']), /^attachment/);
});

test('what was painted is kept, and painted once however many ask', async () => {
  const asset = await assetOf('acme', await photograph(640, 480));
  const before = await renditions(asset.id);
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => shop.call('acme', 'GET', `${asset.url}?w=320&format=webp`)),
  );
  for (const answer of answers) assert.ok(answer.bytes.equals(answers[0]!.bytes), answer.text.slice(0, 200));
  assert.deepEqual([before, await renditions(asset.id)], [0, 1]);
  // Without the original only what was kept can be the answer.
  const { rows } = await database.admin.query<{ object: string }>(
    'SELECT object FROM shop.media_assets WHERE id = $1',
    [asset.id],
  );
  const { blobs } = shop.host.platform;
  const object = rows[0]!.object;
  const kept = await blobs.get('acme', 'originals', object);
  assert.ok(kept);
  kept.body.destroy();
  await blobs.delete('acme', 'originals', object);
  assert.equal((await shop.call('acme', 'GET', `${asset.url}?w=320&format=webp`)).status, 200);
  assert.equal((await shop.call('acme', 'GET', `${asset.url}?w=64&format=webp`)).status, 404);
});

test('renditions nobody has asked for go, and of too many the longest unused', async () => {
  const asset = await assetOf('acme', await photograph(500, 400));
  for (const w of [64, 128, 256]) await shop.call('acme', 'GET', `${asset.url}?w=${w}&format=png`);
  assert.equal(await renditions(asset.id), 3);
  await database.admin.query(
    `UPDATE shop.picture_renditions SET used_on = used_on - 31 WHERE key LIKE '%' || $1 || '%w64h%'`,
    [asset.id],
  );
  await shop.host.platform.pictures.tidy('acme');
  assert.equal(await renditions(asset.id), 2);
  await shop.host.platform.pictures.forget('acme', { bucket: 'originals', id: asset.id });
  assert.equal(await renditions(asset.id), 0);
  assert.equal(
    (await shop.call('acme', 'GET', `${asset.url}?w=128&format=png`)).status,
    200,
    'painted again',
  );
});

async function renditions(id: string): Promise<number> {
  const { rows } = await database.admin.query<{ count: number }>(
    `SELECT count(*)::int FROM shop.picture_renditions WHERE key LIKE 'originals/' || $1 || '/%'`,
    [id],
  );
  return rows[0]?.count ?? 0;
}

test('what is not what it says, broken, a bomb or something else besides is refused with the reason, and leaves nothing', async () => {
  const jpeg = await photograph(200, 100);
  const svg = (inside: string): Buffer =>
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${inside}</svg>`);
  const zip = Buffer.concat([
    Buffer.from('PK\x03\x04'),
    Buffer.alloc(30),
    Buffer.from('PK\x05\x06'),
    Buffer.alloc(18),
  ]);
  const cases: [string, Buffer, string?][] = [
    ['unknown_type', Buffer.from('<html><script>alert(1)</script></html>')],
    ['unknown_type', Buffer.from('MZ this is a program and nothing else')],
    ['other_type', await photograph(20, 20, 'png')],
    ['polyglot', Buffer.concat([jpeg, zip])],
    ['broken', jpeg.subarray(0, jpeg.length >> 1)],
    ['too_many_pixels', await bomb(9_000, 9_000), 'image/png'],
    ['too_many_pages', await moving(8, 8, 301), 'image/gif'],
    [
      'unsafe',
      Buffer.from('<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'),
      'image/svg+xml',
    ],
  ];
  const { bytes } = await usage('acme');
  for (const [reason, body, contentType = 'image/jpeg'] of cases) {
    const upload = await bring('acme', body, { contentType });
    // A DOCTYPE with declarations is no SVG that is known at all.
    const expected = reason === 'unsafe' ? ['unsafe', 'unknown_type'] : [reason];
    assert.equal(upload.state, 'refused', reason);
    assert.ok(
      expected.includes(upload.refusal?.reason ?? ''),
      `${reason}: ${JSON.stringify(upload.refusal)}`,
    );
    assert.equal(await shop.host.platform.blobs.get('acme', 'uploads', upload.id), undefined);
  }
  assert.deepEqual([(await usage('acme')).bytes, (await usage('acme')).reserved], [bytes, 0]);
  const drawing = await assetOf('acme', svg('<script>alert(1)</script>'), { contentType: 'image/svg+xml' });
  const shown = await shop.call('acme', 'GET', `${drawing.url}?w=64`);
  assert.equal(shown.headers['content-type'], 'image/svg+xml');
  assert.match(
    String(shown.headers['content-security-policy']),
    /default-src 'none'.*sandbox/,
    'it runs nothing',
  );
});

test('more or less than was announced is not kept, whatever the headers say', async () => {
  const body = await photograph(100, 80);
  const upload = (
    await begin('acme', { name: 'a', contentType: 'image/jpeg', size: body.length })
  ).json<BegunUpload>();
  const more = Buffer.concat([body, Buffer.from('x')]);
  assert.equal((await put('acme', upload, more)).status, 413, 'by its header');
  assert.equal((await put('acme', upload, body.subarray(1))).status, 400);
  assert.equal((await put('acme', upload, body, { 'content-type': 'image/png' })).status, 415);
  assert.equal((await put('acme', upload, body, { 'content-encoding': 'gzip' })).status, 415);
  // Without a length, it is counted as it comes: a gigabyte is not waited for.
  const { answer, sent } = await pour('acme', upload, 64 * 1024 * 1024);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
  assert.equal(await shop.host.platform.blobs.get('acme', 'uploads', upload.id), undefined);
  // A length that promises more than comes, and a sender who leaves.
  const socket = connect(shop.port, '127.0.0.1').resume();
  socket.write(headOf('acme', upload, [`content-length: ${body.length}`]));
  socket.end(body.subarray(0, 100));
  await once(socket, 'close');
  assert.equal((await finish('acme', upload.id)).status, 409, 'half a picture is none');
  assert.equal((await put('acme', upload, body)).status, 204);
  assert.equal((await finish('acme', upload.id)).json<Upload>().state, 'ready');

  for (const announced of [
    { size: 0 },
    { size: 26 * 1024 * 1024 },
    { size: 11 * 1024 * 1024, contentType: 'image/gif' },
    { contentType: 'text/html' },
    { name: '' },
  ])
    assert.equal(
      (await begin('acme', { name: 'a', contentType: 'image/jpeg', size: 1, ...announced })).status,
      400,
    );
});

const headOf = (tenant: string, { destination }: BegunUpload, headers: readonly string[]): string =>
  [
    `PUT ${destination.url} HTTP/1.1`,
    `host: ${tenant}.localhost`,
    'content-type: image/jpeg',
    ...headers,
    '',
    '',
  ].join('\r\n');

/** Chunked, as fast as it is taken, until it is answered. */
async function pour(
  tenant: string,
  upload: BegunUpload,
  most: number,
): Promise<{ answer: string; sent: number }> {
  const socket = connect(shop.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(headOf(tenant, upload, ['transfer-encoding: chunked']));
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 0xff), Buffer.from('\r\n')]);
  let answer = '';
  socket.on('data', (text: Buffer) => (answer += text.toString('latin1')));
  let sent = 0;
  while (answer === '' && sent < most && !socket.destroyed) {
    sent += chunk.length;
    if (!socket.write(chunk))
      await Promise.race([once(socket, 'drain'), once(socket, 'close'), once(socket, 'data')]);
  }
  await until(() => answer !== '' || undefined, { withinMs: 60_000, what: 'an answer' });
  socket.destroy();
  return { answer, sent };
}

test('an address opens one upload of one shop, until its time is over', async () => {
  const body = await photograph(90, 80);
  const announced = { name: 'a', contentType: 'image/jpeg', size: body.length };
  const upload = (await begin('acme', announced)).json<BegunUpload>();
  const second = (await begin('acme', announced)).json<BegunUpload>();
  const url = upload.destination.url;
  const ticket = url.slice(url.indexOf('?'));
  const to = (tenant: string, path: string) =>
    shop.call(tenant, 'PUT', path, { body, headers: { 'content-type': 'image/jpeg' } });
  assert.equal((await to('acme', `/api/media/uploads/${second.id}${ticket}`)).status, 403);
  assert.equal((await to('acme', `/api/media/uploads/${upload.id}?ticket=x`)).status, 403);
  assert.equal((await to('acme', `/api/media/uploads/${upload.id}`)).status, 400);
  assert.equal((await to('other', url)).status, 404);
  await later(16);
  assert.equal((await to('acme', url)).status, 410);
  assert.equal((await finish('acme', upload.id)).status, 410);
  assert.equal((await usage('acme')).reserved, 2 * body.length, 'what had begun in time may end');
  await later(5);
  assert.equal((await usage('acme')).reserved, 0);
  assert.equal(
    (await shop.merchant('acme', 'GET', `/api/admin/media/uploads/${upload.id}`)).json<Upload>().state,
    'expired',
  );
});

test('no word but the one that was given opens an upload, nor that one another upload or shop', () => {
  const text = fc.string({ maxLength: 60 });
  fc.assert(
    fc.property(text, text, text, text, text, (tenant, upload, otherTenant, otherUpload, guess) => {
      const { word, digest } = newTicket(tenant, upload);
      assert.ok(opens(tenant, upload, word, digest));
      assert.equal(opens(tenant, upload, word, null), false);
      assert.equal(
        opens(otherTenant, otherUpload, word, digest),
        otherTenant === tenant && otherUpload === upload,
      );
      assert.equal(opens(tenant, upload, guess, digest), false);
      assert.equal(opens(tenant, upload, word.slice(0, -1), digest), false);
    }),
  );
});

test('the same content is there once, whoever brought it first, and counted once', async () => {
  const body = await photograph(333, 222);
  const before = await usage('other');
  const uploads = await Promise.all([1, 2, 3, 4].map(() => bring('other', body)));
  assert.equal(new Set(uploads.map(({ assetId }) => assetId)).size, 1);
  const now = await usage('other');
  assert.deepEqual([now.bytes - before.bytes, now.reserved, now.assets - before.assets], [body.length, 0, 1]);
  assert.deepEqual(await counted('other'), { bytes: now.bytes, reserved: 0 });
  // Finished by two at once, it is finished once.
  const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#123' } })
    .png()
    .toBuffer();
  const again = (
    await begin('other', { name: 'b', contentType: 'image/png', size: png.length })
  ).json<BegunUpload>();
  await put('other', again, png);
  const ends = await Promise.all([finish('other', again.id), finish('other', again.id)]);
  assert.deepEqual(
    ends.map((answer) => answer.json<Upload>().state),
    ['ready', 'ready'],
  );
  const { bytes, reserved } = await usage('other');
  assert.deepEqual(await counted('other'), { bytes, reserved });
});

test('a shop has no more than its plan gives, however many announce at once', async () => {
  const quota = (await usage('small')).quota;
  await database.admin.query(
    `INSERT INTO shop.media_usage VALUES ('small', $1, 0) ON CONFLICT (tenant_id) DO UPDATE SET bytes = $1`,
    [quota - 10_000],
  );
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => begin('small', { name: 'a', contentType: 'image/png', size: 3_000 })),
  );
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted(),
    [201, 201, 201, 413, 413, 413, 413, 413, 413, 413, 413, 413],
  );
  const { bytes, reserved } = await usage('small');
  assert.deepEqual([bytes, reserved], [quota - 10_000, 9_000]);
  await later(21);
  assert.equal((await usage('small')).reserved, 0);
});

test('a shop sees nothing of another’s pictures', async () => {
  const body = await photograph(210, 140);
  const asset = await assetOf('acme', body);
  const upload = (await begin('acme', { name: 'x', contentType: 'image/png', size: 50 })).json<BegunUpload>();
  for (const [method, path] of [
    ['GET', `/api/media/${asset.id}`],
    ['GET', `/api/media/${asset.id}?w=64`],
    ['GET', `/api/admin/media/assets/${asset.id}`],
    ['GET', `/api/admin/media/assets/${asset.id}/original`],
    ['DELETE', `/api/admin/media/assets/${asset.id}`],
    ['GET', `/api/admin/media/uploads/${upload.id}`],
    ['POST', `/api/admin/media/uploads/${upload.id}/finish`],
  ] as const)
    assert.equal((await shop.merchant('other', method, path)).status, 404, `${method} ${path}`);
  const patch = await shop.merchant('other', 'PATCH', `/api/admin/media/assets/${asset.id}`, {
    json: { name: 'mine' },
  });
  assert.equal(patch.status, 404);
  const listed = (await shop.merchant('other', 'GET', '/api/admin/media/assets')).json<AssetsPage>().assets;
  assert.ok(!listed.some(({ id }) => id === asset.id));
  // The same content in both is two pictures: one's deletion is not the other's.
  const twin = await assetOf('other', body);
  assert.equal(twin.id, asset.id);
  assert.equal((await shop.merchant('other', 'DELETE', `/api/admin/media/assets/${asset.id}`)).status, 204);
  await later(6);
  assert.equal((await shop.call('other', 'GET', asset.url)).status, 404);
  assert.equal((await shop.call('acme', 'GET', asset.url)).status, 200);
  for (const path of ['assets', 'usage'])
    assert.equal((await shop.call('acme', 'GET', `/api/admin/media/${path}`)).status, 401);
});

test('what cannot be painted the catalogue shows as it is', async () => {
  const whole = await photograph(300, 200);
  const broken = whole.subarray(0, whole.length >> 1);
  const id = `med_${'b'.repeat(32)}`;
  await database.admin.query(
    `INSERT INTO shop.media (tenant_id, id, content_type, width, height, size, created_at) VALUES ('acme', $1, 'image/jpeg', 300, 200, $2, now())`,
    [id, broken.length],
  );
  await shop.host.platform.blobs.put('acme', 'media', id, broken, 'image/jpeg');
  const answer = await shop.call('acme', 'GET', `/api/catalog/media/${id}?w=128`);
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'image/jpeg']);
  assert.ok(answer.bytes.equals(broken));
});

test('the catalogue shows pictures of the library; while it does they are not deleted', async () => {
  const asset = await assetOf('acme', await photograph(500, 500), { alt: 'A boot' });
  const product = (images: object[]) => ({
    title: 'Boot',
    variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }],
    images,
  });
  const missing = await shop.merchant('acme', 'POST', '/api/admin/catalog/products', {
    json: product([{ src: `/api/media/med_${'0'.repeat(32)}` }]),
  });
  assert.equal(missing.status, 400, missing.text);
  const created = await shop.merchant('acme', 'POST', '/api/admin/catalog/products', {
    json: product([{ src: asset.url }]),
  });
  assert.equal(created.status, 201, created.text);
  const boot = created.json<{ id: string; version: number; images: unknown[] }>();
  assert.deepEqual(boot.images, [{ url: asset.url, alt: 'A boot', width: 500, height: 500 }]);

  const path = `/api/admin/media/assets/${asset.id}`;
  const refused = await shop.merchant('acme', 'DELETE', path);
  assert.equal(refused.status, 409);
  assert.match(refused.text, new RegExp(`product/${boot.id}`));
  const changed = await shop.merchant('acme', 'PUT', `/api/admin/catalog/products/${boot.id}`, {
    json: { ...product([]), version: boot.version },
  });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await shop.merchant('acme', 'DELETE', path)).status, 204);
  assert.equal((await shop.merchant('acme', 'GET', path)).status, 404, 'it has left the library');
  assert.equal((await shop.call('acme', 'GET', asset.url)).status, 200, 'pages that are open still show it');

  // Somebody who was about to show it says so after it was deleted: it stays.
  await database.admin.query(
    `INSERT INTO shop.catalog_media_uses (tenant_id, media_id, kind, used_by) VALUES ('acme', $1, 'product', $2)`,
    [asset.id, boot.id],
  );
  await later(6);
  assert.equal((await shop.merchant('acme', 'GET', path)).status, 200);
  await database.admin.query('DELETE FROM shop.catalog_media_uses WHERE media_id = $1', [asset.id]);

  assert.equal((await shop.merchant('acme', 'DELETE', path)).status, 204);
  const before = await usage('acme');
  await later(6);
  assert.equal((await shop.call('acme', 'GET', asset.url)).status, 404);
  const now = await usage('acme');
  assert.equal(before.bytes - now.bytes, asset.size);
  assert.deepEqual(await counted('acme'), { bytes: now.bytes, reserved: now.reserved });
});
