/** Pictures of reviews by the routes of both domains: who brings them, who sees them, and that what is given up is gone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer, type TestHost } from '../../../host/testing.ts';
import { photograph, photographOfTelephone } from '../../../platform/pictures/testing/pictures.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Clock } from '../../../platform/ports.ts';
import { accounts } from '../../accounts/definition.ts';
import type { Session } from '../../accounts/definition.ts';
import { media } from '../../media/definition.ts';
import { MOST_OF_A_SHOPPER } from '../../media/limits.ts';
import type { Usage } from '../../media/schemas.ts';
import { catalog } from '../definition.ts';
import { reviewersOf } from '../testing/reviewers.ts';
import { setPictures } from './pictures.ts';
import type {
  AdminReview,
  BegunPicture,
  FinishedPicture,
  OwnReview,
  ReviewsPage,
  ReviewStanding,
} from './schemas.ts';

let database: TestDatabase;
let shop: TestHost;
let brought = 0;
let ahead = 0;
const clock: Clock = { now: () => new Date(Date.now() + ahead) };

before(async () => {
  database = await startTestDatabase([accounts, catalog, media]);
  for (const id of ['acme', 'quick', 'other', 'plain', 'late'])
    await database.addTenant(
      { id, domains: id === 'plain' ? ['accounts', 'catalog'] : ['accounts', 'catalog', 'media'] },
      ADMIN_SECRETS,
    );
  shop = await startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: ['accounts', 'catalog', 'media'],
    },
    { clock },
  );
  for (const tenant of ['acme', 'other', 'plain', 'late'])
    await settings(tenant, { writers: 'customers', publication: 'checked' });
  await settings('quick', { writers: 'customers', publication: 'at_once', heldWords: ['rubbish'] });
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const { settings, product, person, as, words } = reviewersOf(() => shop);

const begin = (who: Session, tenant: string, productId: string, size: number, more: object = {}) =>
  as(who, tenant, 'POST', '/pictures', { productId, contentType: 'image/jpeg', size, ...more });

const put = (tenant: string, { destination }: BegunPicture, body: Buffer, headers = {}) =>
  shop.call(tenant, 'PUT', destination.url, { body, headers: { ...destination.headers, ...headers } });

const finish = (who: Session, tenant: string, id: string) =>
  as(who, tenant, 'POST', `/pictures/${id}/finish`);

/** Announced, sent and finished. */
async function bring(who: Session, tenant: string, productId: string, body?: Buffer): Promise<string> {
  const bytes = body ?? (await photograph(320 + (brought += 1), 240));
  const answer = await begin(who, tenant, productId, bytes.length);
  assert.equal(answer.status, 201, answer.text);
  const begun = answer.json<BegunPicture>();
  assert.equal((await put(tenant, begun, bytes)).status, 204);
  const done = (await finish(who, tenant, begun.id)).json<FinishedPicture>();
  assert.equal(done.state, 'ready', JSON.stringify(done));
  return begun.id;
}

async function write(
  who: Session,
  tenant: string,
  productId: string,
  pictures: readonly string[],
  more: object = {},
): Promise<OwnReview> {
  const named = pictures.map((id) => ({ id, alt: `Picture ${id.slice(-4)}` }));
  const answer = await as(who, tenant, 'POST', '', { productId, ...words(more), pictures: named });
  assert.equal(answer.status, 201, answer.text);
  return answer.json<OwnReview>();
}

const decided = (tenant: string, { id, version }: OwnReview, state: string) =>
  shop.managed<AdminReview>(tenant, 'PATCH', `/api/admin/catalog/reviews/${id}`, { version, state });
const decidePicture = (tenant: string, { id, version }: OwnReview, picture: string, state: string) =>
  shop.merchant(tenant, 'PATCH', `/api/admin/catalog/reviews/${id}/pictures/${picture}`, {
    json: { version, state },
  });
const shown = async (tenant: string, productId: string, query = '') =>
  (await as(undefined, tenant, 'GET', `?productId=${productId}${query}`)).json<ReviewsPage>();
/** Nobody by the public address, a customer by that of one's own. */
const look = (who: Session | undefined, tenant: string, id: string) =>
  shop.call(tenant, 'GET', `/api/media/shoppers/${id}${who === undefined ? '' : '/own'}?w=128`, {
    headers: who === undefined ? {} : { authorization: `Bearer ${who.token}` },
  });
