/**
 * What the seeds draw as flows, through the gateway, in both layouts: every domain in one process, and a process for each domain. Each flow is
 * one trace: one id, no span whose parent is missing, and what belongs below what is below it, whichever process did it.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { DOMAINS } from '../../crds/index.ts';
import { shopServices } from '../../operator/controllers/kinds.ts';
import type { Client } from '../../operator/kube/client.ts';
import { openSocket } from '../../runtime/domains/chat/testing/client.ts';
import { grpcService, HOST_DOMAIN } from '../../runtime/platform/names/index.ts';
import { adminToken, clusterOf } from '../support/cluster.ts';
import { grpcShopAt, type GrpcShop } from '../support/grpc.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import type { Shop } from '../support/shop.ts';
import { buy } from '../support/shopper.ts';
import { oneTrace, type Chain } from '../support/flows.ts';
import { startReceiver, type TraceReceiver } from '../support/traces.ts';
import { until } from '../support/wait.ts';

interface Layout {
  readonly title: string;
  readonly tenant: string;
  readonly namespace: string;
  /** Name of the process that does a domain's work. */
  readonly process: (domain: string) => string;
}

const LAYOUTS: readonly Layout[] = [
  {
    title: 'every domain in one process',
    tenant: 'together',
    namespace: 'shopmind-system',
    process: () => 'runtime',
  },
  {
    title: 'a process for each domain',
    tenant: 'apart',
    namespace: 'tenant-apart',
    process: (domain) => domain,
  },
];

/** A shop with one thing to sell. */
interface World {
  readonly layout: Layout;
  readonly shop: Shop;
  readonly merchant: Shop;
  readonly grpc: GrpcShop;
  readonly authorization: string;
  readonly productId: string;
  readonly variantId: string;
}

interface Flow {
  readonly title: string;
  /** Does it. */
  readonly run: (world: World) => Promise<void>;
  /** What its first span is called, besides the gateway's. */
  readonly begins: string;
  readonly chains: readonly Chain[];
}

const TITLE = 'Enamel Kettle';
/** What a page calls its visit. */
const SESSION = 'a-visit-of-the-flows';

