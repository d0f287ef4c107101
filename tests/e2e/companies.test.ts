/**
 * A company with two real browsers: its admin asks for the account and invites a buyer; the buyer wants more than they may, the admin
 * approves, and it is bought on account; an exchange that the merchant enters goes the same way. Needs a Chromium on the machine; without
 * one the test says so and is skipped.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { NO_CHROMIUM, watchForTrouble } from '../support/browser.ts';
import { linkTo, newCustomer } from '../support/customers.ts';
import type { Shop } from '../support/shop.ts';
import { openStorefront, type Storefront } from '../support/storefront.ts';
import { until } from '../support/wait.ts';

const skip = NO_CHROMIUM;
const TENANT = 'acme';
const PASSWORD = 'correct horse battery';
const ADMIN = 'admin@firm.example';
const BUYER = 'buyer@firm.example';
const PATIENCE_MS = 120_000;

let storefront: Storefront;

before(async () => {
  if (skip !== false) return;
  storefront = await openStorefront(TENANT);
});
after(async () => {
  if (skip === false) await storefront?.close();
});

const at = (path: string): string => storefront.at(path);
const shop = (): Shop => storefront.shop;
const headers = () => ({ authorization: `Bearer ${storefront.key}` });

/** A page in which somebody is signed in. */
async function signedIn(email: string): Promise<{ page: Page; troubles: readonly string[] }> {
  const context = await storefront.browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const troubles = watchForTrouble(page);
  await page.goto(at('/account'));
  const form = page.getByRole('form', { name: 'Log in' });
  await form.getByLabel('E-mail').fill(email);
  await form.getByLabel('Password').fill(PASSWORD);
  await form.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('link', { name: 'Your company' }).waitFor();
  return { page, troubles };
}

test(
  'a company asks for its account, invites a buyer, approves what goes beyond their limit, and pays later',
  { skip },
  async () => {
    for (const email of [ADMIN, BUYER])
      await newCustomer(shop(), storefront.key, {
        email,
        firstName: email.split('@')[0] ?? '',
        password: PASSWORD,
      });

    const admin = await signedIn(ADMIN);
    await admin.page.goto(at('/account/company'));
    await admin.page.getByLabel('Company name').fill('Firm Ltd');
    await admin.page.getByLabel('Country').selectOption('DE');
    await admin.page.getByLabel('Tax id').fill('DE 12');
    await admin.page.getByRole('button', { name: 'Ask for a company account' }).click();
    await admin.page.getByText('No tax id of that country looks like this.').waitFor();
    // The rest of what was filled in is still there.
    await admin.page.getByLabel('Tax id').fill('DE 123 456 789');
    await admin.page.getByRole('button', { name: 'Ask for a company account' }).click();
    await admin.page.getByText('We have your request').waitFor();

    const companies = '/api/admin/accounts/companies';
    const found = await shop()('GET', `${companies}?state=requested`, { headers: headers() });
    const [company] = found.json<{ companies: { id: string; name: string }[] }>().companies;
    assert.equal(company?.name, 'Firm Ltd');
    const path = `${companies}/${company.id}`;
    const terms = await shop()('PATCH', path, { headers: headers(), json: { netDays: 30 } });
    assert.equal(terms.status, 200, terms.text);
    const approved = await shop()('POST', `${path}/approve`, { headers: headers() });
    assert.equal(approved.status, 200, approved.text);

    await admin.page.goto(at('/account/company'));
    const invite = admin.page.getByRole('form', { name: 'Invite' });
    await invite.getByLabel('E-mail').fill(BUYER);
    // A slip is no limit that is forgotten.
    await invite.getByLabel(/Limit an order/).fill('1,000.00');
    await invite.getByRole('button', { name: 'Invite' }).click();
    await admin.page.getByText('That is no amount.').waitFor();
    await invite.getByLabel('E-mail').fill(BUYER);
    await invite.getByLabel(/Limit an order/).fill('1.00');
    await invite.getByRole('button', { name: 'Invite' }).click();
    await admin.page.getByText('Buyer · invited').waitFor();

    const buyer = await signedIn(BUYER);
    const link = await until(() => linkTo(shop(), storefront.key, BUYER, 'company-member'), {
      withinMs: PATIENCE_MS,
      what: 'the invitation has come',
    });
    await buyer.page.goto(at(`/api/accounts/pages/company-member#${link}`));
    await buyer.page.getByRole('button', { name: 'Accept' }).click();
    await buyer.page.getByText('Done.').waitFor();
    await buyer.page.goto(at('/account/company'));
    await buyer.page.getByText(/up to .* an order/).waitFor();

    await buyer.page.goto(at('/'));
    await buyer.page.getByRole('link', { name: 'Shop everything' }).click();
    await buyer.page.getByRole('heading', { level: 1 }).waitFor();
    await buyer.page.locator('main a[href^="/products/"]').first().click();
    await buyer.page.getByRole('button', { name: 'Add to cart' }).click();
    await buyer.page.getByRole('dialog').getByRole('link', { name: 'View cart' }).click();
    await buyer.page.locator('main').getByRole('link', { name: 'Check out' }).click();
    await address(buyer.page);
    await buyer.page.getByLabel('Your purchase order number').fill('PO-42');
    await buyer.page.getByRole('button', { name: 'Continue to payment' }).click();
    await buyer.page.getByText('This is beyond what you may buy by yourself.').waitFor();
    await buyer.page.getByRole('button', { name: 'Ask for approval' }).click();
    await approvalIn(buyer.page, 'waiting');

    await admin.page.goto(at('/account/company'));
    await admin.page.getByLabel('A word with it').fill('Fine.');
    await admin.page.getByRole('button', { name: 'Approve', exact: true }).click();
    await approvalIn(admin.page, 'approved');

    await buyer.page.goto(at('/account/company'));
    await buyer.page.getByText('Fine.').waitFor();
    await buyer.page.getByRole('link', { name: 'Go on to the checkout' }).click();
    await address(buyer.page);
    await buyer.page.getByLabel('Pay on account, within 30 days').check();
    await buyer.page.getByRole('button', { name: 'Continue to payment' }).click();
    await buyer.page.getByText('Your order is confirmed').waitFor();

    await admin.page.goto(at('/account/company'));
    await admin.page.getByText('PO-42').waitFor();
    await approvalIn(admin.page, 'ordered');

    const order = await enterExchange();
    await seen(admin.page, '/account/company', 'approval', 'waiting');
    await admin.page.getByText('An exchange of an order').waitFor();
    await seen(buyer.page, `/orders/${order}`, 'return', 'requested');
    await buyer.page.getByText('Waits for your company’s approval').waitFor();
    await admin.page.getByRole('button', { name: 'Approve', exact: true }).click();
    await seen(buyer.page, `/orders/${order}`, 'return', 'authorised');
    assert.deepEqual([...admin.troubles, ...buyer.troubles], []);
  },
);

