/**
 * A shopper with a real browser, from the home page to a paid order, on the whole installation with its pages.
 * Needs a Chromium on the machine; without one the test says so and is skipped.
 */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Client } from '../../operator/kube/client.ts';
import { launchChromium, NO_CHROMIUM, watchForTrouble } from '../support/browser.ts';
import { clusterOf, withDatabase } from '../support/cluster.ts';
import { EXPIRY } from '../support/expiry.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { CARDS } from '../support/shopper.ts';

const skip = NO_CHROMIUM;
/** For each step of a shopper, on a machine that does much else. */
const PATIENCE_MS = 120_000;
/** Screens of the last run, for whoever wants to look. */
const SCREENS = join(import.meta.dirname, '../out/screens');

let installation: Installation;
let client: Client;
let browser: Browser;

before(async () => {
  if (skip !== false) return;
  installation = await startInstallation();
  await installation.event('storefront', 300_000);
  client = await clusterOf(installation);
  browser = await launchChromium();
  await mkdir(SCREENS, { recursive: true });
});

after(async () => {
  if (skip !== false) return;
  await browser?.close();
  client?.close();
  await removeInstallation(installation);
});

const SHOPPERS = [
  { tenant: 'acme', schema: 'shop', viewport: { width: 1440, height: 1000 }, what: 'a desktop', by: 'card' },
  { tenant: 'acme', schema: 'shop', viewport: { width: 390, height: 844 }, what: 'a phone', by: 'card' },
  { tenant: 'acme', schema: 'shop', viewport: { width: 412, height: 915 }, what: 'a wallet', by: 'paypal' },
] as const;

for (const { tenant, schema, viewport, what, by } of SHOPPERS) {
  test(
    `on ${what}: from the home page to an order paid by ${by}, which is in ${tenant}'s database and in no other`,
    { skip },
    async () => {
      const context = await browser.newContext({ viewport, locale: 'en-GB' });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const troubles = watchForTrouble(page);
      const shoot = (name: string): Promise<unknown> =>
        page.screenshot({ path: join(SCREENS, `${what.split(' ')[1]}-${name}.png`), fullPage: true });

      await page.goto(`http://${tenant}.localhost:${installation.port}/`);
      await shoot('1-home');
      await page.getByRole('link', { name: 'Shop everything' }).click();
      await page.getByRole('heading', { level: 1 }).waitFor();
      await shoot('2-collection');
      await page.locator('main a[href^="/products/"]').first().click();
      await page.getByRole('button', { name: 'Add to cart' }).waitFor();
      await shoot('3-product');
      await page.getByRole('button', { name: 'Add to cart' }).click();
      // Once the drawer is open: the link that stands on the page lies under it then.
      await page.getByRole('dialog').getByRole('link', { name: 'View cart' }).click();
      const checkOut = page.locator('main').getByRole('link', { name: 'Check out' });
      await checkOut.waitFor();
      await shoot('4-cart');
      await checkOut.click();

      const email = `shopper-${viewport.width}@example.com`;
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Full name').fill('Ada Byron');
      await page.getByLabel('Street and number').fill('12 St James Square');
      await page.getByLabel('Postcode').fill('SW1Y 4JH');
      await page.getByLabel('City').fill('London');
      await page.getByLabel('Country').selectOption('GB');
      await shoot('5-checkout');
      await page.getByRole('button', { name: 'Continue to payment' }).click();

      await (by === 'card' ? payByCard(page, shoot) : payByPayPal(page, shoot));
      await page
        .getByText('Your order is confirmed')
        .waitFor()
        .catch(async (error: unknown) => {
          await shoot('7-failed');
          throw new Error(`not confirmed; seen instead: ${await whatIsSeen(page)}`, { cause: error });
        });
      await shoot('7-confirmation');
      assert.deepEqual(troubles, []);
      await context.close();

      await withDatabase(client, async (db) => {
        const { rows: schemas } = await db.query<{ table_schema: string }>(
          `select table_schema from information_schema.tables where table_name = 'orders_orders'`,
        );
        assert.ok(schemas.length >= 2, 'pool and dedicated schemas');
        for (const { table_schema: place } of schemas) {
          const { rows } = await db.query<{ tenant_id: string; status: string }>(
            `select tenant_id, status from ${place}.orders_orders where email = $1`,
            [email],
          );
          assert.deepEqual(rows, place === schema ? [{ tenant_id: tenant, status: 'confirmed' }] : [], place);
        }
      });
    },
  );
}

