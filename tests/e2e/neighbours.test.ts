/**
 * No shop learns anything of another's through any route, query, method, message or event: two shops in one process, one of which is lived
 * in until there is something to be found behind nearly everything that can be asked. What is asked is drawn from the definitions.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { z } from 'zod';
import { openSocket, type TestSocket } from '../../runtime/domains/chat/testing/client.ts';
import { DOMAINS } from '../../runtime/domains/index.ts';
import { startReceiver, type Receiver } from '../../runtime/domains/webhooks/testing/receiver.ts';
import type { Actor } from '../fuzz/actors.ts';
import { rootFields } from '../fuzz/graphql.ts';
import { startNeighbours, type Neighbours } from '../fuzz/neighbours.ts';
import { randomFrom } from '../fuzz/random.ts';
import { secretsOf } from '../fuzz/secrets.ts';
import { markerOf, startFuzzedShop, type FuzzedShop } from '../fuzz/shop.ts';
import { placesIn, valuesOf, withValue } from '../fuzz/values.ts';
import { shopAt } from '../support/shop.ts';
import { until } from '../support/wait.ts';

const OWNER = 'alpha';
const NEIGHBOUR = 'beta';
const random = randomFrom(20_261_126);

let receiver: Receiver;
let shop: FuzzedShop;
let neighbours: Neighbours;
/** What the owner has, table by table, before the neighbour asks for anything. */
let had: ReadonlyMap<string, string>;

before(async () => {
  receiver = await startReceiver();
  shop = await startFuzzedShop();
  for (const tenant of [OWNER, NEIGHBOUR]) await subscribe(tenant);
  neighbours = await startNeighbours({ shop, owner: OWNER, neighbour: NEIGHBOUR, seed: 7 });
  assert.deepEqual(await shop.settled(), []);
  had = await rowsOf(OWNER);
});
after(async () => {
  neighbours?.close();
  await shop.stop();
  await receiver.stop();
});

test('there is something to be found behind most operations, and of every domain', (context) => {
  const { operations, lived } = neighbours;
  const lasting = operations.filter(({ method }) => method !== 'DELETE');
  const never = lasting.filter(({ id }) => !lived.good.has(id)).map(({ id }) => id);
  context.diagnostic(`${lived.good.size} of ${lasting.length} were answered 2xx; not: ${never.join(' ')}`);
  assert.ok(never.length < lasting.length / 3, never.join('\n'));
  for (const { name } of DOMAINS)
    assert.ok(
      lasting.some(({ id }) => id.startsWith(`${name}.`) && lived.good.has(id)),
      `${name} was asked in vain`,
    );
});

test('of what happens in a shop its own servers are told, and nobody else’s', async () => {
  await until(() => (typesHeard(OWNER).size > 8 && typesHeard(NEIGHBOUR).size > 2 ? true : undefined), {
    withinMs: 60_000,
    what: 'both servers have heard of their shops',
    tell: () => Promise.resolve([...typesHeard(OWNER), '–', ...typesHeard(NEIGHBOUR)].join(' ')),
  });
  // Nobody has asked for anything of the owner's yet: whatever of it is told has come by itself.
  for (const { body } of receiver.heardAt(`/${NEIGHBOUR}`))
    assert.deepEqual(neighbours.strayIn(body, ''), []);
});

for (const reads of [true, false])
  test(`what the neighbour ${reads ? 'reads' : 'changes'} by any route is its own; the owner’s ids are to it what nobody’s are`, async () => {
    const faults: string[] = [];
    for (const operation of neighbours.operations)
      if ((operation.method === 'GET') === reads)
        faults.push(...(await neighbours.askAsNeighbour(operation)));
    assert.deepEqual(faults, []);
    assert.deepEqual(shop.complaints(), []);
  });

test('by no field of GraphQL', async (context) => {
  let answered = 0;
  const faults: string[] = [];
  const fields = rootFields();
  for (const { kind, name, text } of fields) {
    let query = text(shop.memoryOf(OWNER), random);
    // One that is answered at the owner's, if there is one: what changes something is not tried there.
    for (let tries = 0; kind === 'query' && tries < 8; tries += 1) {
      const told = await askGraph(actorAt(OWNER, 'merchant'), query);
      if (!told.includes('"errors"') && !told.includes(`"${name}":null`)) {
        answered += 1;
        break;
      }
      query = text(shop.memoryOf(OWNER), random);
    }
    query = neighbours.spoken(query, false);
    for (const actor of visitors()) {
      const told = await askGraph(actor, query);
      faults.push(...neighbours.strayIn(told, query).map((word) => `${actor.name}: ${name} told ${word}`));
    }
  }
  const queries = fields.filter(({ kind }) => kind === 'query').length;
  context.diagnostic(`${answered} of ${queries} queries have an answer at the owner’s`);
  assert.ok(answered > queries / 3, `${answered} of ${queries}`);
  assert.deepEqual(faults, []);
  assert.deepEqual(shop.complaints(), []);
});

