/**
 * A newcomer with a real browser: asks for an account, follows the mail's link, adds a passkey and signs in by it, and chooses a new
 * password by another mail; signs in by an account elsewhere, and to an app by the one here. Needs a Chromium on the machine; without one the test says so and is skipped.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { startTestProvider } from '../../runtime/domains/accounts/providers/testing/provider.ts';
import { NO_CHROMIUM, watchForTrouble } from '../support/browser.ts';
import { linkTo } from '../support/customers.ts';
import { ownFolder } from '../support/owned.ts';
import { openStorefront, type Storefront } from '../support/storefront.ts';
import { until } from '../support/wait.ts';

const skip = NO_CHROMIUM;
const TENANT = 'acme';
const EMAIL = 'newcomer@example.com';
const PASSWORD = 'correct horse battery';
const NEXT = 'another horse entirely';

let storefront: Storefront;
let tenants: string;

before(async () => {
  if (skip !== false) return;
  tenants = await developed(TENANT);
  storefront = await openStorefront(TENANT, tenants);
});
after(async () => {
  if (skip !== false) return;
  await storefront?.close();
  await rm(tenants, { recursive: true });
});

/**
 * The sample as a developer has it, who may ask servers of their own machine, as the provider below is one. What it sells lies beside it.
 * @returns a folder with it alone
 */
async function developed(tenant: string): Promise<string> {
  const folder = ownFolder('tenants');
  await cp(join(import.meta.dirname, '../../tenants', tenant), join(folder, tenant), { recursive: true });
  const file = join(folder, tenant, 'tenant.yaml');
  const text = (await readFile(file, 'utf8'))
    .replace(/^spec:\n/m, 'spec:\n  environment: development\n')
    .replace('placement: pooled', 'placement: dedicated');
  await writeFile(file, text);
  return folder;
}

const at = (path: string): string => storefront.at(path);

/** Where the mail leads that came to the newcomer. */
async function mailed(page: 'register' | 'reset', but?: string): Promise<string> {
  const token = await until(
    async () => {
      const found = await linkTo(storefront.shop, storefront.key, EMAIL, page);
      return found === but ? undefined : found;
    },
    { withinMs: 60_000, what: `a mail with a link to ${page} has come` },
  );
  return at(`/api/accounts/pages/${page}#${token}`);
}

/** The name of the heading that only somebody who is signed in sees. */
const hello = (page: Page) => page.getByRole('heading', { level: 1, name: 'Hello, Ada' });

async function askForAccount(page: Page): Promise<string> {
  await page.goto(at('/account'));
  const form = page.getByRole('form', { name: 'Create an account' });
  await form.getByLabel('First name').fill('Ada');
  await form.getByLabel('E-mail').fill(EMAIL);
  await form.getByRole('button', { name: 'Create an account' }).click();
  return page.getByRole('status').filter({ hasText: EMAIL }).innerText();
}