async function payByCard(page: Page, shoot: (name: string) => Promise<unknown>): Promise<void> {
  const card = page.frameLocator('iframe[title="Card payment"]');
  await card.getByLabel('Card number').fill(CARDS.good);
  await card.getByLabel(/expir/i).fill(`12 / ${EXPIRY.short}`);
  await card.getByLabel(/cvc|security code/i).fill('123');
  await shoot('6-payment');
  // By the key: a click is aimed at where the frame stood, and after a screen of the whole page the frame may still move under it.
  await card.getByRole('button', { name: /pay/i }).press('Enter');
}

/** Thinks again once: back from PayPal's page without having agreed, and there again. */
async function payByPayPal(page: Page, shoot: (name: string) => Promise<unknown>): Promise<void> {
  // By the key: the card's frame above it grows while it loads.
  await page.getByRole('button', { name: 'Pay with PayPal instead' }).press('Enter');
  await page
    .getByRole('heading', { name: 'Pay by PayPal' })
    .waitFor()
    .catch(async (error: unknown) => {
      await shoot('6-failed');
      throw new Error(`not at PayPal; seen instead: ${await whatIsSeen(page)}`, { cause: error });
    });
  await shoot('6-approval');
  await page.getByRole('button', { name: 'Back to the shop' }).click();
  await page.getByRole('button', { name: 'Continue to PayPal' }).waitFor();
  await shoot('6-payment');
  await page.getByRole('button', { name: 'Continue to PayPal' }).click();
  await page.getByRole('button', { name: 'Approve the payment' }).click();
}

test(
  'every page of every shop answers in its own language and without a script error',
  { skip },
  async () => {
    for (const [tenant, lang] of [
      ['acme', 'en'],
      ['sakura', 'ja'],
      ['fjord', 'nb'],
    ] as const) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: lang });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const troubles = watchForTrouble(page);
      for (const path of ['/', '/collections', '/search', '/cart', '/account']) {
        const answer = await page.goto(`http://${tenant}.localhost:${installation.port}${path}`);
        assert.ok(
          (answer !== null && answer.status() < 400) || path === '/collections',
          `${tenant}${path}: ${answer?.status()}`,
        );
        assert.equal((await page.locator('html').getAttribute('lang'))?.slice(0, 2), lang);
      }
      // What a browser asks for by itself while a page is still being sent.
      const icon = await page.evaluate(async () => (await fetch('/favicon.ico')).status);
      assert.ok(icon < 400, `${tenant}: favicon.ico answered ${icon}`);
      assert.deepEqual(troubles, []);
      await context.close();
    }
  },
);

test('a shop that is not there has a page that says so and nothing more', { skip }, async () => {
  const page = await browser.newPage();
  const answer = await page.goto(`http://nobody.localhost:${installation.port}/`);
  assert.equal(answer?.status(), 404);
  assert.doesNotMatch(await page.content(), /acme|sakura|fjord/i);
  await page.close();
});

/** The page and each of its frames, in words: what a reader of a failure on another machine wants to know. */
async function whatIsSeen(page: Page): Promise<string> {
  const frames = page.frames().map(async (frame) => {
    const address = new URL(frame.url());
    const text = await frame.locator('body').innerText({ timeout: 5_000 });
    return `${address.origin}${address.pathname}: ${text.replaceAll(/\s+/g, ' ').slice(0, 400)}`;
  });
  return (await Promise.allSettled(frames))
    .map((seen) => (seen.status === 'fulfilled' ? seen.value : String(seen.reason)))
    .join(' | ');
}
