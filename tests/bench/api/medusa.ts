/**
 * Medusa, as its own starter configures it, on a PostgreSQL of its own, with fifty products of its own kind: seeding a thousand takes
 * it longer than the whole comparison.
 */
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres } from '../../servers/postgres.ts';
import type { Program } from '../../servers/process.ts';
import { ownFolder } from '../../support/owned.ts';
import { freePort } from '../../support/port.ts';
import { anyOf, POSTGRES, type Contestant } from './contestant.ts';
import type { Flow, Send, StepAnswer } from './load.ts';
import { installed, ran, serving } from './packages.ts';

const VERSION = '2.21.2';
const PRODUCTS = 50;

interface Keys {
  readonly key: string;
  readonly region: string;
}

export async function startMedusa(): Promise<Contestant> {
  const packages = await installed({
    name: `medusa-${VERSION}`,
    dependencies: {
      '@medusajs/medusa': VERSION,
      '@medusajs/framework': VERSION,
      '@medusajs/cli': VERSION,
      '@medusajs/admin-sdk': VERSION,
      '@swc/core': '^1.7.28',
      'ts-node': '^10.9.2',
      typescript: '^5.6.2',
    },
  });
  const project = ownFolder('medusa-bench');
  const postgres = await startPostgres({ settings: POSTGRES });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const cli = join(packages, 'node_modules/@medusajs/cli/cli.js');
  const running = {
    folder: project,
    env: { DATABASE_URL: postgres.adminUrl, MEDUSA_DISABLE_TELEMETRY: '1' },
  };
  let server: Program | undefined;
  const stop = async (): Promise<void> => {
    await server?.end();
    await postgres.stop();
    await rm(project, { recursive: true, force: true });
  };
  try {
    await layOut(project, packages);
    await ran(cli, { ...running, args: ['db:migrate', '--skip-scripts'] });
    await ran(cli, { ...running, args: ['exec', './src/scripts/seed.js'] });
    const args = ['start', '-H', '127.0.0.1', '-p', String(port)];
    server = await serving(cli, { ...running, args, url: `${origin}/health` });
    // Written by the seed above.
    const keys = JSON.parse(await readFile(join(project, 'keys.json'), 'utf8')) as Keys;
    return {
      name: `Medusa ${VERSION}`,
      origin,
      servers: { shop: server.pid(), postgres: postgres.pid() },
      browse: browse(keys),
      checkout: checkout(keys),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function layOut(project: string, packages: string): Promise<void> {
  const ours = join(import.meta.dirname, 'medusa');
  await mkdir(join(project, 'src/scripts'), { recursive: true });
  await copyFile(join(ours, 'medusa-config.js'), join(project, 'medusa-config.js'));
  await copyFile(join(ours, 'seed.js'), join(project, 'src/scripts/seed.js'));
  await copyFile(join(packages, 'package.json'), join(project, 'package.json'));
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { esModuleInterop: true, module: 'Node16' } }),
  );
  await symlink(join(packages, 'node_modules'), join(project, 'node_modules'));
}

interface Store {
  list(offset: number): string;
  product(index: number): string;
  get(send: Send, name: string, path: string, holds?: (text: string) => boolean): Promise<StepAnswer>;
  post(send: Send, name: string, path: string, body: unknown): Promise<StepAnswer>;
}

function store({ key, region }: Keys): Store {
  const headers = { 'x-publishable-api-key': key, 'content-type': 'application/json' };
  return {
    list: (offset) =>
      `/store/products?limit=20&region_id=${region}&fields=*variants.calculated_price&offset=${offset}`,
    product: (index) =>
      `/store/products?handle=shirt-${index}&limit=1&region_id=${region}&fields=*variants.calculated_price,%2Bvariants.inventory_quantity`,
    get: (send, name, path, holds) =>
      send(name, { path, headers, ...(holds === undefined ? {} : { holds }) }),
    post: (send, name, path, body) =>
      send(name, { method: 'POST', path, headers, body: JSON.stringify(body) }),
  };
}

const isPriced = (text: string): boolean => text.includes('calculated_amount');
const INDICES = Array.from({ length: PRODUCTS }, (_, index) => index);

function browse(keys: Keys): Flow {
  const { list, product, get } = store(keys);
  return async (send, _shopper, round) => {
    await get(send, 'list', list(10 * (round % 3)), isPriced);
    await get(send, 'product', product(anyOf(INDICES)), isPriced);
  };
}

function checkout(keys: Keys): Flow {
  const { list, product, get, post } = store(keys);
  return async (send, shopper, round) => {
    await get(send, 'list', list(0), isPriced);
    const detail = await get(send, 'product', product(anyOf(INDICES)), isPriced);
    const variant = anyOf((JSON.parse(detail.text) as Detail).products[0]?.variants ?? []);
    const cart = await post(send, 'cart', '/store/carts', { region_id: keys.region });
    const path = `/store/carts/${(JSON.parse(cart.text) as Cart).cart.id}`;
    await post(send, 'add', `${path}/line-items`, {
      variant_id: variant.id,
      quantity: 1 + Math.floor(Math.random() * 4),
    });
    await post(send, 'address', path, {
      email: `u${shopper}.${round}.${Date.now()}@example.com`,
      shipping_address: {
        first_name: 'Ada',
        last_name: 'Byron',
        address_1: '1 Test St',
        city: 'London',
        postal_code: 'N1 1AA',
        country_code: 'gb',
      },
    });
    const cartId = path.slice('/store/carts/'.length);
    const methods = await get(send, 'methods', `/store/shipping-options?cart_id=${cartId}`);
    const option = (JSON.parse(methods.text) as Methods).shipping_options[0]?.id;
    await post(send, 'ship', `${path}/shipping-methods`, { option_id: option });
    const payment = await post(send, 'payment', '/store/payment-collections', { cart_id: cartId });
    const collection = (JSON.parse(payment.text) as Collection).payment_collection.id;
    await post(send, 'session', `/store/payment-collections/${collection}/payment-sessions`, {
      provider_id: 'pp_system_default',
    });
    const done = await post(send, 'complete', `${path}/complete`, {});
    if (!done.text.includes('"type":"order"')) throw new Error(`complete: ${done.text.slice(0, 300)}`);
  };
}

/** Answers are Medusa's; a change of theirs shows as a flow that fails. */
interface Detail {
  readonly products: readonly { readonly variants: readonly { readonly id: string }[] }[];
}

interface Cart {
  readonly cart: { readonly id: string };
}

interface Methods {
  readonly shipping_options: readonly { readonly id: string }[];
}

interface Collection {
  readonly payment_collection: { readonly id: string };
}