const seen = async (who: Session | undefined, tenant: string, id: string): Promise<number> =>
  (await look(who, tenant, id)).status;

/** Everything of it there is: rows of both domains, and bytes. What keeps it from being claimed again stays for some minutes. */
async function leftOf(tenant: string, id: string): Promise<number> {
  const { rows } = await database.admin.query<{ count: number }>(
    `select (select count(*) from shop.media_shopper_pictures where tenant_id = $1 and id = $2)::int
       + (select count(*) from shop.catalog_review_pictures where tenant_id = $1 and id = $2 and state <> 'dropped')::int
       + (select count(*) from shop.picture_renditions where tenant_id = $1 and key like 'shoppers/' || $2 || '/%')::int as count`,
    [tenant, id],
  );
  return rows[0]?.count ?? 0;
}

const objectOf = async (id: string): Promise<string> => {
  const { rows } = await database.admin.query<{ object: string }>(
    'select object from shop.media_shopper_pictures where id = $1',
    [id],
  );
  return rows[0]?.object ?? '';
};

const goes = (tenant: string, id: string) =>
  until(async () => (await leftOf(tenant, id)) === 0 || undefined, {
    withinMs: 30_000,
    what: `${id} is gone from both domains`,
  });

const refused = (answer: TestAnswer, status: number, code: string) => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json<{ code: string }>().code, code);
};

const usage = async (tenant: string): Promise<Usage> =>
  (await shop.merchant(tenant, 'GET', '/api/admin/media/usage')).json<Usage>();

/** What shoppers' pictures count for is what there is of them. */
async function isCounted(tenant: string): Promise<void> {
  const { rows } = await database.admin.query<{ bytes: number }>(
    'select coalesce(sum(size), 0)::int as bytes from shop.media_shopper_pictures where tenant_id = $1',
    [tenant],
  );
  assert.equal((await usage(tenant)).shoppers, rows[0]?.bytes);
}

test('a picture is seen by whoever brought it and the merchant, and by everybody once its review is read', async () => {
  const [{ id }, ada, bob] = [await product('acme'), await person('acme'), await person('acme')];
  const standing = (await as(ada, 'acme', 'GET', `/standing?productId=${id}`)).json<ReviewStanding>();
  assert.equal(standing.mostPictures, 5);
  const picture = await bring(ada, 'acme', id, await photographOfTelephone(640, 480));
  assert.deepEqual(
    [
      await seen(undefined, 'acme', picture),
      await seen(bob, 'acme', picture),
      await seen(ada, 'acme', picture),
    ],
    [404, 404, 200],
  );
  const own = await look(ada, 'acme', picture);
  assert.equal(own.headers['cache-control'], 'no-store');

  const review = await write(ada, 'acme', id, [picture]);
  assert.deepEqual(
    review.pictures.map(({ state, width, height }) => [state, width, height]),
    [['waiting', 480, 640]],
    'turned as it was taken',
  );
  assert.equal(await seen(bob, 'acme', picture), 404);
  assert.deepEqual((await shown('acme', id)).reviews, []);
  assert.equal(review.pictures[0]?.url, `/api/media/shoppers/${picture}/own`);
  const waiting = await shop.managed<AdminReview>('acme', 'GET', `/api/admin/catalog/reviews/${review.id}`);
  const preview = await shop.merchant('acme', 'GET', `${waiting.pictures[0]?.url}?w=128`);
  assert.equal(preview.status, 200);
  assert.equal(preview.headers['cache-control'], 'no-store');

  await decided('acme', review, 'published');
  const page = await shown('acme', id);
  assert.deepEqual(page.reviews[0]?.pictures, [
    {
      id: picture,
      url: `/api/media/shoppers/${picture}`,
      alt: `Picture ${picture.slice(-4)}`,
      width: 480,
      height: 640,
    },
  ]);
  assert.equal(page.pictured, 1);
  const open = await look(undefined, 'acme', picture);
  assert.equal(open.status, 200);
  assert.match(String(open.headers['cache-control']), /^public, max-age=300/);
  const { exif } = await sharp(open.bytes).metadata();
  assert.equal(exif, undefined, 'nothing of what the camera noted is told');
  await isCounted('acme');
});

