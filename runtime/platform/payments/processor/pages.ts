/**
 * The pages a shopper sees from the processor: the card fields a shop embeds, and the test bank's challenge.
 * No script or style is inline, so that the content policy can forbid it; who may frame a page is said by the server.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripeDigits } from '../units.ts';

export interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Reads the two files the pages need; they never change while the processor runs. */
export function readAssets(): Readonly<Record<string, Asset>> {
  return {
    '/elements/card.js': asset('card.js', 'text/javascript'),
    '/elements/card.css': asset('card.css', 'text/css'),
  };
}

/**
 * The fields have no names and open only once the script listens: a form that the browser sends by itself would put the
 * card's number into an address, and lose the payment.
 */
export function cardPage(): string {
  return page(
    'Card',
    `<form novalidate autocomplete="on">
  <div class="field wide">
    <label for="number">Card number</label>
    <div class="box">
      <input id="number" inputmode="numeric" autocomplete="cc-number" placeholder="1234 1234 1234 1234" aria-describedby="problem" required disabled>
      <span class="brand" id="brand" aria-hidden="true"></span>
    </div>
  </div>
  <div class="field">
    <label for="expiry">Expiry date</label>
    <input id="expiry" inputmode="numeric" autocomplete="cc-exp" placeholder="MM / YY" aria-describedby="problem" required disabled>
  </div>
  <div class="field">
    <label for="cvc">Security code</label>
    <input id="cvc" inputmode="numeric" autocomplete="cc-csc" placeholder="123" aria-describedby="problem" required disabled>
  </div>
  <p class="problem wide" id="problem" role="alert"></p>
  <button class="wide" id="pay" type="submit" disabled>Pay</button>
  <p class="note wide" id="note"></p>
</form>
<section class="challenge" id="challenge" hidden aria-labelledby="bank">
  <h1 id="bank"></h1>
  <p id="bank-text"></p>
  <div class="choices">
    <button id="approve" type="button"></button>
    <button id="refuse" type="button" class="quiet"></button>
  </div>
</section>
<p class="done" id="done" role="status" hidden></p>
<script type="module" src="/elements/card.js"></script>`,
  );
}

/** The challenge as a page of its own, for confirmations that were not made in the card fields. */
export function challengePage(
  intentId: string,
  clientSecret: string,
  amount: number,
  currency: string,
): string {
  return page(
    'Confirm with your bank',
    `<main class="page"><form class="challenge" method="post" action="/challenge/${escape(intentId)}">
  <h1>Confirm with your bank</h1>
  <p>Your bank wants to be sure that it is you who pays ${escape(formatted(amount, currency))}. This is the test bank: choose what it should answer.</p>
  <input type="hidden" name="client_secret" value="${escape(clientSecret)}">
  <div class="choices">
    <button name="outcome" value="pass">Complete authentication</button>
    <button name="outcome" value="fail" class="quiet">Fail authentication</button>
  </div>
</form></main>`,
  );
}

/** Where a payer agrees at the stand-in for PayPal, and chooses what shall become of it. */
export function approvalPage(id: string, value: string, currency: string): string {
  return page(
    'Pay by PayPal',
    `<main class="page"><form class="challenge" method="post" action="/paypal/checkoutnow?token=${escape(id)}">
  <h1>Pay by PayPal</h1>
  <p>The shop asks for ${escape(value)} ${escape(currency)}. This stands in for PayPal on your machine: nothing is charged.</p>
  <div class="choices">
    <button name="outcome" value="approve">Approve the payment</button>
    <button name="outcome" value="decline" class="quiet">Approve, and have it declined</button>
    <button name="outcome" value="dispute" class="quiet">Approve, and dispute it later</button>
    <button name="outcome" value="cancel" class="quiet">Back to the shop</button>
  </div>
</form></main>`,
  );
}

export function messagePage(title: string, message: string): string {
  return page(
    title,
    `<main class="page"><section class="challenge"><h1>${escape(title)}</h1><p>${escape(message)}</p></section></main>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${escape(title)}</title>
<link rel="stylesheet" href="/elements/card.css">
</head>
<body>
${body}
</body>
</html>
`;
}

function asset(name: string, type: string): Asset {
  const body = readFileSync(new URL(`./assets/${name}`, import.meta.url));
  return {
    body,
    type: `${type}; charset=utf-8`,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
  };
}

function formatted(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() });
  return format.format(amount / 10 ** stripeDigits(currency.toUpperCase()));
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