test(
  'a newcomer gets an account by the link of a mail, signs in by passkey and password, and whoever asks for it again is told the same',
  { skip },
  async () => {
    const context = await storefront.browser.newContext({ locale: 'en-GB' });
    const page = await context.newPage();
    const troubles = watchForTrouble(page);
    const said = await askForAccount(page);
    await page.goto(await mailed('register'));
    await page.getByLabel(/password/i).fill(PASSWORD);
    await page.getByRole('button', { name: 'Save' }).click();
    await hello(page).waitFor({ timeout: 60_000 });

    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.getByLabel('Name of this device').fill('Laptop');
    await page.getByLabel('Password').fill('not my password');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('This is not your password.').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('button', { name: 'Remove the passkey Laptop' }).waitFor({ timeout: 60_000 });

    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await page.getByRole('button', { name: 'Log in with a passkey' }).click();
    await hello(page).waitFor({ timeout: 60_000 });

    await page.getByRole('button', { name: 'Remove the passkey Laptop' }).click();
    await page.getByRole('button', { name: 'Remove the passkey Laptop' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await page.getByRole('button', { name: 'Log in with a passkey' }).click();
    await page.getByText('That did not work.').waitFor({ timeout: 60_000 });

    assert.equal(await askForAccount(page), said);
    await page.goto(await mailed('reset'));
    await page.getByRole('button', { name: 'Save' }).waitFor();
    assert.deepEqual(troubles, []);
    await context.close();
  },
);

test('who has forgotten the password chooses another by the link of a mail', { skip }, async () => {
  const context = await storefront.browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const troubles = watchForTrouble(page);
  const shop = storefront.shop;
  const before = await linkTo(shop, storefront.key, EMAIL, 'reset');
  await page.goto(at('/account'));
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByRole('button', { name: 'Send the link' }).waitFor();
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await page.getByRole('status').filter({ hasText: EMAIL }).waitFor();
  await page.goto(await mailed('reset', before));
  await page.getByLabel(/password/i).fill(NEXT);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Done.').waitFor();

  await page.goto(at('/account'));
  const form = page.getByRole('form', { name: 'Log in' });
  await form.getByLabel('E-mail').fill(EMAIL);
  await form.getByLabel('Password').fill(NEXT);
  await form.getByRole('button', { name: 'Log in', exact: true }).click();
  await hello(page).waitFor({ timeout: 60_000 });
  assert.deepEqual(troubles, []);
  await context.close();
});

test('who is logged in at two places ends one of them, and then all', { skip }, async () => {
  const contexts = await Promise.all([0, 1].map(() => storefront.browser.newContext({ locale: 'en-GB' })));
  const [here, there] = await Promise.all(contexts.map((context) => context.newPage()));
  assert.ok(here && there);
  const troubles = [here, there].map(watchForTrouble);
  const form = (page: Page) => page.getByRole('form', { name: 'Log in' });
  for (const page of [there, here]) {
    await page.goto(at('/account'));
    await form(page).getByLabel('E-mail').fill(EMAIL);
    await form(page).getByLabel('Password').fill(NEXT);
    await form(page).getByRole('button', { name: 'Log in', exact: true }).click();
    await hello(page).waitFor({ timeout: 60_000 });
  }
  // That of the test before is there as well.
  const others = here.getByRole('button', { name: /^Log out Chrome on / });
  await here.getByText(/^this device · since /).waitFor();
  assert.equal(await others.count(), 2);
  await others.last().click();
  await others.nth(1).waitFor({ state: 'detached', timeout: 60_000 });
  await there.goto(at('/account'));
  await hello(there).waitFor({ timeout: 60_000 });
  await here.getByRole('button', { name: 'Log out everywhere' }).click();
  await form(here).waitFor({ timeout: 60_000 });
  await there.goto(at('/account'));
  await form(there).waitFor({ timeout: 60_000 });
  assert.deepEqual(troubles, [[], []]);
  await Promise.all(contexts.map((context) => context.close()));
});

test(
  'who has an account elsewhere signs in by it with the cart they had, and can do without it later',
  { skip },
  async () => {
    const provider = await startTestProvider();
    const context = await storefront.browser.newContext({ locale: 'en-GB' });
    try {
      const headers = { authorization: `Bearer ${storefront.key}` };
      const json = { name: 'There', issuer: provider.issuer, ...provider.client };
      const put = await storefront.shop('PUT', '/api/admin/accounts/providers/there', { headers, json });
      assert.equal(put.status, 200, put.text);
      const page = await context.newPage();
      const troubles = watchForTrouble(page);
      const { products } = (
        await storefront.shop('GET', '/api/catalog/products?available=true&limit=1')
      ).json<{
        products: { handle: string; title: string }[];
      }>();
      await page.goto(at(`/products/${products[0]?.handle}`));
      await page.getByRole('button', { name: 'Add to cart' }).click();
      await page.getByText('Added to your cart').first().waitFor({ timeout: 60_000 });

      await page.goto(at('/account'));
      provider.person = { sub: 'grace', email: 'grace@example.com', email_verified: false };
      await page.getByRole('link', { name: 'Log in with There' }).click();
      await page.getByText('does not say that this mail address is yours').waitFor({ timeout: 60_000 });

      provider.person = {
        sub: 'grace',
        email: 'grace@example.com',
        email_verified: true,
        given_name: 'Grace',
      };
      await page.getByRole('link', { name: 'Log in with There' }).click();
      await page.getByRole('heading', { level: 1, name: 'Hello, Grace' }).waitFor({ timeout: 60_000 });
      await page.goto(at('/cart'));
      await page
        .getByRole('link', { name: products[0]?.title ?? '' })
        .first()
        .waitFor();

      await page.goto(at('/account'));
      await page.getByRole('button', { name: 'Log in with There no more' }).click();
      await page.getByRole('button', { name: 'Log in with There no more' }).waitFor({ state: 'detached' });
      assert.deepEqual(troubles, []);
    } finally {
      await context.close();
      await provider.stop();
    }
  },
);

test(
  'a shopper signs in to an app with their account here, once they have logged in and agreed, and disconnects it',
  { skip },
  async () => {
    const context = await storefront.browser.newContext({ locale: 'en-GB' });
    const app = createServer((_request, response) => void response.end('Welcome'));
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    try {
      // It listens on TCP.
      const back = `http://127.0.0.1:${(app.address() as AddressInfo).port}/signed-in`;
      const headers = { authorization: `Bearer ${storefront.key}` };
      const json = { name: 'Loyalty', kind: 'public', redirectUris: ['http://127.0.0.1/signed-in'] };
      const made = await storefront.shop('POST', '/api/admin/accounts/apps', { headers, json });
      assert.equal(made.status, 201, made.text);
      const { id } = made.json<{ id: string }>();
      const { issuer, authorization_endpoint: place } = (
        await storefront.shop('GET', '/.well-known/openid-configuration')
      ).json<{ issuer: string; authorization_endpoint: string }>();
      assert.equal(issuer, at('/').slice(0, -1));
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: id,
        redirect_uri: back,
        scope: 'openid email',
        state: 'mine',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });

      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      const troubles = watchForTrouble(page);
      await page.goto(
        `${place}?${new URLSearchParams({ ...Object.fromEntries(query), redirect_uri: at('/') })}`,
      );
      await page.getByRole('alert').filter({ hasText: 'elsewhere than agreed' }).waitFor();

      await page.goto(`${place}?${query}`);
      const form = page.getByRole('form', { name: 'Log in' });
      await form.getByLabel('E-mail').fill(EMAIL);
      await form.getByLabel('Password').fill(NEXT);
      await form.getByRole('button', { name: 'Log in', exact: true }).click();
      await page.getByText('Your e-mail address').waitFor();
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.waitForURL((url) => url.href.startsWith(back));
      const { code, state, iss } = Object.fromEntries(new URL(page.url()).searchParams);
      assert.deepEqual([state, iss], ['mine', issuer]);

      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: id,
        code: code ?? '',
        code_verifier: verifier,
        redirect_uri: back,
      }).toString();
      const tokens = await storefront.shop('POST', '/api/accounts/oauth/token', {
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      assert.equal(tokens.status, 200, tokens.text);
      const authorization = `Bearer ${tokens.json<{ access_token: string }>().access_token}`;
      const who = () =>
        storefront.shop('GET', '/api/accounts/oauth/userinfo', { headers: { authorization } });
      assert.equal((await who()).json<{ email: string }>().email, EMAIL);

      await page.goto(`${place}?${query}`);
      await page.getByRole('link', { name: 'No, go back' }).click();
      await page.waitForURL((url) => url.searchParams.get('error') === 'access_denied');

      await page.goto(at('/account'));
      await page.getByRole('button', { name: 'Disconnect Loyalty' }).click();
      await page.getByRole('button', { name: 'Disconnect Loyalty' }).waitFor({ state: 'detached' });
      assert.equal((await who()).status, 401);
      assert.deepEqual(troubles, []);
    } finally {
      await context.close();
      app.closeAllConnections();
      app.close();
      await once(app, 'close');
    }
  },
);