test('what is kept of a picture is painted anew: no place, no maker, no more than it takes', async () => {
  const [{ id }, ada] = [await product('acme'), await person('acme')];
  const picture = await bring(ada, 'acme', id, await photographOfTelephone(2_400, 1_800));
  const { rows } = await database.admin.query<{
    object: string;
    size: string;
    width: number;
    height: number;
  }>('select object, size, width, height from shop.media_shopper_pictures where id = $1', [picture]);
  const kept = await shop.host.platform.blobs.get('acme', 'shoppers', rows[0]?.object ?? '');
  assert.ok(kept !== undefined);
  const chunks: Buffer[] = [];
  for await (const chunk of kept.body) chunks.push(Buffer.from(chunk));
  const { exif, width, height, format } = await sharp(Buffer.concat(chunks)).metadata();
  assert.deepEqual([exif, width, height, format], [undefined, 1_440, 1_920, 'webp']);
  assert.deepEqual([rows[0]?.width, rows[0]?.height, Number(rows[0]?.size)], [1_440, 1_920, kept.size]);
});

test('one picture is refused and the words stay; of a refused or withdrawn review nothing stays', async () => {
  const [{ id }, ada, bob] = [await product('acme'), await person('acme'), await person('acme')];
  const [first, second] = [await bring(ada, 'acme', id), await bring(ada, 'acme', id)];
  const review = await write(ada, 'acme', id, [first, second]);
  await decided('acme', review, 'published');
  assert.equal(await seen(undefined, 'acme', first), 200);
  const object = await objectOf(first);
  refused(await decidePicture('acme', { ...review, version: 7 }, first, 'refused'), 409, 'conflict');
  const left = await decidePicture('acme', review, first, 'refused');
  assert.deepEqual(
    left.json<AdminReview>().pictures.map((picture) => picture.id),
    [second],
  );
  assert.equal(await seen(undefined, 'acme', first), 404, 'at once');
  refused(await decidePicture('acme', review, first, 'approved'), 404, 'not_found');
  const [read] = (await shown('acme', id)).reviews;
  assert.deepEqual([read?.body, read?.pictures.map((picture) => picture.id)], ['Kept me dry.', [second]]);
  await goes('acme', first);
  assert.equal(await shop.host.platform.blobs.get('acme', 'shoppers', object), undefined);

  assert.equal((await as(ada, 'acme', 'DELETE', `/${review.id}`)).status, 204);
  assert.equal(await seen(undefined, 'acme', second), 404);
  await goes('acme', second);

  const third = await bring(bob, 'acme', id);
  await decided('acme', await write(bob, 'acme', id, [third]), 'refused');
  assert.equal(await seen(undefined, 'acme', third), 404);
  await goes('acme', third);
  assert.equal(await seen(bob, 'acme', third), 404);
  assert.equal((await shown('acme', id)).pictured, 0);
  await isCounted('acme');
});

test('a shop that shows words at once shows a picture when the merchant has looked at it', async () => {
  const [{ id }, ada] = [await product('quick'), await person('quick')];
  const picture = await bring(ada, 'quick', id);
  const review = await write(ada, 'quick', id, [picture]);
  assert.equal(review.state, 'published');
  assert.deepEqual((await shown('quick', id)).reviews[0]?.pictures, []);
  assert.equal(await seen(undefined, 'quick', picture), 404);
  const waiting = () =>
    shop.managed<{ reviews: AdminReview[] }>('quick', 'GET', '/api/admin/catalog/reviews?pictures=waiting');
  assert.deepEqual(
    (await waiting()).reviews.map((each) => each.id),
    [review.id],
  );
  assert.equal((await decidePicture('quick', review, picture, 'approved')).status, 200);
  assert.deepEqual((await waiting()).reviews, []);
  assert.equal((await shown('quick', id)).reviews[0]?.pictures[0]?.id, picture);
  assert.equal(await seen(undefined, 'quick', picture), 200);

  const again = { ...words(), version: review.version };
  const said = await as(ada, 'quick', 'PUT', `/${review.id}`, {
    ...again,
    pictures: [{ id: picture, alt: 'Other words' }],
  });
  assert.equal(said.json<OwnReview>().pictures[0]?.state, 'waiting', 'its words are looked at as well');
  const held = await as(ada, 'quick', 'PUT', `/${review.id}`, {
    ...again,
    version: 2,
    pictures: [{ id: picture, alt: 'What rubbish' }],
  });
  assert.equal(held.json<OwnReview>().state, 'pending', 'and hold back a review as its own words do');
});

