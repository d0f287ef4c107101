/**
 * Vendure, as its own starter configures it: server and worker, on a PostgreSQL of its own, with our catalogue. Its shop API is GraphQL;
 * the queries ask for what a list and a product page show.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../../servers/postgres.ts';
import type { Program } from '../../servers/process.ts';
import { ownFolder } from '../../support/owned.ts';
import { freePort } from '../../support/port.ts';
import { until } from '../../support/wait.ts';
import { handles, vendureFile } from './catalogue.ts';
import { anyOf, POSTGRES, type Contestant } from './contestant.ts';
import type { Flow, Send, StepAnswer } from './load.ts';
import { installed, ran, serving } from './packages.ts';

const VERSION = '3.7.3';

export async function startVendure(products: number): Promise<Contestant> {
  const packages = await installed({
    name: `vendure-${VERSION}`,
    dependencies: { '@vendure/core': VERSION, '@vendure/asset-server-plugin': VERSION, pg: '^8.23.1' },
    alsoUnpack: `@vendure/create@${VERSION}`,
  });
  const folder = ownFolder('vendure-bench');
  const postgres = await startPostgres({ settings: POSTGRES });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const env = {
    NODE_PATH: join(packages, 'node_modules'),
    DATABASE_URL: postgres.adminUrl,
    PORT: String(port),
    ASSETS: join(folder, 'assets'),
  };
  const programs: Program[] = [];
  const scriptOf = (name: string): string => join(import.meta.dirname, 'vendure', name);
  const serve = async (name: string, url?: string): Promise<Program> => {
    const own = join(folder, name);
    await mkdir(own);
    const program = await serving(scriptOf(name), {
      folder: own,
      env,
      ...(url === undefined ? {} : { url }),
    });
    programs.push(program);
    return program;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(programs.map(({ end }) => end()));
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const samples = join(packages, 'package/assets');
    const file = join(folder, 'products.csv');
    await writeFile(file, vendureFile(products, await readdir(join(samples, 'images'))));
    await ran(scriptOf('populate.cjs'), { args: [samples, file], folder, env: { ...env, SYNCHRONIZE: '1' } });
    const worker = await serve('worker.cjs');
    const server = await serve('server.cjs', `${origin}/health`);
    await indexed(origin, postgres.adminUrl);
    return {
      name: `Vendure ${VERSION}`,
      origin,
      servers: { shop: server.pid(), worker: worker.pid(), postgres: postgres.pid() },
      browse: browse(products),
      checkout: checkout(products),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One index of everything, instead of the jobs that the import has left for each product. */