test('by no method of gRPC', async (context) => {
  let answered = 0;
  const faults: string[] = [];
  const methods = methodsOfFile();
  for (const [operationId, method] of methods) {
    const good = neighbours.lived.good.get(operationId);
    const asked = messageOf(method, { ...good?.path, ...good?.query, input: good?.json });
    const own = good?.actor ?? actorAt(OWNER, 'merchant');
    if (method.path.includes('/Get') || method.path.includes('/List'))
      answered += (await askGrpc(own, method, asked)).startsWith('{') ? 1 : 0;
    const said = JSON.parse(neighbours.spoken(JSON.stringify(asked), false)) as object; // as it was
    for (const actor of visitors()) {
      const told = await askGrpc(actor, method, said);
      faults.push(
        ...neighbours
          .strayIn(told, JSON.stringify(said))
          .map((word) => `${actor.name}: ${operationId} told ${word}`),
      );
    }
  }
  context.diagnostic(`${methods.size} methods, ${answered} answered at the owner’s`);
  assert.ok(answered > 40, String(answered));
  assert.deepEqual(faults, []);
  assert.deepEqual(shop.complaints(), []);
});

test('nothing of the owner’s has changed by anything that was asked next door', async () => {
  assert.deepEqual(await shop.settled(), []);
  const has = await rowsOf(OWNER);
  const changed = [...had].filter(([table, digest]) => has.get(table) !== digest).map(([table]) => table);
  assert.deepEqual(changed, []);
});

test('by no message of a socket, asked for or not', async () => {
  const { me, guest } = await newGuest(OWNER);
  const room = await shopOf(OWNER)('POST', '/api/chat/rooms', {
    json: { kind: 'support' },
    headers: { authorization: `Bearer ${guest}` },
  });
  const { id } = room.json<{ id: string }>();
  const inside = await openSocket(shop.port, `${OWNER}.localhost`);
  inside.say({ t: 'hello', guest });
  await inside.hear('welcome');
  inside.say({ t: 'join', room: id });
  await inside.hear('joined');
  const outside = [
    await socketOf({ guest: (await newGuest(NEIGHBOUR)).guest }),
    await socketOf({ as: 'merchant', token: secretsOf(NEIGHBOUR).adminKey }),
  ];
  for (const { sockets = [] } of DOMAINS)
    for (const { hears } of sockets)
      for (const [t, schema] of Object.entries(hears)) {
        if (t === 'hello') continue;
        const drawn = random.draw(valuesOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })));
        const theirs = withRoom(drawn, id);
        for (const socket of outside) {
          socket.say({ ...(theirs as object), t }); // an object, as its schema says
          await turnOf(socket);
        }
      }
  const cid = randomUUID();
  inside.say({ t: 'send', room: id, cid, text: `A ${markerOf(OWNER)}`, attachments: [] });
  await inside.hear('message', (told) => told['cid'] === cid);
  for (const socket of outside) {
    await turnOf(socket);
    assert.deepEqual(
      socket.told.filter(({ t }) => t !== 'welcome' && t !== 'refused'),
      [],
    );
    assert.deepEqual(neighbours.strayIn(JSON.stringify(socket.told), id), []);
  }
  for (const socket of [inside, ...outside]) socket.close();
  // Whoever is known at the owner's is nobody at the neighbour's.
  for (const hello of [{ guest }, { as: 'merchant', token: secretsOf(OWNER).adminKey }]) {
    const socket = await openSocket(shop.port, `${NEIGHBOUR}.localhost`);
    socket.say({ t: 'hello', ...hello });
    const told = await socket.hear(['welcome', 'refused']);
    if ('token' in hello) assert.equal(told.t, 'refused');
    assert.notEqual(told['me'], me);
    socket.close();
  }
});

// ── who asks ─────────────────────────────────────────────────────────────────────────────────────

function actorAt(tenant: string, kind: Actor['kind']): Actor {
  return (
    shop.actors().find((actor) => actor.tenant === tenant && actor.kind === kind) ?? assert.fail(`no ${kind}`)
  );
}

/** At the neighbour's: who may do everything there, somebody who buys there, and who may do everything at the owner's. */
function visitors(): Actor[] {
  return [actorAt(NEIGHBOUR, 'merchant'), actorAt(NEIGHBOUR, 'customer'), actorAt(NEIGHBOUR, 'stranger')];
}

const shopOf = (tenant: string) => shopAt(shop.port, `${tenant}.localhost`);

async function askGraph({ host, authorization }: Actor, query: string): Promise<string> {
  const answer = await shopAt(shop.port, host)('POST', '/api/graphql', {
    json: { query },
    headers: {
      'idempotency-key': randomUUID(),
      ...(authorization === undefined ? {} : { authorization }),
    },
  });
  assert.ok(answer.status < 500, `${query}: ${answer.text}`);
  return answer.text;
}

