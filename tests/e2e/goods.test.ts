/**
 * A shopper with a real browser and what she wants: remembered as a guest, hers once she is signed in, shown to somebody by a link, moved to
 * the cart; what she says of it, read by everybody; and what she asks of the shop and its assistant. Needs a Chromium on the machine; without one the test says so and is skipped.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import type { AdminRelated } from '../../runtime/domains/catalog/related/schemas.ts';
import type { AdminReview, ReviewSettings } from '../../runtime/domains/catalog/reviews/schemas.ts';
import type { ProductsPage } from '../../runtime/domains/catalog/schemas.ts';
import type { Room } from '../../runtime/domains/chat/schemas.ts';
import { photographOfTelephone } from '../../runtime/platform/pictures/testing/pictures.ts';
import { NO_CHROMIUM, watchForTrouble } from '../support/browser.ts';
import { newCustomer } from '../support/customers.ts';
import type { Shop } from '../support/shop.ts';
import { openStorefront, type Storefront } from '../support/storefront.ts';
import { until } from '../support/wait.ts';

const skip = NO_CHROMIUM;
const TENANT = 'acme';
const PASSWORD = 'correct horse battery';
/** For each step of a shopper, on a machine that does much else. */
const PATIENCE_MS = 120_000;
/** Screens of the last run, for whoever wants to look. */
const SCREENS = join(import.meta.dirname, '../out/screens');

let storefront: Storefront;

before(async () => {
  if (skip !== false) return;
  storefront = await openStorefront(TENANT);
  await mkdir(SCREENS, { recursive: true });
});
after(async () => {
  if (skip === false) await storefront?.close();
});

const at = (path: string): string => storefront.at(path);
const shop = (): Shop => storefront.shop;

async function managed<T>(method: string, path: string, json?: object): Promise<T> {
  const headers = { authorization: `Bearer ${storefront.key}` };
  const answer = await shop()(method, path, { headers, ...(json === undefined ? {} : { json }) });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<T>();
}

async function visitor(): Promise<{ context: BrowserContext; page: Page; troubles: string[] }> {
  const context = await storefront.browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  return { context, page, troubles: watchForTrouble(page) };
}

async function signIn(page: Page, email: string): Promise<void> {
  await newCustomer(shop(), storefront.key, { email, firstName: 'Ada', password: PASSWORD });
  await page.goto(at('/account'));
  const form = page.getByRole('form', { name: 'Log in' });
  await form.getByLabel('E-mail').fill(email);
  await form.getByLabel('Password').fill(PASSWORD);
  await form.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Hello, Ada' }).waitFor();
}

test(
  'what a shopper remembers is hers, shown by a link as long as she wants, and moves to the cart',
  { skip },
  async () => {
    const [product] = (
      await shop()('GET', '/api/catalog/products?limit=1&available=true')
    ).json<ProductsPage>().products;
    assert.ok(product !== undefined);
    const { context, page, troubles } = await visitor();
    await page.goto(at(`/products/${product.handle}`));
    await page.getByRole('button', { name: 'Remember it' }).click();
    await page.getByRole('button', { name: 'Take it off the list' }).waitFor();
    await page.screenshot({ path: join(SCREENS, 'goods-1-heart.png') });
    await signIn(page, 'wishes@example.com');
    await page.goto(at('/wishlists'));
    await page.getByTestId('wish').filter({ hasText: product.title }).waitFor();
    await page.getByRole('button', { name: 'Make a link to share' }).click();
    const link = await page.getByTestId('share-link').getAttribute('href');
    await page.screenshot({ path: join(SCREENS, 'goods-2-wishes.png'), fullPage: true });

    const friend = await visitor();
    await friend.page.goto(link ?? '');
    await friend.page.getByTestId('wish').filter({ hasText: product.title }).waitFor();
    assert.equal(
      await friend.page.getByRole('button', { name: 'Move to cart' }).count(),
      0,
      'only to be read',
    );
    assert.deepEqual(friend.troubles, []);
    await page.getByRole('button', { name: 'Take the link back' }).click();
    await page.getByRole('button', { name: 'Make a link to share' }).waitFor();
    assert.equal((await friend.page.goto(link ?? ''))?.status(), 404);
    await friend.context.close();

    await page.getByRole('button', { name: 'Move to cart' }).click();
    await page.getByTestId('cart-count').filter({ hasText: '1' }).waitFor();
    await page.getByText('Nothing here yet').waitFor();
    assert.deepEqual(troubles, []);
    await context.close();
  },
);

