import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { Stripe } from 'stripe';
import { EXPIRY } from '../../../../tests/support/expiry.ts';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { startProcessor, type Processor } from './processor.ts';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const KEYS = {
  secretKey: 'sk_test_card00000001',
  publishableKey: 'pk_test_card00000001',
  webhookSecret: 'whsec_card00000001',
};

describe(
  'the card fields in a shop’s page',
  { skip: CHROMIUM === undefined && 'no browser is installed' },
  () => {
    const data = ownFolder('card');
    let processor: Processor;
    let shop: Server;
    let browser: Browser;
    let stripe: Stripe;

    before(async () => {
      processor = await startProcessor({
        host: '127.0.0.1',
        port: 0,
        data,
        adminSecret: 'x',
        forTests: true,
        warn: () => undefined,
      });
      await processor.putAccount({
        id: 'acme',
        ...KEYS,
        webhookUrl: 'http://127.0.0.1:9/',
        webhookHost: undefined,
        enabledEvents: [],
      });
      const url = new URL(processor.origin);
      stripe = new Stripe(KEYS.secretKey, {
        host: url.hostname,
        port: url.port,
        protocol: 'http',
        telemetry: false,
      });
      shop = createServer((request, response) => {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
        response.end(shopPage(new URL(request.url ?? '/', shopOrigin()).searchParams.get('src') ?? ''));
      });
      await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
      const { chromium } = await import('playwright-core');
      browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
    });

    after(async () => {
      await browser.close();
      shop.close();
      shop.closeAllConnections();
      await processor.stop();
      rmSync(data, { recursive: true, force: true });
    });

    function shopOrigin(): string {
      // A listening TCP server has an AddressInfo.
      return `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
    }

    async function open(
      more: Record<string, string> = {},
      prepare?: (page: Page) => Promise<void>,
    ): Promise<{ page: Page; frame: FrameLocator; intent: string }> {
      const intent = await stripe.paymentIntents.create({
        amount: 2500,
        currency: 'eur',
        capture_method: 'manual',
      });
      const query = new URLSearchParams({
        pk: KEYS.publishableKey,
        return_origin: shopOrigin(),
        lang: 'en',
        ...more,
      });
      const src = `${processor.origin}/elements/card?${query}#client_secret=${intent.client_secret}`;
      const page = await browser.newPage({ viewport: { width: 420, height: 640 } });
      await prepare?.(page);
      await page.goto(`${shopOrigin()}/?src=${encodeURIComponent(src)}`, { waitUntil: 'commit' });
      return { page, frame: page.frameLocator('iframe'), intent: intent.id };
    }

    async function fill(frame: FrameLocator, number: string): Promise<void> {
      await frame.getByLabel('Card number').fill(number);
      await frame.getByLabel('Expiry date').fill(`12 / ${EXPIRY.short}`);
      await frame.getByLabel('Security code').fill('123');
    }

    async function told(page: Page, type: string, status?: string): Promise<Record<string, unknown>> {
      const found = await page.waitForFunction(
        ([type, status]) => {
          const messages = (globalThis as unknown as { messages: Record<string, unknown>[] }).messages;
          return messages.find(
            (each) => each['type'] === type && (status === undefined || each['status'] === status),
          );
        },
        [type, status] as const,
      );
      // The page collects what the frame posts: plain objects.
      return (await found.jsonValue()) as Record<string, unknown>;
    }

    it('pays, and tells the shop nothing but the outcome', async () => {
      const { page, frame, intent } = await open({ label: 'Pay €25.00' });
      await told(page, 'ready');
      await fill(frame, '4242424242424242');
      await frame.getByRole('button', { name: 'Pay €25.00' }).click();
      await told(page, 'result', 'requires_capture');
      assert.equal((await stripe.paymentIntents.retrieve(intent)).status, 'requires_capture');
      const messages = await page.evaluate(() =>
        JSON.stringify((globalThis as unknown as { messages: unknown }).messages),
      );
      assert.ok(!messages.includes('4242'));
      await page.close();
    });

    it('tells a shop that listens late what it had to say before', async () => {
      const { page, frame } = await open();
      await fill(frame, '4242424242424242');
      await frame.getByRole('button', { name: 'Pay' }).click();
      await told(page, 'result', 'requires_capture');
      await page.evaluate(
        `window.messages = []; document.querySelector('iframe').contentWindow.postMessage({ type: 'hello' }, '${processor.origin}')`,
      );
      await told(page, 'ready');
      await told(page, 'result', 'requires_capture');
      await page.close();
    });

    it('takes no card before its script can keep it from being sent as a form', async () => {
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const { page, frame } = await open({}, async (fresh) => {
        await fresh.route('**/elements/card.js', async (route) => {
          await held;
          await route.continue();
        });
      });
      const fields = frame.locator('form input, form button');
      await fields.nth(3).waitFor();
      assert.equal(await fields.count(), 4);
      for (const field of await fields.all()) {
        assert.equal(await field.isDisabled(), true);
        assert.equal(await field.getAttribute('name'), null);
      }
      release();
      await fill(frame, '4242424242424242');
      await frame.getByRole('button', { name: 'Pay' }).click();
      await told(page, 'result', 'requires_capture');
      await page.close();
    });

    it('shows why a card was declined and takes the next one', async () => {
      const { page, frame } = await open();
      await fill(frame, '4000000000000002');
      await frame.getByRole('button', { name: 'Pay' }).click();
      await frame.getByRole('alert').getByText('Your card was declined.').waitFor();
      assert.deepEqual((await told(page, 'result', 'requires_payment_method'))['error'], {
        code: 'card_declined',
        declineCode: 'generic_decline',
        message: 'Your card was declined.',
      });
      await fill(frame, '5555555555554444');
      await frame.getByRole('button', { name: 'Pay' }).click();
      await told(page, 'result', 'requires_capture');
      await page.close();
    });

    it('asks the bank within the frame, by keyboard alone', async () => {
      const { page, frame } = await open();
      await frame.getByLabel('Card number').focus();
      await page.keyboard.type('4000002500003155');
      await page.keyboard.press('Tab');
      await page.keyboard.type(`12${EXPIRY.short}`);
      await page.keyboard.press('Tab');
      await page.keyboard.type('123');
      await page.keyboard.press('Enter');
      await told(page, 'challenge');
      await frame.getByRole('button', { name: 'Complete authentication' }).press('Enter');
      await told(page, 'result', 'requires_capture');
      await page.close();
    });

    it('names the field that is wrong, without asking the processor', async () => {
      const { page, frame } = await open();
      await fill(frame, '4242424242424241');
      await frame.getByRole('button', { name: 'Pay' }).click();
      await frame.getByRole('alert').getByText('Check the card number.').waitFor();
      assert.equal(await frame.getByLabel('Card number').getAttribute('aria-invalid'), 'true');
      await page.close();
    });

    it('pays when the shop’s own button asks it to, and looks as the shop wants', async () => {
      const { page, frame } = await open({
        button: 'none',
        accent: 'rgb(200, 40, 90)',
        text: '#222',
        radius: '2',
      });
      await fill(frame, '378282246310005');
      await frame.getByLabel('Security code').fill('1234');
      assert.equal(await frame.getByRole('button', { name: 'Pay' }).count(), 0);
      await page.evaluate(
        `document.querySelector('iframe').contentWindow.postMessage({ type: 'confirm' }, '${processor.origin}')`,
      );
      await told(page, 'result', 'requires_capture');
      await page.close();
    });

    it('cannot be framed by anybody else', async () => {
      const { page } = await open({ return_origin: 'http://elsewhere.example' });
      assert.equal(
        await page.evaluate(() => (globalThis as unknown as { messages: unknown[] }).messages.length),
        0,
      );
      assert.equal(await page.frameLocator('iframe').getByLabel('Card number').count(), 0);
      await page.close();
    });
  },
);

function shopPage(src: string): string {
  const safe = src.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  return `<!doctype html><title>Shop</title><body style="font-family: system-ui"><h1>Checkout</h1>
    <script>window.messages = []; addEventListener('message', (event) => {
      window.messages.push(event.data);
      if (event.data.height) document.querySelector('iframe').style.height = event.data.height + 'px';
    });</script>
    <iframe title="Card" src="${safe}" style="border: 0; width: 100%; height: 300px"></iframe>`;
}