// ── gRPC ─────────────────────────────────────────────────────────────────────────────────────────

type Method = MethodDefinition<object, object>;

/** By the operation that is behind each. */
function methodsOfFile(): Map<string, Method> {
  const file = loadSync(new URL('../../docs/api/shopmind.proto', import.meta.url).pathname, {
    longs: Number,
    enums: String,
  });
  const ids = new Map(neighbours.operations.map(({ id }) => [id.toLowerCase(), id]));
  return new Map(
    Object.entries(file).flatMap(([service, methods]) => {
      const domain = /^shopmind\.v1\.(\w+)Service$/.exec(service)?.[1];
      if (domain === undefined) return [];
      return Object.entries(methods).map(([name, method]): [string, Method] => [
        ids.get(`${domain}.${name}`.toLowerCase()) ??
          assert.fail(`${service} has ${name}, which no route is`),
        method as Method, // what a service holds
      ]);
    }),
  );
}

/** As much of the request as can be said in this message. */
function messageOf({ requestSerialize }: Method, request: Readonly<Record<string, unknown>>): object {
  const said = Object.fromEntries(
    Object.entries(request).filter(([name, value]) => {
      try {
        requestSerialize({ [name]: value });
        return value !== undefined;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return false;
      }
    }),
  );
  return said;
}

/** The answer as JSON, or the refusal with all that it says. */
function askGrpc({ host, authorization }: Actor, method: Method, message: object): Promise<string> {
  const client = new Client(`127.0.0.1:${shop.grpcPort}`, credentials.createInsecure(), {
    'grpc.default_authority': host,
  });
  const metadata = new Metadata();
  metadata.set('idempotency-key', randomUUID());
  if (authorization !== undefined) metadata.set('authorization', authorization);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      message,
      metadata,
      (error, answer) => {
        client.close();
        resolve(
          error === null
            ? JSON.stringify(answer)
            : `${error.code} ${error.details} ${JSON.stringify(error.metadata.toJSON())}`,
        );
      },
    );
  });
}

// ── sockets and events ───────────────────────────────────────────────────────────────────────────

async function newGuest(tenant: string): Promise<{ me: string; guest: string }> {
  return (await shopOf(tenant)('POST', '/api/chat/guests')).json();
}

async function socketOf(hello: object): Promise<TestSocket> {
  const socket = await openSocket(shop.port, `${NEIGHBOUR}.localhost`);
  socket.say({ t: 'hello', ...hello });
  await socket.hear('welcome');
  return socket;
}

/** Everything that it will be told is there once it is refused what it said last. */
async function turnOf(socket: TestSocket): Promise<void> {
  const [room, cid] = [`room_${randomUUID().replaceAll('-', '')}`, randomUUID()];
  socket.say({ t: 'send', room, cid, text: 'Is anybody there?', attachments: [] });
  await until(() => (socket.told.some((told) => told['cid'] === cid) ? true : undefined), {
    withinMs: 30_000,
    everyMs: 5,
    what: 'the socket has had its turn',
    tell: () => Promise.resolve(JSON.stringify(socket.told)),
  });
}

function withRoom(message: unknown, room: string): unknown {
  return placesIn(message).reduce(
    (changed, place) => (place.at(-1) === 'room' ? withValue(changed, place, room) : changed),
    message,
  );
}

async function subscribe(tenant: string): Promise<void> {
  const made = await shopOf(tenant)('POST', '/api/admin/webhooks/subscriptions', {
    json: { url: receiver.at(`/${tenant}`, () => 204), events: ['*'] },
    headers: { authorization: `Bearer ${secretsOf(tenant).adminKey}`, 'idempotency-key': randomUUID() },
  });
  assert.equal(made.status, 201, made.text);
}

function typesHeard(tenant: string): Set<string> {
  return new Set(
    receiver.heardAt(`/${tenant}`).map(({ body }) => (JSON.parse(body) as { type: string }).type), // as every delivery
  );
}

// ── rows ─────────────────────────────────────────────────────────────────────────────────────────

/** What goes on by itself, and what the owner's own people do to it. */
const GOES_ON: ReadonlySet<string> = new Set([
  // Servers of merchants that cannot be reached are tried again.
  'webhooks_subscriptions',
  'webhooks_deliveries',
  // One ends when its owner comes with a token that was exchanged before, as whoever is asked before the neighbour may.
  'customer_sessions',
]);

/** Of every table of the domains a digest of what the tenant has there. */
async function rowsOf(tenant: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const { name, spread } of DOMAINS.flatMap(({ tables }) => tables)) {
    if (spread !== 'tenant' || GOES_ON.has(name)) continue;
    const { rows } = await shop.database.admin.query<{ digest: string }>(
      `SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM shop.${name} t WHERE tenant_id = $1`,
      [tenant],
    );
    digests.set(name, rows[0]?.digest ?? '');
  }
  return digests;
}