const FLOWS: readonly Flow[] = [
  {
    title: 'a search: through the cache to the index and the database, and the next time to the cache alone',
    async run({ shop }) {
      const search = () => shop('GET', `/api/catalog/products?q=kettle&limit=3`);
      const first = await search();
      assert.equal(first.json<{ products: readonly { title: string }[] }>().products[0]?.title, TITLE);
      const again = await shop('GET', '/api/catalog/products?q=kettle&limit=3', {
        headers: { 'if-none-match': String(first.headers['etag']) },
      });
      assert.equal(again.status, 304);
    },
    begins: 'GET /api/catalog/products',
    chains: [
      ['gateway: GET api', 'catalog: GET /api/catalog/products', 'catalog: cache get'],
      ['catalog: GET /api/catalog/products', 'catalog: search search', 'catalog: SELECT search_documents'],
      ['catalog: GET /api/catalog/products', 'catalog: SELECT products'],
      ['catalog: GET /api/catalog/products', 'catalog: cache set'],
    ],
  },
  {
    title: 'what a page saw, of somebody who agreed to be known again: told, and heard by recommendations',
    async run({ shop, productId }) {
      const told = await shop('POST', '/api/analytics/events', {
        json: {
          id: randomUUID(),
          session: SESSION,
          visitor: 'a-browser-of-the-flows',
          events: [{ kind: 'view', path: '/products/enamel', productId }],
        },
      });
      assert.equal(told.status, 202, told.text);
    },
    begins: 'POST /api/analytics/events',
    chains: [
      [
        'gateway: POST api',
        'analytics: POST /api/analytics/events',
        'analytics: transaction',
        'analytics: send analytics.visit',
        'recommendations: process analytics.visit',
      ],
    ],
  },
  {
    title: 'a search in an order that suits them: everybody’s, out of the cache, and put in order for one',
    async run({ shop }) {
      await until(
        async () => {
          const found = await shop('GET', `/api/recommendations/search?q=kettle&session=${SESSION}`);
          const page = found.json<{ personal: boolean; products: readonly { title: string }[] }>();
          assert.equal(page.products[0]?.title, TITLE, found.text);
          return page.personal ? true : undefined;
        },
        { withinMs: 60_000, what: 'recommendations have heard of the visit' },
      );
    },
    begins: 'GET /api/recommendations/search',
    chains: [
      [
        'gateway: GET api',
        'recommendations: GET /api/recommendations/search',
        'recommendations: catalog/search',
        'catalog: cache get',
      ],
      ['recommendations: GET /api/recommendations/search', 'recommendations: SELECT recommendations_seen'],
    ],
  },
  {
    title: 'a search by GraphQL, whichever process is asked',
    async run({ shop }) {
      const answer = await shop('POST', '/api/graphql', {
        json: { query: '{ products(q: "kettle") { products { title } } }' },
      });
      assert.match(answer.text, new RegExp(TITLE), answer.text);
    },
    begins: 'POST /api/graphql',
    chains: [
      [
        'gateway: POST api',
        'accounts: POST /api/graphql',
        'accounts: catalog.listProducts',
        'catalog: cache get',
      ],
    ],
  },
  {
    title: 'a search by gRPC, whichever process is asked',
    async run({ grpc }) {
      const answer = await grpc.ask('shopmind.v1.CatalogService', 'ListProducts', { q: 'kettle' });
      assert.match(JSON.stringify(answer), new RegExp(TITLE));
    },
    begins: 'POST grpc',
    chains: [
      [
        'gateway: POST grpc',
        'gateway: forward grpc',
        'accounts: grpc catalog.listProducts',
        'catalog: cache get',
      ],
    ],
  },
  {
    title: 'an order: held, paid, captured, confirmed, counted, and told to the shopper',
    async run({ shop, variantId, layout }) {
      const purchase = await buy({
        shop,
        processor: installation.shop('pay.localhost'),
        variantId,
        currency: 'EUR',
      });
      assert.equal(purchase.outcome, 'paid', `${layout.title}: ${purchase.last}`);
    },
    begins: 'POST /api/orders/checkout',
    chains: [
      // The order, and its payment at the processor.
      [
        'gateway: POST api',
        'gateway: forward ',
        'orders: POST /api/orders/checkout',
        'orders: transaction',
        'orders: send orders.order',
      ],
      [
        'orders: POST /api/orders/checkout',
        'orders: payments/createIntent',
        'payments: payments createIntent',
      ],
      // The processor's webhook, which goes on where the payment was asked for; then the saga.
      [
        'payments: payments/createIntent',
        'payments: payments hears',
        'payments: send payments.payment',
        'orders: process payments.payment',
      ],
      [
        'orders: process payments.payment',
        'orders: task orders.hear-payment',
        'orders: orders capture',
        'payments: payments capture',
      ],
      // Whether the saga hears of the captured money by its own question's answer or by the payment's event, which may be faster.
      [
        'orders: task orders.hear-payment',
        'orders: send orders.order',
        'notifications: process orders.order',
      ],
      // The shopper is told.
      [
        'notifications: process orders.order',
        'notifications: task notifications.deliver',
        'notifications: mail send',
      ],
      // Numbers and campaigns hear of it.
      ['orders: send orders.order', 'analytics: process orders.order'],
      ['orders: send orders.order', 'marketing: process orders.order'],
      ['payments: send payments.payment', 'analytics: process payments.payment'],
    ],
  },
  {
    title: 'a message: written, told to the room, and answered from the catalogue',
    async run({ shop, layout }) {
      const { guest } = (await shop('POST', '/api/chat/guests')).json<{ guest: string }>();
      const headers = { authorization: `Bearer ${guest}` };
      const opened = await shop('POST', '/api/chat/rooms', { json: { kind: 'assistant' }, headers });
      assert.equal(opened.status, 200, opened.text);
      const { id: room } = opened.json<{ id: string }>();
      const socket = await openSocket(installation.port, `${layout.tenant}.localhost`);
      try {
        socket.say({ t: 'hello', guest });
        await socket.hear('welcome');
        socket.say({ t: 'join', room });
        await socket.hear('joined');
        socket.say({ t: 'send', room, cid: 'question-1', text: 'Have you got a kettle?', attachments: [] });
        await socket.hear('ack');
        const answer = await socket.hear('message', ({ text }) => String(text).includes(TITLE));
        assert.equal(answer['from'], 'assistant');
      } finally {
        socket.close();
      }
    },
    begins: 'chat.rooms send',
    chains: [
      ['chat: chat.rooms send', 'chat: chat write', 'chat: transaction', 'chat: send chat.message'],
      ['chat: chat write', 'chat: task chat.answer', 'chat: catalog/search', 'catalog: search search'],
      ['chat: task chat.answer', 'chat: chat write', 'chat: transaction'],
      // Counted.
      ['chat: send chat.message', 'analytics: process chat.message'],
    ],
  },
];

let receiver: TraceReceiver;
let installation: Installation;
let client: Client;

before(async () => {
  receiver = await startReceiver();
  installation = await startInstallation({
    storefront: false,
    tenants: join(import.meta.dirname, 'flows/tenants.yaml'),
    traces: receiver.url,
  });
  await installation.event('tenants', 240_000);
  client = await clusterOf(installation);
});