async function address(page: Page): Promise<void> {
  await page.getByLabel('E-mail').fill(BUYER);
  await page.getByLabel('Full name').fill('Ada Byron');
  await page.getByLabel('Street and number').fill('12 St James Square');
  await page.getByLabel('Postcode').fill('SW1Y 4JH');
  await page.getByLabel('City').fill('London');
  await page.getByLabel('Country').selectOption('GB');
}

/** The merchant sends what was ordered, and gives two of it for one that comes back: more than the buyer may spend. @returns the order's id */
async function enterExchange(): Promise<string> {
  const ask = (method: string, path: string, json?: object) =>
    shop()(method, `/api/admin/orders/orders${path}`, {
      headers: { ...headers(), 'idempotency-key': randomUUID() },
      ...(json === undefined ? {} : { json }),
    });
  const { orders } = (await ask('GET', '?limit=1')).json<{ orders: { id: string }[] }>();
  const id = orders[0]?.id ?? '';
  const sent = await ask('POST', `/${id}/fulfilments`, {});
  assert.equal(sent.status, 200, sent.text);
  const [line] = sent.json<{ lines: { variantId: string }[] }>().lines;
  assert.ok(line);
  const entered = await ask('POST', `/${id}/returns`, {
    lines: [{ variantId: line.variantId, quantity: 1, reason: 'damaged' }],
    exchange: { lines: [{ variantId: line.variantId, quantity: 2 }] },
    approval: { message: 'Is a second one all right?' },
  });
  assert.equal(entered.status, 200, entered.text);
  return id;
}

const approvalIn = (page: Page, state: string): Promise<void> =>
  seen(page, '/account/company', 'approval', state);

/** The page is as old as its loading; what it shows comes by tasks. */
async function seen(page: Page, path: string, what: string, state: string): Promise<void> {
  await until(
    async () => {
      if ((await page.locator(`[data-testid="${what}"][data-state="${state}"]`).count()) > 0) return true;
      await page.goto(at(path));
      return undefined;
    },
    { withinMs: PATIENCE_MS, everyMs: 500, what: `the ${what} is ${state}` },
  );
}