test(
  'what a shopper says of a product is read by everybody, counted, and found helpful once',
  { skip },
  async () => {
    const { products } = (await shop()('GET', '/api/catalog/products?limit=2')).json<ProductsPage>();
    const [product, other] = products;
    assert.ok(product !== undefined && other !== undefined);
    const settings = '/api/admin/catalog/review-settings';
    const { version } = await managed<ReviewSettings>('GET', settings);
    await managed('PUT', settings, { version, writers: 'customers', publication: 'at_once', heldWords: [] });
    const related = `/api/admin/catalog/products/${product.id}/related`;
    await managed<AdminRelated>('PUT', related, {
      version: (await managed<AdminRelated>('GET', related)).version,
      crossSell: [],
      upSell: [],
      accessories: [{ productId: other.id }],
    });

    const { context, page, troubles } = await visitor();
    await signIn(page, 'reviews@example.com');
    await page.goto(at(`/products/${product.handle}`));
    await page.getByText('Write a review').click();
    const form = page.getByTestId('review-form');
    await form.getByLabel('Stars').selectOption('4');
    await form.getByRole('button', { name: 'Send' }).click();
    await form.getByRole('alert').waitFor();
    await form.getByLabel('Your review').fill('Kept me dry for three nights.');
    await form.getByLabel('Your name').fill('Ada');
    await form.getByLabel('Add pictures').setInputFiles([
      { name: 'rain.jpg', mimeType: 'image/jpeg', buffer: await photographOfTelephone(1_200, 900) },
      { name: 'no picture.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') },
    ]);
    await form.getByText('This picture could not be taken.').waitFor();
    await form.getByTestId('review-picture').getByLabel('What does it show?').fill('The tent in the rain');
    await page.screenshot({ path: join(SCREENS, 'goods-2-review-form.png'), fullPage: true });
    await form.getByRole('button', { name: 'Send' }).click();
    await page
      .getByText('Your review is there for everybody to read.')
      .first()
      .waitFor()
      .catch(async (error: unknown) => {
        const seen = await page.locator('#reviews').innerText();
        throw new Error(`not written; seen instead: ${seen}`, { cause: error });
      });

    const [waiting] = (
      await managed<{ reviews: AdminReview[] }>('GET', '/api/admin/catalog/reviews?pictures=waiting')
    ).reviews;
    assert.ok(waiting?.pictures[0] !== undefined, 'the merchant looks at the picture first');
    const looked = { version: waiting.version, state: 'approved' };
    const picture = `/api/admin/catalog/reviews/${waiting.id}/pictures/${waiting.pictures[0].id}`;
    await managed('PATCH', picture, looked);

    const reader = await visitor();
    await signIn(reader.page, 'reader@example.com');
    await reader.page.goto(at(`/products/${product.handle}`));
    const review = reader.page.getByTestId('review').filter({ hasText: 'Kept me dry for three nights.' });
    await review.waitFor();
    await reader.page.getByRole('heading', { name: 'Goes well with it' }).waitFor();
    // The list is kept for a few seconds.
    const thumbnail = review.getByTestId('review-thumbnail');
    await until(
      async () => {
        if ((await thumbnail.count()) > 0) return true;
        await reader.page.reload();
        return undefined;
      },
      { withinMs: 60_000, everyMs: 500, what: 'the picture is shown' },
    );
    await reader.page.screenshot({ path: join(SCREENS, 'goods-3-reviews.png'), fullPage: true });
    await thumbnail.click();
    const dialog = reader.page.getByRole('dialog', { name: 'The tent in the rain' });
    await dialog.getByRole('img').waitFor();
    await reader.page.screenshot({ path: join(SCREENS, 'goods-4-review-picture.png') });
    await dialog.getByRole('button', { name: 'Close' }).click();
    await reader.page.setViewportSize({ width: 390, height: 844 });
    await review.scrollIntoViewIfNeeded();
    await reader.page.screenshot({ path: join(SCREENS, 'goods-5-reviews-narrow.png') });
    await reader.page.getByRole('link', { name: 'With pictures (1)' }).click();
    await review.waitFor();
    await review.getByRole('button', { name: 'Helpful' }).click();
    await review.getByRole('button', { name: 'Helpful', pressed: true }).waitFor();
    // The product and its stars are kept for a few seconds longer than what is said of it.
    const counted = /"aggregateRating":\{"@type":"AggregateRating","ratingValue":4,"reviewCount":1/;
    await until(
      async () => {
        const data = await reader.page.locator('script[type="application/ld+json"]').first().textContent();
        if (counted.test(data ?? '')) return true;
        await reader.page.reload();
        return undefined;
      },
      { withinMs: 30_000, everyMs: 500, what: 'the product page counts the review for search engines' },
    );
    assert.deepEqual([...troubles, ...reader.troubles], []);
    await reader.context.close();
    await context.close();
  },
);

