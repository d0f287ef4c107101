/** What a description cannot say: bytes of a certain kind, signatures, values that only make sense together. By operation. */
import { createECDH, createHmac } from 'node:crypto';
import { ADDRESS } from '../../runtime/domains/orders/testing/shop.ts';
import { SCOPES } from '../../runtime/host/keys/scopes.ts';
import { APP, BACK, formOf } from './apps.ts';
import { codeShown } from './authenticator-app.ts';
import { graphRequest } from './graphql.ts';
import type { Memory } from './memory.ts';
import { PNG } from './pixel.ts';
import type { Random } from './random.ts';
import type { Recipe } from './requests.ts';
import { secretsOf } from './secrets.ts';
import { isObject } from './values.ts';

const ROLES = ['viewer', 'support'] as const;
const PEOPLE = Array.from({ length: 40 }, (_, index) => `someone${index}@example.com`);
const PASSWORD = 'a long enough password';

const proven: Recipe = () => ({ json: { password: PASSWORD } });

const toSomebody: Recipe = (_request, memory, random) => ({
  json: { email: memory.any('email', random) ?? random.pick(PEOPLE) },
});

const aRole: Recipe = (_request, _memory, random) => ({
  json: { name: `Role ${random.index(40)}`, scopes: [random.pick(SCOPES)] },
});

const anApp: Recipe = ({ json }) => ({
  json: {
    ...(isObject(json) ? json : {}),
    redirectUris: [BACK],
    logoutUris: APP.logoutUris,
    scopes: APP.scopes,
  },
});

/** By an app that has its secret, where it has been told it. */
const fromAnApp =
  (fields: (memory: Memory, random: Random) => Readonly<Record<string, unknown>>): Recipe =>
  (_request, memory, random) => {
    const app = memory.recall(['appId', 'appSecret'], random);
    const said = {
      client_id: app.get('appId'),
      client_secret: app.get('appSecret'),
      ...fields(memory, random),
    };
    const known = Object.entries(said).filter(([, value]) => value !== undefined);
    return formOf(Object.fromEntries(known.map(([name, value]) => [name, String(value)])));
  };

const picture: Recipe = () => ({ bytes: PNG, contentType: 'image/png' });