test('an edit keeps, adds, sorts and gives up pictures; without a word of them they stay', async () => {
  const [{ id }, ada] = [await product('acme'), await person('acme')];
  const [a, b, c] = [
    await bring(ada, 'acme', id),
    await bring(ada, 'acme', id),
    await bring(ada, 'acme', id),
  ];
  const review = await write(ada, 'acme', id, [a, b]);
  await decided('acme', review, 'published');
  const edit = async (version: number, more: object) =>
    (await as(ada, 'acme', 'PUT', `/${review.id}`, { ...words(), version, ...more })).json<OwnReview>();
  const alt = `Picture ${b.slice(-4)}`;
  const changed = await edit(1, { pictures: [{ id: c }, { id: b, alt }] });
  assert.deepEqual(
    changed.pictures.map((picture) => [picture.id, picture.state]),
    [
      [c, 'waiting'],
      [b, 'approved'],
    ],
  );
  await goes('acme', a);
  assert.equal((await edit(2, {})).pictures.length, 2);
  assert.deepEqual((await edit(3, { pictures: [] })).pictures, []);
  await goes('acme', b);
  await goes('acme', c);
});

test('nobody’s review shows what another shopper brought, or another shop’s, or another review', async () => {
  const [one, two] = [await product('acme'), await product('acme')];
  const [ada, eve, stranger] = [await person('acme'), await person('acme'), await person('other')];
  const picture = await bring(ada, 'acme', one.id);
  const attach = (who: Session, tenant: string, productId: string, id: string) =>
    as(who, tenant, 'POST', '', { productId, ...words(), pictures: [{ id }] });
  refused(await finish(eve, 'acme', picture), 404, 'not_found');
  refused(await attach(eve, 'acme', one.id, picture), 400, 'invalid_input');
  const elsewhere = await product('other');
  refused(await finish(stranger, 'other', picture), 404, 'not_found');
  refused(await attach(stranger, 'other', elsewhere.id, picture), 400, 'invalid_input');
  assert.equal(await seen(stranger, 'other', picture), 404);
  assert.equal(
    (await shop.merchant('other', 'GET', `/api/admin/media/shoppers/${picture}?w=64`)).status,
    404,
  );

  // Both of one's own reviews at once: one of them has it.
  const both = await Promise.all([one, two].map(({ id }) => attach(ada, 'acme', id, picture)));
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 400]);
  const eves = await write(eve, 'acme', one.id, []);
  const stolen = await as(eve, 'acme', 'PUT', `/${eves.id}`, {
    ...words(),
    version: 1,
    pictures: [{ id: picture }],
  });
  refused(stolen, 400, 'invalid_input');
});

test('one that was given up is nobody’s any more, however soon it is claimed again', async () => {
  const [{ id }, ada] = [await product('acme'), await person('acme')];
  const picture = await bring(ada, 'acme', id);
  const review = await write(ada, 'acme', id, [picture]);
  const edit = (version: number, pictures: object[]) =>
    as(ada, 'acme', 'PUT', `/${review.id}`, { ...words(), version, pictures });
  assert.equal((await edit(1, [])).status, 200);
  refused(await edit(2, [{ id: picture }]), 400, 'invalid_input');
  assert.equal((await as(ada, 'acme', 'DELETE', `/${review.id}`)).status, 204);
  const again = await as(ada, 'acme', 'POST', '', { productId: id, ...words(), pictures: [{ id: picture }] });
  refused(again, 400, 'invalid_input');
  await goes('acme', picture);
  // Whoever was told that it is ready, and comes when it is gone.
  const { sql } = shop.host.platform;
  const late = await write(ada, 'acme', id, []);
  const ready = [{ id: picture, width: 1, height: 1 }];
  await assert.rejects(
    sql.transaction('acme', (tx) => setPictures(tx, 'acme', late.id, [{ id: picture, alt: '' }], ready, 5)),
    (error) => error instanceof ShopError && error.code === 'invalid_input',
  );
});