test(
  'a guest asks the assistant, which answers from the catalogue, and the shop, whose people answer while she waits',
  { skip },
  async () => {
    const [product] = (await shop()('GET', '/api/catalog/products?limit=1')).json<ProductsPage>().products;
    assert.ok(product !== undefined);
    const { context, page, troubles } = await visitor();
    await page.goto(at('/'));
    await page.locator('footer').getByRole('link', { name: 'Talk to us' }).click();
    await page.getByRole('link', { name: 'Assistant' }).click();
    await page.getByText('The assistant answers at once').waitFor();
    await page.getByLabel('Your message').fill(product.title);
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.locator('[data-testid="said"][data-by="assistant"]');
    await answer.getByRole('link', { name: product.title }).first().waitFor();
    await page.screenshot({ path: join(SCREENS, 'goods-6-assistant.png') });

    await page.getByRole('link', { name: 'Our people' }).click();
    await page.getByText('Ask us anything').waitFor();
    await page.getByLabel('Your message').fill('Do you send to Malta?');
    await page.getByLabel('Your message').press('Enter');
    await page.locator('[data-by="you"]').filter({ hasText: 'Do you send to Malta?' }).waitFor();
    const { rooms } = await managed<{ rooms: Room[] }>('GET', '/api/admin/chat/rooms?kind=support');
    const reply = `/api/admin/chat/rooms/${rooms[0]?.id}/messages`;
    await managed('POST', reply, { cid: randomUUID(), text: 'We do, in a week.' });
    await page.locator('[data-by="shop"]').filter({ hasText: 'We do, in a week.' }).waitFor();
    assert.deepEqual(troubles, []);
    await context.close();
  },
);

test(
  'goods go by the same name in the cart as on their page, in another language too',
  { skip },
  async () => {
    const [product] = (
      await shop()('GET', '/api/catalog/products?limit=1&available=true')
    ).json<ProductsPage>().products;
    assert.ok(product !== undefined);
    const { context, page, troubles } = await visitor();
    await context.addCookies([{ name: 'locale', value: 'de', url: at('/') }]);
    await page.goto(at(`/products/${product.handle}`));
    const name = await page.getByRole('heading', { level: 1 }).innerText();
    assert.notEqual(name, product.title);
    await page.getByRole('button', { name: 'In den Warenkorb' }).click();
    await page.getByRole('dialog').getByRole('link', { name, exact: true }).waitFor();
    assert.deepEqual(troubles, []);
    await context.close();
  },
);
