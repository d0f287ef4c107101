/**
 * A shopper with a real browser and what a shop writes to her: that something is back, and that she is forgotten as she wished. Needs a Chromium on the machine; without one the test
 * says so and is skipped.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { ProductDetail, ProductsPage } from '../../runtime/domains/catalog/schemas.ts';
import { NO_CHROMIUM, watchForTrouble } from '../support/browser.ts';
import { newCustomer } from '../support/customers.ts';
import { openStorefront, type Storefront } from '../support/storefront.ts';
import { until } from '../support/wait.ts';

const skip = NO_CHROMIUM;
const TENANT = 'acme';
const PASSWORD = 'correct horse battery';
const PATIENCE_MS = 120_000;
/** Screens of the last run, for whoever wants to look. */
const SCREENS = join(import.meta.dirname, '../out/screens');
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };

let storefront: Storefront;

before(async () => {
  if (skip !== false) return;
  storefront = await openStorefront(TENANT);
  await mkdir(SCREENS, { recursive: true });
});
after(async () => {
  if (skip === false) await storefront?.close();
});

async function visitor(): Promise<{ page: Page; troubles: string[]; leave: () => Promise<void> }> {
  const context = await storefront.browser.newContext({ viewport: WIDE, locale: 'en-GB' });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  return { page, troubles: watchForTrouble(page), leave: () => context.close() };
}

/** Wide and narrow. */
async function look(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SCREENS, `mails-${name}-wide.png`), fullPage: true });
  await page.setViewportSize(NARROW);
  await page.screenshot({ path: join(SCREENS, `mails-${name}-narrow.png`), fullPage: true });
  const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
  assert.equal(overflow, 0, `${name} is wider than a telephone`);
  await page.setViewportSize(WIDE);
}

async function managed(method: string, path: string, json?: object) {
  const headers = { authorization: `Bearer ${storefront.key}`, 'idempotency-key': randomUUID() };
  const answer = await storefront.shop(method, path, { headers, ...(json === undefined ? {} : { json }) });
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

/** The first mail to somebody whose text has what is looked for. */
function mailed(email: string, wanted: RegExp): Promise<RegExpExecArray> {
  return until(
    async () => {
      const { messages } = (await managed('GET', '/api/admin/notifications/outbox?limit=100')).json<{
        messages: { recipient: string; message: { text: string } }[];
      }>();
      const theirs = messages.filter(({ recipient }) => recipient === email);
      return (
        theirs.map(({ message }) => wanted.exec(message.text)).find((found) => found !== null) ?? undefined
      );
    },
    { withinMs: PATIENCE_MS, what: `${email} has a mail with ${wanted}` },
  );
}

test(
  'who finds something sold out asks to be told, and the mailbox says yes by a link',
  { skip },
  async () => {
    const [card] = (
      await storefront.shop('GET', '/api/catalog/products?limit=1&available=true')
    ).json<ProductsPage>().products;
    assert.ok(card);
    const product = (
      await storefront.shop('GET', `/api/catalog/products/${card.handle}`)
    ).json<ProductDetail>();
    for (const { id } of product.variants)
      await managed('POST', `/api/admin/orders/stock/${id}`, { onHand: 0 });
    const { page, troubles, leave } = await visitor();
    await page.goto(storefront.at(`/products/${product.handle}`));
    const form = page.getByTestId('stock-alert');
    await form.waitFor();
    await look(page, '1-sold-out');
    await form.getByRole('button', { name: 'Tell me' }).click();
    await form.locator('[aria-invalid=true]').waitFor();
    await form.getByLabel('E-mail').fill('waiting@example.com');
    await form.getByRole('button', { name: 'Tell me' }).click();
    await page.getByText('We have written to waiting@example.com').waitFor();
    const [, link = ''] = await mailed('waiting@example.com', /(\/alerts\?token=[\w-]+)/);
    await page.goto(storefront.at(link));
    await look(page, '2-question');
    await page.getByRole('button', { name: 'Yes, tell me' }).click();
    await page.getByText('We will write to you when it is back.').waitFor();
    await look(page, '3-confirmed');
    await page.getByRole('button', { name: 'No longer' }).click();
    await page.getByText('We will not write to you about it.').waitFor();
    assert.deepEqual(troubles, []);
    await leave();
  },
);

test(
  'a customer takes her data along, asks to be forgotten, is told by mail, and stays after all',
  { skip },
  async () => {
    const email = 'forget@example.com';
    await newCustomer(storefront.shop, storefront.key, { email, firstName: 'Ada', password: PASSWORD });
    const { page, troubles, leave } = await visitor();
    await page.goto(storefront.at('/account/data'));
    // Who is not signed in is asked to be, and goes on from there.
    const login = page.getByRole('form', { name: 'Log in' });
    await login.getByLabel('E-mail').fill(email);
    await login.getByLabel('Password').fill(PASSWORD);
    await login.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { level: 1, name: 'My data' }).waitFor();
    await look(page, '4-data');
    const taking = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download it' }).click();
    assert.equal((await taking).suggestedFilename(), `${TENANT}-my-data.json`);
    const form = page.getByTestId('forget-form');
    await form.getByLabel('Password').fill('a guess of somebody');
    await form.getByRole('button', { name: 'Forget me' }).click();
    await form.getByRole('alert').waitFor();
    await form.getByLabel('Password').fill(PASSWORD);
    await form.getByRole('button', { name: 'Forget me' }).click();
    await page.getByTestId('erasure-asked').waitFor();
    await look(page, '5-asked');
    const [, link = ''] = await mailed(email, /without your name[\s\S]*(\/account\/data)/);
    await page.goto(storefront.at(link));
    await page.getByRole('button', { name: 'Stay after all' }).click();
    await form.waitFor();
    await page.goto(storefront.at('/preferences'));
    await page.getByTestId('preferences').waitFor();
    await look(page, '6-preferences');
    await page.goto(storefront.at('/account'));
    await look(page, '7-account');
    assert.deepEqual(troubles, []);
    await leave();
  },
);
