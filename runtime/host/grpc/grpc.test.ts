/** A whole runtime asked by grpc-js, the library that most of Node's clients are made of. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, constants, type ClientHttp2Session } from 'node:http2';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  status,
  type CallOptions,
  type ChannelOptions,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  loadFileDescriptorSetFromBuffer,
  loadSync,
  type MethodDefinition,
  type PackageDefinition,
} from '@grpc/proto-loader';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { ownFolder } from '../../../tests/support/owned.ts';
import { accounts } from '../../domains/accounts/definition.ts';
import { newCustomer } from '../../domains/accounts/testing/customers.ts';
import { catalog } from '../../domains/catalog/definition.ts';
import { orders } from '../../domains/orders/definition.ts';
import { payments } from '../../domains/payments/definition.ts';
import { ADMIN_KEY, ADMIN_SECRETS, startTestHost, type TestHost } from '../testing.ts';
import { textOf } from './descriptor.ts';
import { BadRequest, ErrorInfo, HEALTH, REFLECTIONS, Status } from './known.ts';
import { message } from './proto.ts';
import { decode, encode, type Json } from './wire.ts';

type Made = Readonly<Record<string, unknown>>;
type Call = MethodDefinition<object, object>;

const OPTIONS = { longs: Number, enums: String, defaults: true, oneofs: true };
const folder = ownFolder('grpc');
const shopProto = loadSync(new URL('../../../docs/api/shopmind.proto', import.meta.url).pathname, OPTIONS);

let database: TestDatabase;
let shop: TestHost;
const clients: Client[] = [];

before(async () => {
  database = await startTestDatabase([accounts, catalog, orders, payments]);
  const domains = ['accounts', 'catalog', 'orders', 'payments'];
  await database.addTenant({ id: 'one', domains, currencies: ['EUR'] }, ADMIN_SECRETS);
  await database.addTenant({ id: 'two', domains: ['catalog'], currencies: ['EUR'] }, ADMIN_SECRETS);
  shop = await startTestHost({ databaseUrl: database.url, secretsKey: database.secretsKey, domains });
});
after(async () => {
  for (const client of clients) client.close();
  await shop.stop();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

function clientOf(tenant: string, options: ChannelOptions = {}): Client {
  const client = new Client(`127.0.0.1:${shop.grpcPort}`, credentials.createInsecure(), {
    'grpc.default_authority': `${tenant}.localhost`,
    // Each client has a connection of its own.
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  });
  clients.push(client);
  return client;
}

function methodIn(definitions: PackageDefinition, service: string, method: string): Call {
  const found = (definitions[service] as Readonly<Record<string, Call>>)[method]; // a service, as its name says
  assert.ok(found, `${service} has no ${method}`);
  return found;
}

interface Asking {
  readonly tenant?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly options?: CallOptions;
  readonly channel?: ChannelOptions;
  readonly definitions?: PackageDefinition;
}

function ask(
  service: string,
  name: string,
  request: object,
  { tenant = 'one', metadata = {}, options = {}, channel = {}, definitions = shopProto }: Asking = {},
): Promise<Made> {
  const method = methodIn(definitions, service, name);
  return new Promise((resolve, reject) => {
    clientOf(tenant, channel).makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadataOf(metadata),
      options,
      (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer as Made); // any message
      },
    );
  });
}

function metadataOf(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}

async function refusal(asked: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await asked.then(
    () => assert.fail('it was answered'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error && 'code' in error && 'metadata' in error, String(error));
  return error as ServiceError; // see above
}

const CATALOG = 'shopmind.v1.CatalogService';
const asMerchant = { authorization: `Bearer ${ADMIN_KEY}` };

function addProduct(tenant: string, title: string, metadata: Readonly<Record<string, string>> = {}) {
  const input = {
    title,
    variants: [
      {
        prices: [{ amount: 3_000_000_000, currency: 'EUR' }],
        inventoryPolicy: 'VARIANT_INPUT_INVENTORY_POLICY_CONTINUE',
      },
    ],
  };
  const headers = { ...asMerchant, 'idempotency-key': randomUUID(), ...metadata };
  return ask(CATALOG, 'AdminCreateProduct', { input }, { tenant, metadata: headers });
}

test('a merchant creates over gRPC what shoppers see over gRPC and over REST alike', async () => {
  const made = await addProduct('one', 'Kettle');
  await shop.host.events.settled();
  const page = await ask(CATALOG, 'ListProducts', { limit: 10, sort: 'PRODUCTS_SORT_TITLE_ASC' });
  const [card] = page['products'] as readonly Made[]; // as the .proto has it
  assert.equal(card?.['id'], made['id']);
  assert.deepEqual(card?.['priceRange'], {
    min: { amount: 3_000_000_000, currency: 'EUR' },
    max: { amount: 3_000_000_000, currency: 'EUR' },
  });
  const rest = await shop.call('one', 'GET', '/api/catalog/products');
  assert.deepEqual(
    rest.json<{ products: { id: string }[] }>().products.map(({ id }) => id),
    [made['id']],
  );
});

test('the same key again changes nothing, over whichever protocol', async () => {
  const key = randomUUID();
  const input = { title: 'Tea' };
  const metadata = { ...asMerchant, 'idempotency-key': key };
  const first = await ask(CATALOG, 'AdminCreateCollection', { input }, { metadata });
  const again = await ask(CATALOG, 'AdminCreateCollection', { input }, { metadata });
  assert.deepEqual(again, first);
  const other = await refusal(
    ask(CATALOG, 'AdminCreateCollection', { input: { title: 'Coffee' } }, { metadata }),
  );
  assert.equal(other.code, status.FAILED_PRECONDITION);
});

test('a tenant sees its own only, and a key of one opens nothing of another', async () => {
  const secret = await addProduct('two', 'Secret of two');
  const own = await ask(
    CATALOG,
    'AdminGetProduct',
    { id: secret['id'] },
    { tenant: 'two', metadata: asMerchant },
  );
  assert.equal(own['title'], 'Secret of two');
  const foreign = await refusal(
    ask(CATALOG, 'AdminGetProduct', { id: secret['id'] }, { metadata: asMerchant }),
  );
  assert.equal(foreign.code, status.NOT_FOUND);
  await newCustomer(shop, 'one', 'ada@example.com', { password: 'correct horse' });
  const session = await ask('shopmind.v1.AccountsService', 'Login', {
    input: { email: 'ada@example.com', password: 'correct horse' },
  });
  const crossing = await refusal(
    ask(
      CATALOG,
      'AdminListProducts',
      {},
      { tenant: 'two', metadata: { authorization: `Bearer ${session['token']}` } },
    ),
  );
  assert.equal(crossing.code, status.PERMISSION_DENIED);
  const me = await ask(
    'shopmind.v1.AccountsService',
    'GetMe',
    {},
    { metadata: { authorization: `Bearer ${session['token']}` } },
  );
  assert.equal(me['email'], 'ada@example.com');
  assert.equal((await refusal(ask(CATALOG, 'ListProducts', {}, { tenant: 'three' }))).code, status.NOT_FOUND);
  const absent = await refusal(ask('shopmind.v1.OrdersService', 'CreateCart', {}, { tenant: 'two' }));
  assert.equal(absent.code, status.NOT_FOUND);
});

test('a refusal has a code, a message, and details that clients read', async () => {
  const anonymous = await refusal(ask(CATALOG, 'AdminListProducts', {}));
  assert.equal(anonymous.code, status.UNAUTHENTICATED);
  assert.match(anonymous.details, /This route is for the merchant/);
  const wrong = await refusal(ask(CATALOG, 'ListProducts', { limit: 1_000 }));
  assert.equal(wrong.code, status.INVALID_ARGUMENT);
  const [bytes] = wrong.metadata.get('grpc-status-details-bin');
  assert.ok(Buffer.isBuffer(bytes));
  const details = decode(Status, bytes)['details'] as readonly { typeUrl: string; value: Buffer }[]; // as Status has it
  const detail = (of: typeof BadRequest): Json | undefined => {
    const found = details.find(({ typeUrl }) => typeUrl.endsWith(`/${of.fullName}`));
    return found && decode(of, found.value);
  };
  assert.deepEqual(detail(BadRequest), {
    fieldViolations: [{ field: 'query/limit', description: 'Too big: expected number to be <=100' }],
  });
  assert.equal(detail(ErrorInfo)?.['reason'], 'INVALID_INPUT');
});

test('what is too large, compressed or unknown is refused, and the connection lives', async () => {
  const client = clientOf('one');
  const large = await refusal(
    ask('shopmind.v1.OrdersService', 'CreateCart', {
      input: { lines: [{ variantId: 'x'.repeat(300_000), quantity: 1 }] },
    }),
  );
  assert.equal(large.code, status.RESOURCE_EXHAUSTED);
  const compressed = await refusal(
    ask(
      CATALOG,
      'ListProducts',
      { q: 'x'.repeat(500) },
      { channel: { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip } },
    ),
  );
  assert.equal(compressed.code, status.UNIMPLEMENTED);
  const nothing = await new Promise<ServiceError>((resolve) => {
    client.makeUnaryRequest(
      '/shopmind.v1.CatalogService/Nothing',
      asBuffer,
      asBuffer,
      Buffer.alloc(0),
      (error) => resolve(error ?? assert.fail('it was answered')),
    );
  });
  assert.equal(nothing.code, status.UNIMPLEMENTED);
  const malformed = await new Promise<ServiceError>((resolve) => {
    client.makeUnaryRequest(
      `/${CATALOG}/ListProducts`,
      asBuffer,
      asBuffer,
      Buffer.from('ff', 'hex'),
      (error) => resolve(error ?? assert.fail('it was answered')),
    );
  });
  assert.equal(malformed.code, status.INVALID_ARGUMENT);
});

function asBuffer(bytes: Buffer): Buffer {
  return bytes;
}

test('a deadline that has passed ends the call at the server, whatever it waits for', async () => {
  const session = connect(`http://127.0.0.1:${shop.grpcPort}`);
  try {
    // The message never comes.
    const answer = await raw(session, { 'grpc-timeout': '50m' });
    assert.equal(answer['grpc-status'], String(status.DEADLINE_EXCEEDED));
    const page = await raw(session, { 'content-type': 'text/html' });
    assert.equal(page[':status'], 415);
  } finally {
    session.close();
  }
});

/** Headers of the answer to a call of which only the headers are sent. */
function raw(session: ClientHttp2Session, headers: Readonly<Record<string, string>>) {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${CATALOG}/ListProducts`,
    ':authority': 'one.localhost',
    'content-type': 'application/grpc',
    ...headers,
  });
  return new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('response', (answer) => {
      resolve(answer);
      stream.close(constants.NGHTTP2_CANCEL);
    });
  });
}

function written(file: Parameters<typeof textOf>[0]): PackageDefinition {
  const path = join(folder, file.path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, textOf(file, 'For a test.'));
  return loadSync(path, OPTIONS);
}

test('health tells of the process and its services, and whoever watches hears of a change', async () => {
  const definitions = written(HEALTH);
  const check = (service: string) => ask('grpc.health.v1.Health', 'Check', { service }, { definitions });
  assert.deepEqual(await check(''), { status: 'SERVING' });
  assert.deepEqual(await check(CATALOG), { status: 'SERVING' });
  assert.equal((await refusal(check('shopmind.v1.NothingService'))).code, status.NOT_FOUND);

  const other = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['catalog'],
  });
  const client = new Client(`127.0.0.1:${other.grpcPort}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = methodIn(
    definitions,
    'grpc.health.v1.Health',
    'Watch',
  );
  const watching = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
    service: '',
  });
  const heard: unknown[] = [];
  for await (const answer of watching) {
    heard.push(answer);
    // It ends the stream by itself.
    if (heard.length === 1) void other.stop();
  }
  assert.deepEqual(heard, [{ status: 'SERVING' }, { status: 'NOT_SERVING' }]);
  client.close();
  await other.stop();
});