test('who may not write the review brings no pictures, and nobody brings what is none', async () => {
  const { id } = await product('acme');
  const [ada, text] = [await person('acme'), Buffer.from('<script>alert(1)</script>')];
  await settings('acme', { writers: 'buyers' });
  refused(await begin(ada, 'acme', id, 100), 403, 'forbidden');
  await settings('acme', { writers: 'customers', mostPictures: 0 });
  refused(await begin(ada, 'acme', id, 100), 409, 'conflict');
  await settings('acme', { mostPictures: 2 });
  refused(await begin(ada, 'acme', 'prod_none', 100), 404, 'not_found');
  for (const wrong of [
    { size: 0 },
    { size: 1e9 },
    { contentType: 'image/svg+xml' },
    { contentType: 'text/html' },
  ])
    refused(await begin(ada, 'acme', id, 100, wrong), 400, 'invalid_input');

  const begun = (await begin(ada, 'acme', id, text.length)).json<BegunPicture>();
  refused(await finish(ada, 'acme', begun.id), 409, 'conflict');
  const other = { ...begun.destination, url: begun.destination.url.replace(/ticket=.*/, 'ticket=x') };
  refused(await put('acme', { ...begun, destination: other }, text), 403, 'forbidden');
  refused(await put('acme', begun, Buffer.concat([text, text])), 413, 'too_large');
  refused(await put('acme', begun, text, { 'content-type': 'image/png' }), 415, 'unsupported_media_type');
  assert.equal((await put('acme', begun, text)).status, 204);
  const done = (await finish(ada, 'acme', begun.id)).json<FinishedPicture>();
  assert.deepEqual([done.state, done.refusal?.reason], ['refused', 'unknown_type']);
  assert.deepEqual((await finish(ada, 'acme', begun.id)).json(), done, 'asked again, it is the same');

  const pictures = [];
  for (let n = 0; n < 3; n++) pictures.push({ id: await bring(ada, 'acme', id) });
  refused(await as(ada, 'acme', 'POST', '', { productId: id, ...words(), pictures }), 409, 'conflict');
  const twice = [pictures[0], pictures[0]];
  refused(
    await as(ada, 'acme', 'POST', '', { productId: id, ...words(), pictures: twice }),
    400,
    'invalid_input',
  );
  await settings('acme', { mostPictures: 5 });
});

test('a shop without the media domain has reviews as before', async () => {
  const [{ id }, ada] = [await product('plain'), await person('plain')];
  const standing = (await as(ada, 'plain', 'GET', `/standing?productId=${id}`)).json<ReviewStanding>();
  assert.equal(standing.mostPictures, 0);
  refused(await begin(ada, 'plain', id, 100), 409, 'conflict');
  const picture = { id: `pic_${'0'.repeat(32)}` };
  refused(
    await as(ada, 'plain', 'POST', '', { productId: id, ...words(), pictures: [picture] }),
    400,
    'invalid_input',
  );
  assert.equal((await write(ada, 'plain', id, [])).state, 'pending');
});

test('one shopper may bring so many, and a shop has so much room for all', async () => {
  const [{ id }, ada, bob] = [await product('other'), await person('other'), await person('other')];
  const begun = (await begin(ada, 'other', id, 100)).json<BegunPicture>();
  await database.admin.query(
    `insert into shop.media_shopper_pictures (tenant_id, id, customer_id, state, content_type, size, ticket, expires_at, object, created_at)
     select tenant_id, 'pic_' || lpad(n::text, 32, '0'), customer_id, 'refused', content_type, 0, '', expires_at, 'x', created_at
     from shop.media_shopper_pictures, generate_series(2, $2::int) n where id = $1`,
    [begun.id, MOST_OF_A_SHOPPER],
  );
  refused(await begin(ada, 'other', id, 100), 413, 'too_large');
  const { shoppers, shoppersQuota } = await usage('other');
  await database.admin.query(`update shop.media_usage set shoppers = $1 where tenant_id = 'other'`, [
    shoppersQuota - 150,
  ]);
  const both = await Promise.all([begin(bob, 'other', id, 100), begin(bob, 'other', id, 100)]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 413], 'of two only one fits');
  await database.admin.query(`update shop.media_usage set shoppers = $1 where tenant_id = 'other'`, [
    shoppers + 100,
  ]);
  await isCounted('other');
});