export const RECIPES: Readonly<Record<string, Recipe | undefined>> = {
  'accounts.register': ({ json }, _memory, random) => ({
    json: { ...(isObject(json) ? json : {}), email: random.pick(PEOPLE) },
  }),
  'accounts.inviteStaff': ({ json }, _memory, random) => ({
    json: { ...(isObject(json) ? json : {}), email: random.pick(PEOPLE), roles: [random.pick(ROLES)] },
  }),
  'accounts.confirmRegistration': mailedTo('register'),
  'accounts.resetPassword': mailedTo('reset'),
  'accounts.resetStaffPassword': mailedTo('staff-reset'),
  'accounts.acceptInvitation': mailedTo('join'),
  'accounts.signInStaff': (_request, memory, random) => ({
    json: { email: memory.any('staffEmail', random) ?? random.pick(PEOPLE), password: PASSWORD },
  }),
  'accounts.forgetPassword': toSomebody,
  'accounts.forgetStaffPassword': toSomebody,
  'accounts.createRole': aRole,
  'accounts.updateRole': aRole,
  'accounts.preparePasskey': proven,
  'accounts.prepareStaffPasskey': proven,
  'accounts.prepareAuthenticator': proven,
  'accounts.removeAuthenticator': proven,
  'accounts.confirmAuthenticator': (_request, memory, random) => {
    const secret = memory.any('secret', random);
    return secret === undefined ? {} : { json: { code: codeShown(String(secret)) } };
  },
  'accounts.adminCreateApp': anApp,
  'accounts.adminPutApp': anApp,
  'accounts.authorizeApp': ({ query }, memory, random) => ({
    query: {
      ...query,
      client_id: memory.any('appId', random),
      redirect_uri: BACK,
      response_type: 'code',
      scope: random.pick(['openid', 'openid email', APP.scopes.join(' ')]),
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    },
  }),
  'accounts.askForTokens': fromAnApp((memory, random) => ({
    grant_type: random.pick(['refresh_token', 'authorization_code', 'nonsense']),
    refresh_token: memory.any('refresh_token', random),
    code: memory.any('code', random),
    code_verifier: 'x'.repeat(43),
    redirect_uri: BACK,
    scope: random.pick([undefined, 'openid', '\u0000']),
  })),
  'accounts.revokeToken': fromAnApp((memory, random) => ({
    token: memory.any(random.pick(['access_token', 'refresh_token', 'code']), random),
  })),
  'accounts.adminPutSignInProvider': ({ json }, memory, random) => ({
    path: { providerId: random.pick(['there', 'gone', 'google']) },
    json: { ...(isObject(json) ? json : {}), issuer: memory.any('providerIssuer', random) },
  }),
  'accounts.login': (_request, _memory, random) => ({
    json: { email: random.pick(PEOPLE), password: PASSWORD },
  }),
  'analytics.getFunnel': ({ query }) => ({ query: { ...query, steps: 'view,cart,order' } }),
  'analytics.getSeries': ({ query }) => ({ query: { kind: query['kind'], format: query['format'] } }),
  'analytics.getTop': ({ query }) => ({
    query: { ...query, kind: 'view', dimension: 'product', currency: undefined },
  }),
  'catalog.adminCreateCollection': (_request, memory, random) => ({
    json: {
      title: `Shelf ${random.index(1e6)}`,
      products: [memory.any('productHandle', random)].filter((handle) => handle !== undefined),
    },
  }),
  'catalog.adminUpdateCollection': ({ json }, _memory, random) => ({
    json: {
      ...(isObject(json) ? json : {}),
      title: `Shelf ${random.index(1e6)}`,
      imageSrc: null,
      products: [],
    },
  }),
  'catalog.adminCreateProduct': (_request, _memory, random) => ({ json: productOf(random) }),
  'catalog.adminUpdateProduct': ({ json }, _memory, random) => ({
    json: {
      ...productOf(random),
      ...(isObject(json) && 'version' in json ? { version: json['version'] } : {}),
    },
  }),
  // A rule that names no product is refused for its search or its boosts only.
  'catalog.adminCreateRankingRule': ({ json }) => ({
    json: { ...(isObject(json) ? json : {}), pins: [], buries: [], hides: [], from: null, until: null },
  }),
  'catalog.adminStartImport': (_request, _memory, random) => ({
    bytes: Buffer.from(
      `Handle,Title,Vendor,Type,Tags,Published,Variant SKU,Variant Inventory Qty,Variant Price,Status\nlamp-${random.index(50)},Lamp,Us,Light,,true,L${random.index(99)},${random.pick(['3', '-1', '1e9', ''])},${random.pick(['9.99', '0', '-1', '99999999999999', 'x'])},active\n`,
    ),
    contentType: 'text/csv',
  }),
  'catalog.getMedia': ({ query }, memory, random) => ({
    path: { id: String(memory.any('imageUrl', random)).split('/').at(-1) },
    query,
  }),
  'chat.attach': picture,
  'chat.writeMessage': ({ json }) => ({ json: { ...(isObject(json) ? json : {}), attachments: [] } }),
  'marketing.putFlag': ({ path }, _memory, random) => ({
    path: { key: random.chance(0.5) ? path['key'] : `flag-${random.index(10)}` },
    json: {
      enabled: true,
      variants: { on: true, off: false },
      off: 'off',
      rules: [],
      serve: [{ variant: 'on', weight: 1 }],
      ...random.pick([{}, { summary: 'A flag' }]),
    },
  }),
  'marketing.createExperiment': (_request, memory, random) => ({
    json: {
      name: `Trial ${random.index(1e6)}`,
      flagKey: memory.any('flagKey', random) ?? 'flag-1',
      control: 'off',
      shares: [
        { variant: 'on', weight: 50 },
        { variant: 'off', weight: 50 },
      ],
      goal: 'bought',
    },
  }),
  'notifications.sendTest': ({ json }) => ({
    json: { ...(isObject(json) ? json : {}), channel: 'mail', locale: 'en', to: 'someone@example.com' },
  }),
  'media.changeAsset': ({ json }) => ({ json: { ...(isObject(json) ? json : {}), alt: { en: 'A pixel' } } }),
  'orders.createCart': (_request, _memory, random) => ({ json: random.pick([{}, { currency: 'EUR' }]) }),
  'orders.createFulfilment': ({ json }, memory, random) => ({
    json: {
      ...(isObject(json) ? json : {}),
      lines: [{ variantId: memory.any('variantId', random), quantity: 1 }],
    },
  }),
  // Whatever else the cart lacks, it is one that a shopper would check out.
  'orders.checkout': ({ json }, memory, random) => ({
    json: {
      cartId: memory.any('cartId', random) ?? (isObject(json) ? json['cartId'] : undefined),
      email: random.pick(PEOPLE),
      shippingAddress: ADDRESS,
      shippingMethod: 'standard',
    },
  }),
  'orders.addLine': ({ json }, _memory, random) => ({
    json: { ...(isObject(json) ? json : {}), quantity: 1 + random.index(3) },
  }),
  'media.beginUpload': () => ({
    json: { name: 'pixel.png', contentType: 'image/png', size: PNG.length, alt: 'A pixel' },
  }),
  'media.putUpload': picture,
  'notifications.subscribePush': (_request, _memory, random) => {
    const keys = createECDH('prime256v1');
    keys.generateKeys();
    return {
      json: {
        endpoint: `https://fcm.googleapis.com/fcm/send/${random.index(1e6)}`,
        keys: { p256dh: keys.getPublicKey('base64url'), auth: 'A'.repeat(22) },
      },
    };
  },
  'notifications.receiveReport': ({ actor, json }, memory, random) => {
    const report = random.chance(0.6)
      ? {
          event: random.pick(['bounced', 'complained']),
          channel: 'mail',
          address: memory.any('email', random) ?? 'a@example.com',
        }
      : random.pick<unknown>([json ?? null, [], 7, { event: 'bounced' }, { event: '\u0000' }]);
    const body = Buffer.from(JSON.stringify(report));
    const seconds = String(Math.floor(Date.now() / 1_000));
    return {
      bytes: body,
      contentType: 'application/json',
      headers: {
        'x-signature': `t=${seconds},v1=${signature(secretsOf(actor.tenant).reports, seconds, body)}`,
      },
    };
  },
  'payments.receiveWebhook': ({ actor }, memory, random) => {
    const intent = { id: memory.any('intentId', random) ?? 'pi_1', object: 'payment_intent' };
    const event = random.chance(0.6)
      ? {
          id: `evt_${random.index(1e6)}`,
          object: 'event',
          created: Math.floor(Date.now() / 1_000),
          type: random.pick([
            'payment_intent.succeeded',
            'payment_intent.canceled',
            'charge.dispute.created',
            'charge.refunded',
            'nonsense',
          ]),
          data: {
            object: random.pick<unknown>([
              intent,
              { ...intent, amount: 'x', metadata: { order_id: 7 } },
              { object: 'charge', payment_intent: intent.id },
              null,
              '\u0000',
            ]),
          },
        }
      : random.pick<unknown>([null, [], {}, { id: 1 }, { type: null, data: [] }]);
    const body = Buffer.from(JSON.stringify(event));
    const seconds = String(Math.floor(Date.now() / 1_000));
    const { webhookSecret } = secretsOf(actor.tenant).stripe;
    return {
      bytes: body,
      contentType: 'application/json',
      headers: { 'stripe-signature': `t=${seconds},v1=${signature(webhookSecret, seconds, body)}` },
    };
  },
  'webhooks.createSubscription': (_request, _memory, random) => ({ json: subscriptionOf(random) }),
  'webhooks.updateSubscription': (_request, _memory, random) => ({ json: subscriptionOf(random) }),
  'store.askGraphql': (_request, memory, random) => {
    const { query, variables } = graphRequest(memory, random);
    return { query: { query, ...(variables === undefined ? {} : { variables: JSON.stringify(variables) }) } };
  },
  'store.runGraphql': (_request, memory, random) => ({ json: graphRequest(memory, random) }),
};

/** Whoever reads the mail can go on by its link. */
function mailedTo(page: string): Recipe {
  return (_request, memory, random) => {
    const token = memory.any(page, random);
    return token === undefined ? {} : { json: { token, password: PASSWORD } };
  };
}

/** One that any shop would take. */
function productOf(random: Random): Record<string, unknown> {
  return {
    handle: `lamp-${random.index(1e6)}`,
    title: 'A lamp',
    variants: [
      { prices: [{ amount: random.index(10_000), currency: 'EUR' }], inventoryQuantity: random.index(100) },
    ],
  };
}

/** At a name that nobody can have (RFC 6761): what happens in the shop is told to nobody, and tried again. */
function subscriptionOf(random: Random): Record<string, unknown> {
  return {
    url: `https://hooks-${random.index(10)}.invalid/in`,
    events: [random.pick(['*', 'orders.*', 'catalog.product.deleted'])],
    ...random.pick([{}, { description: 'A server' }, { enabled: true }]),
  };
}

/** HMAC-SHA-256 over the moment, a full stop and the body, as Stripe does and reports of mail do. */
function signature(secret: string, seconds: string, body: Buffer): string {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
}