async function indexed(origin: string, databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`delete from job_record where state = 'PENDING'`);
    const admin = async (query: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${origin}/admin-api`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query }),
      });
    const login = await admin(
      'mutation{login(username:"superadmin",password:"of-the-benchmark"){__typename}}',
    );
    const authorization = `Bearer ${login.headers.get('vendure-auth-token')}`;
    const asked = await (await admin('mutation{reindex{id state}}', { authorization })).text();
    if (!asked.includes('"state"')) throw new Error(`Vendure does not index: ${asked}`);
    await until(
      async () => {
        const { rows } = await client.query<{ open: number }>(
          `select count(*)::int as open from job_record where state in ('PENDING', 'RUNNING')`,
        );
        return rows[0]?.open === 0 ? true : undefined;
      },
      { withinMs: 900_000, everyMs: 500, what: 'Vendure has indexed its products' },
    );
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

const HEADERS = { 'content-type': 'application/json' };
const ASSET = 'id name fileSize mimeType type preview source';
const ORDER =
  'id code state active lines{id featuredAsset{id preview name} unitPrice unitPriceWithTax quantity linePrice productVariant{id name}} subTotal subTotalWithTax total totalWithTax shipping shippingLines{shippingMethod{id code description}}';

function list(term?: string): string {
  return JSON.stringify({
    query: `query($i:SearchInput!){search(input:$i){items{productId productVariantId slug productName productVariantName productAsset{id preview} productVariantAsset{id preview} price{...on PriceRange{min max}...on SinglePrice{value}} score} totalItems facetValues{count facetValue{id name facet{id name}}}}}`,
    variables: { i: { take: 20, groupByProduct: true, ...(term === undefined ? {} : { term }) } },
  });
}

function product(slug: string): string {
  return JSON.stringify({
    query: `query($slug:String!){product(slug:$slug){id languageCode name slug description featuredAsset{${ASSET}} assets{${ASSET}} optionGroups{id languageCode code name} variants{id languageCode name price currencyCode priceWithTax taxRateApplied{id name value} sku options{id code languageCode name} featuredAsset{${ASSET}} assets{${ASSET}}} facetValues{id code name facet{id name}}}}`,
    variables: { slug },
  });
}

const LISTS = [list(), list('laptop')] as const;

function post(send: Send, name: string, body: string, authorization?: string): Promise<StepAnswer> {
  return send(name, {
    method: 'POST',
    path: '/shop-api',
    headers: authorization === undefined ? HEADERS : { ...HEADERS, authorization },
    body,
    holds: (text) => !text.includes('"errors"') && !text.includes('"errorCode"'),
  });
}

function browse(products: number): Flow {
  const pages = handles(products).map(product);
  return async (send, _shopper, round) => {
    await post(send, 'list', LISTS[round % 2] ?? LISTS[0]);
    await post(send, 'product', anyOf(pages));
  };
}

function checkout(products: number): Flow {
  const pages = handles(products).map(product);
  return async (send, shopper, round) => {
    await post(send, 'list', LISTS[0]);
    const detail = await post(send, 'product', anyOf(pages));
    const variant = anyOf((JSON.parse(detail.text) as Detail).data.product.variants).id;
    const added = await post(
      send,
      'add',
      mutation(
        'addItemToOrder(productVariantId:$id,quantity:$n)',
        '$id:ID!,$n:Int!',
        { id: variant, n: 1 + Math.floor(Math.random() * 4) },
        'id code',
      ),
    );
    const session = `Bearer ${String(added.headers['vendure-auth-token'])}`;
    const customer = {
      firstName: 'Ada',
      lastName: 'Byron',
      emailAddress: `u${shopper}.${round}.${Date.now()}@example.com`,
    };
    await post(
      send,
      'customer',
      mutation(
        'setCustomerForOrder(input:$c)',
        '$c:CreateCustomerInput!',
        { c: customer },
        'id customer{id emailAddress}',
      ),
      session,
    );
    const address = {
      fullName: 'Ada Byron',
      streetLine1: '1 Test St',
      city: 'London',
      postalCode: 'N1 1AA',
      countryCode: 'GB',
    };
    await post(
      send,
      'address',
      mutation('setOrderShippingAddress(input:$a)', '$a:CreateAddressInput!', { a: address }, ORDER),
      session,
    );
    const methods = await post(
      send,
      'methods',
      JSON.stringify({ query: '{eligibleShippingMethods{id name priceWithTax}}' }),
      session,
    );
    const method = (JSON.parse(methods.text) as Methods).data.eligibleShippingMethods[0]?.id;
    await post(
      send,
      'ship',
      mutation('setOrderShippingMethod(shippingMethodId:$id)', '$id:[ID!]!', { id: [method] }, 'code'),
      session,
    );
    await post(
      send,
      'checkout',
      mutation('transitionOrderToState(state:"ArrangingPayment")', '', {}, 'code state'),
      session,
    );
    const paid = await post(
      send,
      'pay',
      mutation('addPaymentToOrder(input:{method:"standard-payment",metadata:{}})', '', {}, 'code state'),
      session,
    );
    if (!paid.text.includes('PaymentAuthorized')) throw new Error(`pay: ${paid.text}`);
  };
}

/** Answers are Vendure's; a change of theirs shows as a flow that fails. */
interface Detail {
  readonly data: { readonly product: { readonly variants: readonly { readonly id: string }[] } };
}

interface Methods {
  readonly data: { readonly eligibleShippingMethods: readonly { readonly id: string }[] };
}

function mutation(call: string, parameters: string, variables: object, fields: string): string {
  const head = parameters === '' ? 'mutation' : `mutation(${parameters})`;
  return JSON.stringify({
    query: `${head}{${call}{__typename ...on Order{${fields}} ...on ErrorResult{errorCode message}}}`,
    variables,
  });
}