test('only those with pictures are listed where that is asked, in pages', async () => {
  const { id } = await product('quick');
  const pictured: string[] = [];
  for (let n = 0; n < 4; n++) {
    const who = await person('quick');
    const pictures = n % 2 === 0 ? [await bring(who, 'quick', id)] : [];
    const review = await write(who, 'quick', id, pictures);
    for (const picture of pictures) await decidePicture('quick', review, picture, 'approved');
    if (pictures.length > 0) pictured.unshift(review.id);
  }
  const all = await shown('quick', id);
  assert.deepEqual([all.reviews.length, all.pictured], [4, 2]);
  const first = await shown('quick', id, '&withPictures=true&limit=1');
  const second = await shown('quick', id, `&withPictures=true&limit=1&cursor=${first.nextCursor}`);
  assert.deepEqual(
    [...first.reviews, ...second.reviews].map((review) => review.id),
    pictured,
  );
  assert.equal(second.nextCursor, null);
});

test('with a product its reviews go, and their pictures', async () => {
  const [{ id }, ada] = [await product('acme'), await person('acme')];
  const picture = await bring(ada, 'acme', id);
  await decided('acme', await write(ada, 'acme', id, [picture]), 'published');
  assert.equal(await seen(undefined, 'acme', picture), 200);
  await shop.managed('acme', 'DELETE', `/api/admin/catalog/products/${id}`, undefined, 204);
  assert.equal(await seen(undefined, 'acme', picture), 404);
  await goes('acme', picture);
});

test('whoever is erased takes their pictures along: nobody sees them at once, and their bytes go', async () => {
  const [{ id }, ada] = [await product('acme'), await person('acme')];
  const picture = await bring(ada, 'acme', id);
  await decided('acme', await write(ada, 'acme', id, [picture]), 'published');
  assert.equal(await seen(undefined, 'acme', picture), 200);
  // As the definitions say that an erasure does.
  await database.admin.query(
    'delete from shop.catalog_review_pictures where tenant_id = $1 and review_id in (select id from shop.catalog_reviews where tenant_id = $1 and customer_id = $2)',
    ['acme', ada.customer.id],
  );
  await database.admin.query(
    `update shop.media_shopper_pictures set customer_id = null, state = 'erased' where tenant_id = 'acme' and customer_id = $1`,
    [ada.customer.id],
  );
  assert.equal(await seen(undefined, 'acme', picture), 404);
  assert.equal(await seen(ada, 'acme', picture), 404);
  // The next picture of the shop has it removed, where nobody has left a task for that.
  const bob = await person('acme');
  assert.equal((await begin(bob, 'acme', id, 100)).status, 201);
  await goes('acme', picture);
  await isCounted('acme');
});

test('what no review claims within a day is tidied away, and what one claims is not', async () => {
  const [{ id }, ada, bob] = [await product('late'), await person('late'), await person('late')];
  const tidied = async (minutes: number) => {
    ahead += minutes * 60_000;
    await until(
      async () => {
        const { rowCount } = await database.admin.query(
          `select 1 from shop.tasks where tenant_id = 'late' and name like any ('{media.%,catalog.drop%}') and state in ('waiting', 'running') and run_at <= $1`,
          [clock.now()],
        );
        return rowCount === 0 || undefined;
      },
      { withinMs: 30_000, what: 'tasks that are due have run' },
    );
  };
  const [claimed, loose] = [await bring(ada, 'late', id), await bring(ada, 'late', id)];
  const pending = (await begin(ada, 'late', id, 100)).json<BegunPicture>().id;
  const review = await write(ada, 'late', id, [claimed]);
  await decided('late', review, 'published');
  await tidied(21);
  await goes('late', pending);
  assert.deepEqual([(await leftOf('late', loose)) > 0, await seen(undefined, 'late', claimed)], [true, 200]);
  await tidied(24 * 60);
  const gone = await as(bob, 'late', 'POST', '', { productId: id, ...words(), pictures: [{ id: loose }] });
  refused(gone, 400, 'invalid_input');
  await goes('late', loose);
  await tidied(24 * 60);
  assert.equal(await seen(undefined, 'late', claimed), 200);
  assert.equal((await as(ada, 'late', 'DELETE', `/${review.id}`)).status, 204);
  await goes('late', claimed);
  await tidied(6);
  const { rowCount } = await database.admin.query(
    `select 1 from shop.catalog_review_pictures where tenant_id = 'late'`,
  );
  assert.equal(rowCount, 0, 'nothing of it is left');
  await isCounted('late');
});