test('a merchant’s tool learns by reflection what there is, and asks by what it has learnt', async () => {
  for (const file of REFLECTIONS) {
    const service = `${file.package}.ServerReflection`;
    const method = methodIn(written(file), service, 'ServerReflectionInfo');
    const reflect = async (
      requests: readonly object[],
      metadata: Readonly<Record<string, string>>,
    ): Promise<Made[]> => {
      const stream = clientOf('one').makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        metadataOf(metadata),
      );
      for (const request of requests) stream.write(request);
      stream.end();
      return (await stream.toArray()) as Made[]; // any message
    };
    assert.equal((await refusal(reflect([{ listServices: '' }], {}))).code, status.PERMISSION_DENIED);
    const [list, missing, ...files] = await reflect(
      [
        { listServices: '' },
        { fileContainingSymbol: 'shopmind.v1.Nothing' },
        { fileContainingSymbol: `${CATALOG}.GetProduct` },
        { fileByFilename: 'google/protobuf/struct.proto' },
        { fileByFilename: 'google/protobuf/empty.proto' },
      ],
      asMerchant,
    );
    assert.ok(list && missing);
    const services = (list['listServicesResponse'] as { service: { name: string }[] }).service; // as the .proto has it
    assert.ok(services.some(({ name }) => name === CATALOG));
    assert.ok(services.some(({ name }) => name === 'grpc.health.v1.Health'));
    assert.equal((missing['errorResponse'] as Made)['errorCode'], status.NOT_FOUND); // as above
    const descriptors = files.flatMap(
      (one) => (one['fileDescriptorResponse'] as { fileDescriptorProto: Buffer[] }).fileDescriptorProto, // as above
    );
    const set = message('google.protobuf.FileDescriptorSet', [1, 'file', 'bytes', 'repeated']);
    const definitions = loadFileDescriptorSetFromBuffer(encode(set, { file: descriptors }), OPTIONS);
    const product = await ask(CATALOG, 'GetProduct', { handle: 'kettle' }, { definitions });
    assert.equal(product['title'], 'Kettle');
  }
});

test('a process that hosts no domain answers the same by asking the one that does', async () => {
  const url = `http://127.0.0.1:${shop.port}`;
  const front = await startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: [],
      peers: new Map(['accounts', 'catalog', 'orders', 'payments'].map((domain) => [domain, url])),
    },
    { services: {} },
  );
  const client = new Client(`127.0.0.1:${front.grpcPort}`, credentials.createInsecure(), {
    'grpc.default_authority': 'one.localhost',
  });
  try {
    const { path, requestSerialize, responseDeserialize } = methodIn(shopProto, CATALOG, 'GetProduct');
    const product = await new Promise<unknown>((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { handle: 'kettle' },
        (error, answer) => (error === null ? resolve(answer) : reject(error)),
      );
    });
    assert.equal((product as Made)['title'], 'Kettle'); // any message
  } finally {
    client.close();
    await front.stop();
  }
});