after(async () => {
  client?.close();
  await removeInstallation(installation);
  await receiver.close();
});

for (const layout of LAYOUTS)
  describe(layout.title, () => {
    let world: World;

    before(async () => {
      world = await stocked(layout);
    });

    after(() => world.grpc.close());

    for (const flow of FLOWS)
      test(flow.title, async () => {
        await flow.run(world);
        const chains = flow.chains.map((chain) => chain.map((step) => inLayout(step, layout)));
        await oneTrace(receiver, { begins: flow.begins, tenant: layout.tenant, chains });
      });

    test('gRPC’s own tools find every service, and whether it is well, through the gateway', async () => {
      const { grpc, authorization } = world;
      const services = ['', ...[HOST_DOMAIN, ...DOMAINS].map(grpcService)];
      for (const service of services)
        assert.deepEqual(await grpc.ask('grpc.health.v1.Health', 'Check', { service }), {
          status: 'SERVING',
        });
      const reflection = ['grpc.reflection.v1.ServerReflection', 'ServerReflectionInfo'] as const;
      const listed = await grpc.first(...reflection, { listServices: '' }, { authorization });
      for (const service of services.slice(1)) assert.ok(JSON.stringify(listed).includes(service), service);
      await assert.rejects(grpc.first(...reflection, { listServices: '' }), /not shown to shoppers/);
      await assert.rejects(grpc.ask('shopmind.v1.AccountsService', 'AdminListCustomers'), {
        code: status.UNAUTHENTICATED,
      });
    });
  });

test('the shop of single processes has one for each domain there is', async () => {
  const { items } = await client.listAll(shopServices);
  const names = items.filter(({ metadata }) => metadata.namespace === 'tenant-apart');
  assert.deepEqual(names.map(({ metadata }) => metadata.name).toSorted(), DOMAINS.toSorted());
});

test('every body of every process was OTLP, and nobody’s address, token or card is in a span', () => {
  assert.deepEqual(receiver.faults, []);
  const said = JSON.stringify(receiver.spans.map(({ name, attributes }) => [name, attributes]));
  // That the operator reads and writes Secrets may be told, and of which kind a request is; what is in one may not.
  const words = said.replaceAll(/\b(get|list|watch|apply|create|patch|update|delete) secrets?\b/gi, '');
  assert.doesNotMatch(
    words,
    /ada@example\.com|Byron|\b4242\b|42424242|St James|kettle|Bearer|pi_[a-zA-Z0-9]|secret/i,
  );
});

/** A shop that can be bought in: what is for sale and how much of it there is are told by events. */
async function stocked(layout: Layout): Promise<World> {
  const { tenant, namespace } = layout;
  const shop = installation.shop(`${tenant}.localhost`);
  const authorization = `Bearer ${await adminToken(client, tenant, namespace)}`;
  const merchant: Shop = (method, path, options = {}) =>
    shop(method, path, {
      ...options,
      headers: { authorization, 'idempotency-key': randomUUID(), ...options.headers },
    });
  const made = await merchant('POST', '/api/admin/catalog/products', {
    json: {
      title: TITLE,
      variants: [{ prices: [{ amount: 2_900, currency: 'EUR' }], inventoryPolicy: 'deny' }],
    },
  });
  assert.equal(made.status, 201, made.text);
  const { id: productId, variants } = made.json<{ id: string; variants: readonly { id: string }[] }>();
  const variantId = variants[0]?.id ?? '';
  await until(
    async () => {
      const counted = await merchant('POST', `/api/admin/orders/stock/${variantId}`, {
        json: { onHand: 10, reason: 'counted' },
      });
      return counted.status === 200 ? true : assert.fail(counted.text);
    },
    { withinMs: 60_000, what: 'orders have heard of the product' },
  );
  const settings = await merchant('PUT', '/api/admin/chat/settings', {
    json: { blockedWords: [], assistant: true, greeting: '' },
  });
  assert.equal(settings.status, 200, settings.text);
  await until(
    async () => {
      const page = (await shop('GET', '/api/catalog/products?q=enamel')).json<{
        search: string;
        products: readonly unknown[];
      }>();
      return page.search === 'words' && page.products.length === 1 ? true : undefined;
    },
    { withinMs: 60_000, what: 'the index has the product' },
  );
  const grpc = grpcShopAt(installation.port, `${tenant}.localhost`);
  return { layout, shop, merchant, grpc, authorization, productId, variantId };
}

function inLayout(step: string, layout: Layout): string {
  const [domain = '', name = ''] = step.split(/: (.*)/s);
  return `${domain === 'gateway' ? domain : layout.process(domain)}: ${name}`;
}