test('whatever is written, edited, decided and withdrawn at once, a review shows what is there and nothing else is kept', async () => {
  const { id } = await product('quick');
  const step = fc.constantFrom('write', 'swap', 'none', 'publish', 'refuse', 'refuseOne', 'withdraw');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 6 }), async (steps) => {
      // One who has written nothing yet: how much one may write in a minute is another matter.
      const ada = await person('quick');
      const brought = await Promise.all([0, 1].map(() => bringQuickly(id, ada)));
      const current = async () =>
        (await as(ada, 'quick', 'GET', `/standing?productId=${id}`)).json<ReviewStanding>().review;
      /** Whatever it answers: what others did meanwhile may have made it impossible. */
      const act = async (what: string): Promise<number> => {
        if (what === 'write')
          return (
            await as(ada, 'quick', 'POST', '', {
              productId: id,
              ...words(),
              pictures: brought.map((each) => ({ id: each })),
            })
          ).status;
        const review = await current();
        if (review === null) return 404;
        const [version, path] = [review.version, `/api/admin/catalog/reviews/${review.id}`];
        const edit = (pictures: object[]) =>
          as(ada, 'quick', 'PUT', `/${review.id}`, { ...words(), version, pictures });
        switch (what) {
          case 'swap':
            return (await edit(review.pictures.slice(1).map((picture) => ({ id: picture.id })))).status;
          case 'none':
            return (await edit([])).status;
          case 'publish':
          case 'refuse': {
            const state = what === 'publish' ? 'published' : 'refused';
            return (await shop.merchant('quick', 'PATCH', path, { json: { version, state } })).status;
          }
          case 'refuseOne': {
            const [first] = review.pictures;
            return first === undefined
              ? 404
              : (await decidePicture('quick', review, first.id, 'refused')).status;
          }
          default:
            return (await as(ada, 'quick', 'DELETE', `/${review.id}`)).status;
        }
      };
      const statuses = await Promise.all(['write', ...steps].map(act));
      for (const status of statuses) assert.ok(status < 500 && status !== 429, String(status));
      const review = await current();
      const has = new Set(review?.pictures.map((picture) => picture.id));
      for (const picture of brought)
        if (has.has(picture)) assert.equal(await seen(ada, 'quick', picture), 200);
      const { rows } = await database.admin.query<{ pictures: number; approved: number }>(
        `select r.pictures, (select count(*)::int from shop.catalog_review_pictures p
           where p.tenant_id = r.tenant_id and p.review_id = r.id and p.state = 'approved') as approved
         from shop.catalog_reviews r where r.tenant_id = 'quick' and r.product_id = $1`,
        [id],
      );
      for (const { pictures, approved } of rows) assert.equal(pictures, approved);
      if (review !== null) assert.equal((await as(ada, 'quick', 'DELETE', `/${review.id}`)).status, 204);
      for (const picture of brought) if (has.has(picture)) await goes('quick', picture);
    }),
    { numRuns: 6 },
  );
});

/** Past the limits of a minute, which are another test's matter. */
async function bringQuickly(productId: string, who: Session): Promise<string> {
  const bytes = await photograph(64, 48);
  const id = shop.host.platform.newId('pic');
  const begun = await shop.host.platform.call<BegunPicture>('quick', 'media', 'beginShopperPicture', {
    id,
    customerId: who.customer.id,
    contentType: 'image/jpeg',
    size: bytes.length,
  });
  assert.equal((await put('quick', begun, bytes)).status, 204, productId);
  const done = await shop.host.platform.call<FinishedPicture>('quick', 'media', 'finishShopperPicture', {
    id,
    customerId: who.customer.id,
  });
  assert.equal(done.state, 'ready');
  return id;
}
