/** The chat domain in a whole runtime: WebSockets and requests, tenancy, moderation. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_KEY, ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import { accounts } from '../accounts/definition.ts';
import { newCustomer as newCustomerOf } from '../accounts/testing/customers.ts';
import { MOST_IN_AN_HOUR, MOST_OF_A_GUEST } from './allowances.ts';
import { chat } from './definition.ts';
import { markRead } from './store.ts';
import { openSocket, type TestSocket } from './testing/client.ts';

let database: TestDatabase;
let shop: TestHost;
const opened: TestSocket[] = [];

before(async () => {
  database = await startTestDatabase([accounts, chat]);
  for (const id of ['acme', 'other', 'quiet'])
    await database.addTenant(
      { id, domains: id === 'quiet' ? ['accounts'] : ['accounts', 'chat'] },
      ADMIN_SECRETS,
    );
  shop = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['accounts', 'chat'],
  });
});
after(async () => {
  for (const socket of opened) socket.close();
  await shop.stop();
  await database.stop();
});

interface Person {
  readonly me: string;
  /** As a bearer token. */
  readonly token: string;
  readonly hello: object;
}

async function newGuest(tenant = 'acme'): Promise<Person> {
  const { me, guest } = (await shop.call(tenant, 'POST', '/api/chat/guests', { json: {} })).json<{
    me: string;
    guest: string;
  }>();
  return { me, token: guest, hello: { guest } };
}

async function newCustomer(tenant = 'acme'): Promise<Person> {
  const { customer, token } = await newCustomerOf(shop, tenant, `${randomUUID()}@example.com`);
  return { me: customer.id, token, hello: { token } };
}

const MERCHANT: Person = { me: 'merchant', token: ADMIN_KEY, hello: { as: 'merchant', token: ADMIN_KEY } };

const as = ({ token }: Person) => ({ headers: { authorization: `Bearer ${token}` } });

async function newRoom(person: Person, body: object = { kind: 'support' }, tenant = 'acme'): Promise<string> {
  const answer = await shop.call(tenant, 'POST', '/api/chat/rooms', { ...as(person), json: body });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<{ id: string }>().id;
}

async function connect({ hello }: Person, tenant = 'acme'): Promise<TestSocket> {
  const socket = await openSocket(shop.port, `${tenant}.localhost`);
  opened.push(socket);
  socket.say({ t: 'hello', ...hello });
  await socket.hear('welcome');
  return socket;
}

async function connectTo(person: Person, room: string, after?: number): Promise<TestSocket> {
  const socket = await connect(person);
  socket.say({ t: 'join', room, ...(after === undefined ? {} : { after }) });
  await socket.hear('joined');
  return socket;
}

const newCid = (): string => randomUUID();

test('shopper and merchant talk: each message is acknowledged, told to both in order, and there afterwards', async () => {
  const guest = await newGuest();
  const room = await newRoom(guest);
  assert.equal(await newRoom(guest), room, 'support is one room');
  const [theirs, ours] = [await connectTo(guest, room), await connectTo(MERCHANT, room)];
  const cid = newCid();
  theirs.say({ t: 'send', room, cid, text: ' Do you ship to Norway? ' });
  const ack = await theirs.hear('ack');
  assert.deepEqual([ack['cid'], ack['seq'], ack['room']], [cid, 1, room]);
  const seen = await ours.hear('message');
  assert.deepEqual(
    [seen['seq'], seen['from'], seen['cid'], seen['text']],
    [1, guest.me, cid, 'Do you ship to Norway?'],
  );
  ours.say({ t: 'send', room, cid: newCid(), text: 'Yes' });
  const answered = await theirs.hear('message', ({ seq }) => seq === 2);
  assert.equal(answered['from'], 'merchant');

  const history = await shop.call('acme', 'GET', `/api/chat/rooms/${room}/messages`, as(guest));
  assert.deepEqual(
    history
      .json<{ messages: { seq: number; text: string }[] }>()
      .messages.map(({ seq, text }) => [seq, text]),
    [
      [1, 'Do you ship to Norway?'],
      [2, 'Yes'],
    ],
  );
});

test('a message that is sent again, by socket or by request, is one message and answers the same', async () => {
  const guest = await newGuest();
  const room = await newRoom(guest);
  const socket = await connectTo(guest, room);
  const cid = newCid();
  for (let n = 0; n < 3; n++) socket.say({ t: 'send', room, cid, text: 'once' });
  const acks = [await socket.hear('ack'), await socket.hear('ack'), await socket.hear('ack')];
  const answer = await shop.call('acme', 'POST', `/api/chat/rooms/${room}/messages`, {
    ...as(guest),
    json: { cid, text: 'once' },
  });
  assert.deepEqual([...acks.map(({ seq }) => seq), answer.json()['seq']], [1, 1, 1, 1]);
  assert.equal(answer.json()['at'], acks[0]?.['at']);
  const another = await shop.call('acme', 'POST', `/api/chat/rooms/${room}/messages`, {
    ...as(guest),
    json: { cid: newCid(), text: 'twice' },
  });
  assert.equal(another.json()['seq'], 2, 'nothing lies in between');
  await socket.hear('message', ({ seq }) => seq === 2);
  assert.equal(socket.told.filter(({ t }) => t === 'message').length, 2);
});

test('who comes back with the last message they have is told what they missed, then what follows', async () => {
  const guest = await newGuest();
  const room = await newRoom(guest);
  const first = await connectTo(guest, room);
  for (let n = 1; n <= 3; n++) first.say({ t: 'send', room, cid: newCid(), text: `${n}` });
  await first.hear('message', ({ seq }) => seq === 3);
  first.close();
  const merchant = await connectTo(MERCHANT, room);
  for (let n = 4; n <= 6; n++) merchant.say({ t: 'send', room, cid: newCid(), text: `${n}` });
  await merchant.hear('message', ({ seq }) => seq === 6);

  const back = await connect(guest);
  back.say({ t: 'join', room, after: 3 });
  const joined = await back.hear('joined');
  assert.deepEqual([joined['from'], joined['seq']], [4, 6]);
  merchant.say({ t: 'send', room, cid: newCid(), text: '7' });
  await back.hear('message', ({ seq }) => seq === 7);
  assert.deepEqual(
    back.told.filter(({ t }) => t === 'message').map(({ seq }) => seq),
    [4, 5, 6, 7],
  );

  const lost = await connect(guest);
  lost.say({ t: 'join', room, after: 1_000 });
  assert.equal((await lost.hear('joined'))['from'], 1, 'a sequence nobody gave: start again');
});

test('presence, typing and marks of reading are told to the others and not to oneself', async () => {
  const guest = await newGuest();
  const room = await newRoom(guest);
  const theirs = await connectTo(guest, room);
  const ours = await connect(MERCHANT);
  ours.say({ t: 'join', room });
  assert.deepEqual((await ours.hear('joined'))['present'], [guest.me, 'merchant']);
  assert.deepEqual((await theirs.hear('presence'))['who'], 'merchant');
  ours.say({ t: 'typing', room });
  ours.say({ t: 'typing', room });
  assert.equal((await theirs.hear('typing'))['who'], 'merchant');
  theirs.say({ t: 'send', room, cid: newCid(), text: 'hello' });
  await ours.hear('message');
  ours.say({ t: 'read', room, seq: 99 });
  const read = await theirs.hear('read');
  assert.deepEqual([read['who'], read['seq']], ['merchant', 1], 'nobody has read what was not written');
  ours.close();
  const gone = await theirs.hear('presence');
  assert.deepEqual([gone['who'], gone['online']], ['merchant', false]);
  assert.equal(theirs.told.filter(({ t }) => t === 'typing').length, 1, 'typing is told every two seconds');
  assert.equal(ours.told.filter(({ t }) => t === 'typing' || t === 'presence').length, 0);

  const list = await shop.merchant('acme', 'GET', '/api/admin/chat/rooms');
  const mine = list.json<{ rooms: { id: string; unread: number }[] }>().rooms.find(({ id }) => id === room);
  assert.equal(mine?.unread, 0);
  const own = await shop.call('acme', 'GET', '/api/chat/rooms', as(guest));
  assert.equal(own.json<{ rooms: { unread: number }[] }>().rooms[0]?.unread, 1);
});

test('those who come at once are told of each other once, whoever was first', async () => {
  const room = await newRoom(await newCustomer(), {
    kind: 'group',
    key: 'crowd-of-six',
    title: 'Crowd',
    access: 'open',
  });
  const people = await Promise.all(Array.from({ length: 6 }, () => newCustomer()));
  const sockets = await Promise.all(people.map((person) => connectTo(person, room)));
  for (const [n, { me }] of people.entries()) {
    const others = people.filter((person) => person.me !== me).map((person) => person.me);
    const socket = sockets[n] ?? assert.fail();
    /** Of the join, and of what was said since. */
    const toldOf = (): unknown[] => [
      ...socket.told.flatMap(({ t, present }) => (t === 'joined' ? (present as string[]) : [])),
      ...socket.told.flatMap(({ t, who }) => (t === 'presence' ? [who] : [])),
    ];
    await until(() => (toldOf().length >= people.length ? true : undefined), {
      withinMs: 30_000,
      what: 'everybody is told of everybody',
    });
    assert.deepEqual(toldOf().toSorted(), [...others, me].toSorted());
  }
});

test('nobody reads or writes in a room that is not theirs, whichever way they try, and a shop’s rooms are its own', async () => {
  const [guest, stranger, elsewhere] = [await newGuest(), await newGuest(), await newGuest('other')];
  const room = await newRoom(guest);
  await shop.call('acme', 'POST', `/api/chat/rooms/${room}/messages`, {
    ...as(guest),
    json: { cid: newCid(), text: 'secret' },
  });
  const tries: [string, string, Person, string, object?][] = [];
  for (const [person, tenant] of [
    [stranger, 'acme'],
    [elsewhere, 'other'],
  ] as const)
    tries.push(
      ['GET', `/api/chat/rooms/${room}/messages`, person, tenant],
      ['POST', `/api/chat/rooms/${room}/messages`, person, tenant, { cid: newCid(), text: 'x' }],
      ['PUT', `/api/chat/rooms/${room}/read`, person, tenant, { seq: 1 }],
      ['POST', `/api/chat/rooms/${room}/messages/1/reports`, person, tenant, { reason: 'x' }],
    );
  for (const what of ['messages', 'members'])
    tries.push(['GET', `/api/admin/chat/rooms/${room}/${what}`, MERCHANT, 'other']);
  tries.push(['DELETE', `/api/admin/chat/rooms/${room}/messages/1`, MERCHANT, 'other']);
  for (const [method, path, person, tenant, json] of tries) {
    const answer = await shop.call(tenant, method, path, { ...as(person), ...(json ? { json } : {}) });
    assert.equal(answer.status, 404, `${method} ${path} ${answer.text}`);
  }
  for (const [person, tenant] of [
    [stranger, 'acme'],
    [elsewhere, 'other'],
    [MERCHANT, 'other'],
  ] as const) {
    const socket = await connect(person, tenant);
    socket.say({ t: 'join', room });
    assert.equal((await socket.hear('refused'))['code'], 'not_found');
    socket.say({ t: 'send', room, cid: newCid(), text: 'x' });
    assert.equal((await socket.hear('refused'))['code'], 'not_found');
  }
  // A token of one shop is nobody in another.
  const foreign = await openSocket(shop.port, 'other.localhost');
  opened.push(foreign);
  foreign.say({ t: 'hello', ...guest.hello });
  assert.equal((await foreign.hear('refused'))['code'], 'unauthenticated');
  foreign.say({ t: 'hello', token: guest.token });
  assert.equal((await foreign.hear('refused'))['code'], 'forbidden');
  foreign.say({ t: 'join', room });
  assert.equal((await foreign.hear('refused'))['code'], 'unauthenticated');
  // What a process hears for one shop reaches nobody in another, even of a room of the same name.
  const theirs = await connectTo(guest, room);
  await shop.host.platform.pubsub.publish('other', `chat.${room}`, `x messages 2\n{"t":"message","seq":2}`);
  await shop.host.platform.pubsub.publish('acme', `chat.${room}`, 'x typing ghost');
  await theirs.hear('typing');
  assert.equal(theirs.told.filter(({ t, seq }) => t === 'message' && seq === 2).length, 0);
});

test('a handshake is refused from another site’s page, in another protocol, for a shop that is not there or has no chat', async () => {
  const refused = (host: string, options: Parameters<typeof openSocket>[2]): Promise<unknown> =>
    openSocket(shop.port, host, options).then(
      () => 'opened',
      (error: { status?: number }) => error.status,
    );
  assert.equal(await refused('acme.localhost', { origin: 'https://evil.example' }), 403);
  assert.equal(await refused('acme.localhost', { protocol: 'soap' }), 400);
  assert.equal(await refused('nobody.localhost', {}), 404);
  assert.equal(await refused('quiet.localhost', {}), 404);
  const { token } = await newCustomer();
  const cookie = { cookie: `shopmind_session=${token}` };
  assert.equal(await refused('acme.localhost', { origin: 'null', headers: cookie }), 403);
  const own = await openSocket(shop.port, 'acme.localhost', {
    origin: 'http://acme.localhost:8080',
    headers: cookie,
  });
  opened.push(own);
  own.say({ t: 'hello' });
  assert.match(String((await own.hear('welcome'))['me']), /^cus_/);
});

test('what cannot be understood is said so, and who floods is refused, then sent away', async () => {
  const guest = await newGuest();
  const room = await newRoom(guest);
  const socket = await connectTo(guest, room);
  socket.socket.send('not json');
  assert.equal((await socket.hear('refused'))['code'], 'invalid_input');
  socket.say({ t: 'dance' });
  assert.equal((await socket.hear('refused'))['code'], 'invalid_input');
  socket.say({ t: 'send', room, cid: 'named-so', text: '' });
  assert.equal((await socket.hear('refused'))['cid'], 'named-so');
  for (let n = 0; n < 200; n++) socket.say({ t: 'typing', room });
  assert.equal((await socket.hear('refused', ({ code }) => code === 'rate_limited'))['retryAfterSeconds'], 1);
  assert.equal(await socket.closed, 1008);
  const large = await connectTo(guest, room);
  large.socket.send('x'.repeat(40_000));
  assert.equal(await large.closed, 1009);
  const binary = await connectTo(guest, room);
  binary.socket.send(Buffer.from('{}'));
  assert.equal(await binary.closed, 1003);
});

test('groups: customers are let in by who made them, an open one by themselves, guests by nobody', async () => {
  const [owner, friend, guest] = [await newCustomer(), await newCustomer(), await newGuest()];
  const closed = await newRoom(owner, { kind: 'group', title: 'Friends', key: 'friends-1' });
  assert.equal(await newRoom(owner, { kind: 'group', title: 'Friends', key: 'friends-1' }), closed);
  const join = async (person: Person, room: string): Promise<string> => {
    const socket = await connect(person);
    socket.say({ t: 'join', room });
    const { t, code } = await socket.hear(['joined', 'refused']);
    return t === 'joined' ? t : String(code);
  };
  assert.equal(await join(friend, closed), 'not_found');
  const path = `/api/chat/rooms/${closed}/members/${friend.me}`;
  assert.equal((await shop.call('acme', 'PUT', path, { ...as(friend), json: {} })).status, 404);
  assert.equal((await shop.call('acme', 'PUT', path, { ...as(owner), json: {} })).status, 204);
  const inside = await connectTo(friend, closed);
  assert.equal((await shop.call('acme', 'DELETE', path, as(owner))).status, 204);
  assert.equal((await inside.hear('left'))['why'], 'removed');
  assert.equal(await join(friend, closed), 'not_found');

  // Of what they had read somebody may still be about to note it.
  await markRead(shop.host.sql, 'acme', [{ room: closed, person: friend.me, seq: 1 }], new Date());
  assert.equal(await join(friend, closed), 'not_found', 'a mark of reading lets nobody in');

  const open = await newRoom(owner, { kind: 'group', key: 'everyone-1', access: 'open' });
  const read = { ...as(friend), json: { seq: 1 } };
  assert.equal((await shop.call('acme', 'PUT', `/api/chat/rooms/${open}/read`, read)).status, 204);
  assert.equal(await join(friend, open), 'joined');
  assert.equal(await join(guest, open), 'not_found');
  const made = await shop.call('acme', 'POST', '/api/chat/rooms', {
    ...as(guest),
    json: { kind: 'group', key: 'guests-1' },
  });
  assert.equal(made.status, 401);
});

test('a merchant mutes, bans, closes and takes down; who is there feels it at once, who comes later sees it', async () => {
  const [owner, rude] = [await newCustomer(), await newCustomer()];
  const room = await newRoom(owner, { kind: 'group', key: 'moderated', access: 'open' });
  const [theirs, ours] = [await connectTo(rude, room), await connectTo(owner, room)];
  const cid = newCid();
  theirs.say({ t: 'send', room, cid, text: 'something rude' });
  await theirs.hear('ack');
  const report = `/api/chat/rooms/${room}/messages/1/reports`;
  assert.equal(
    (await shop.call('acme', 'POST', report, { ...as(owner), json: { reason: 'rude' } })).status,
    204,
  );
  const reports = await shop.merchant('acme', 'GET', '/api/admin/chat/reports');
  assert.equal(reports.json<{ reports: { text: string }[] }>().reports[0]?.text, 'something rude');

  const message = `/api/admin/chat/rooms/${room}/messages/1`;
  for (const status of [204, 204])
    assert.equal((await shop.merchant('acme', 'DELETE', message)).status, status);
  const removal = await ours.hear('message', ({ kind }) => kind === 'removal');
  assert.deepEqual([removal['ref'], removal['seq']], [1, 2]);
  const history = await shop.call('acme', 'GET', `/api/chat/rooms/${room}/messages`, as(owner));
  assert.deepEqual(
    history
      .json<{ messages: { text: string; kind: string }[] }>()
      .messages.map(({ kind, text }) => [kind, text]),
    [
      ['text', ''],
      ['removal', ''],
    ],
  );
  assert.deepEqual((await shop.merchant('acme', 'GET', '/api/admin/chat/reports')).json(), { reports: [] });

  const member = `/api/admin/chat/rooms/${room}/members/${rude.me}`;
  const mutedUntil = new Date(Date.now() + 3_600_000).toISOString();
  assert.equal((await shop.merchant('acme', 'PATCH', member, { json: { mutedUntil } })).status, 200);
  theirs.say({ t: 'send', room, cid: newCid(), text: 'still rude' });
  assert.equal((await theirs.hear('refused'))['code'], 'forbidden');
  assert.equal((await shop.merchant('acme', 'PATCH', member, { json: { mutedUntil: null } })).status, 200);
  await until(
    async () => {
      theirs.say({ t: 'send', room, cid: 'after-mute', text: 'better now' });
      return (await theirs.hear(['ack', 'refused'])).t === 'ack' || undefined;
    },
    { withinMs: 60_000, everyMs: 100, what: 'somebody who is not muted any more may write' },
  );

  assert.equal((await shop.merchant('acme', 'PATCH', member, { json: { banned: true } })).status, 200);
  assert.equal((await theirs.hear('left'))['why'], 'banned');
  theirs.say({ t: 'join', room });
  assert.equal((await theirs.hear('refused'))['code'], 'forbidden');

  const patch = `/api/admin/chat/rooms/${room}`;
  const closed = await shop.merchant('acme', 'PATCH', patch, { json: { closed: true } });
  assert.notEqual(closed.json()['closedAt'], null);
  await ours.hear('message', ({ kind, text }) => kind === 'notice' && text === 'closed');
  ours.say({ t: 'send', room, cid: newCid(), text: 'too late' });
  assert.equal((await ours.hear('refused'))['code'], 'forbidden');

  const words = { blockedWords: ['darn'], assistant: true, greeting: '' };
  assert.equal((await shop.merchant('acme', 'PUT', '/api/admin/chat/settings', { json: words })).status, 200);
  const guest = await newGuest();
  const support = await newRoom(guest);
  const said = (text: string) =>
    shop.call('acme', 'POST', `/api/chat/rooms/${support}/messages`, {
      ...as(guest),
      json: { cid: newCid(), text },
    });
  assert.equal((await said('Darn it')).status, 400);
  assert.equal((await said('I darned a sock')).status, 200);
  await shop.merchant('acme', 'PUT', '/api/admin/chat/settings', { json: { ...words, blockedWords: [] } });
});

test('files are what their bytes say, belong to their room, and are gone with the message', async () => {
  const [guest, stranger] = [await newGuest(), await newGuest()];
  const room = await newRoom(guest);
  const bring = (body: Buffer) =>
    shop.call('acme', 'POST', `/api/chat/rooms/${room}/attachments?name=a%22b.png`, {
      headers: { ...as(guest).headers, 'content-type': 'image/png' },
      body,
    });
  assert.equal((await bring(Buffer.from('<script>alert(1)</script>'))).status, 415);
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(40)]);
  const brought = await bring(png);
  assert.equal(brought.status, 201, brought.text);
  const { id } = brought.json<{ id: string }>();
  const path = `/api/chat/rooms/${room}/attachments/${id}`;
  const got = await shop.call('acme', 'GET', path, as(guest));
  assert.deepEqual(
    [got.status, got.headers['content-type'], got.bytes.equals(png)],
    [200, 'image/png', true],
  );
  assert.equal((await shop.call('acme', 'GET', path, as(stranger))).status, 404);

  const socket = await connectTo(guest, room);
  socket.say({
    t: 'send',
    room,
    cid: newCid(),
    text: '',
    attachments: [{ kind: 'file', id: `att_${'0'.repeat(32)}` }],
  });
  assert.equal((await socket.hear('refused'))['code'], 'invalid_input');
  socket.say({ t: 'send', room, cid: newCid(), text: '', attachments: [{ kind: 'file', id }] });
  assert.deepEqual((await socket.hear('message'))['attachments'], [{ kind: 'file', id }]);
  await shop.merchant('acme', 'DELETE', `/api/admin/chat/rooms/${room}/messages/1`);
  assert.equal((await shop.call('acme', 'GET', path, as(guest))).status, 404);
});

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(40)]);

function bringTo(room: string, person: Person, from: string) {
  return shop.call('acme', 'POST', `/api/chat/rooms/${room}/attachments?name=a.png`, {
    headers: { ...as(person).headers, 'content-type': 'image/png', 'x-forwarded-for': from },
    body: PNG,
  });
}

test('a guest has room for some files in all their rooms, also when they come at once', async () => {
  const guest = await newGuest();
  const rooms = [await newRoom(guest), await newRoom(guest, { kind: 'assistant' })];
  const answers = await Promise.all(
    Array.from({ length: MOST_OF_A_GUEST.files + 5 }, (_, index) =>
      bringTo(rooms[index % 2] ?? '', guest, '192.0.2.1'),
    ),
  );
  const refused = answers.filter(({ status }) => status !== 201);
  assert.deepEqual(
    refused.map(({ status }) => status),
    [403, 403, 403, 403, 403],
  );
  assert.match(refused[0]?.text ?? '', /Log in/);
  const { rows } = await database.admin.query(
    'select 1 from shop.chat_attachments where tenant_id = $1 and sender = $2',
    ['acme', guest.me],
  );
  assert.equal(rows.length, MOST_OF_A_GUEST.files);
  const customer = await newCustomer();
  const theirs = await newRoom(customer);
  for (let index = 0; index <= MOST_OF_A_GUEST.files; index += 1)
    assert.equal((await bringTo(theirs, customer, '192.0.2.1')).status, 201);
});

test('a guest has room for some bytes', async () => {
  const guest = await newGuest();
  const room = await newRoom(guest);
  assert.equal((await bringTo(room, guest, '192.0.2.2')).status, 201);
  const taken = MOST_OF_A_GUEST.bytes - 2 * PNG.length;
  await database.admin.query(
    `update shop.chat_attachments set size = $3 where tenant_id = $1 and sender = $2`,
    ['acme', guest.me, taken],
  );
  assert.equal((await bringTo(room, guest, '192.0.2.2')).status, 201);
  assert.equal((await bringTo(room, guest, '192.0.2.2')).status, 201);
  assert.equal((await bringTo(room, guest, '192.0.2.2')).status, 403);
});

test('guests of one network bring some files in an hour, whatever they call themselves', async () => {
  const guests = await Promise.all(Array.from({ length: 6 }, () => newGuest()));
  const statuses = new Map<number, number>();
  for (const [index, guest] of guests.entries()) {
    const room = await newRoom(guest);
    for (let n = 0; n < MOST_IN_AN_HOUR.network / 5; n += 1) {
      const { status, headers } = await bringTo(room, guest, `2001:db8::${index}:${n}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 429) assert.ok(Number(headers['retry-after']) >= 1);
    }
  }
  // While they come a minute's worth may come back: one a minute.
  assert.ok((statuses.get(429) ?? 0) >= 1, JSON.stringify([...statuses]));
  assert.ok((statuses.get(201) ?? 0) >= MOST_IN_AN_HOUR.network, JSON.stringify([...statuses]));
  const another = await newGuest();
  assert.equal((await bringTo(await newRoom(another), another, '2001:db8:0:1::1')).status, 201);
});

test('each message is an event, which says who wrote and not what', async () => {
  const guest = await newGuest();
  const room = await newRoom(guest);
  const socket = await connectTo(guest, room);
  socket.say({ t: 'send', room, cid: newCid(), text: 'my word is marmalade' });
  await socket.hear('ack');
  await shop.host.events.flush();
  const { rows } = await database.admin.query<{ payload: { messages: object[] } }>(
    `select payload from shop.event_log where topic = 'chat.message' and key = $1`,
    [room],
  );
  assert.deepEqual(rows[0]?.payload.messages, [
    { seq: 1, from: guest.me, kind: 'text', letters: 20, attachments: 0 },
  ]);
});

test('what goes by NOTIFY, which every login of the database may hear, says that there is a message and not what it says', async () => {
  const heard: string[] = [];
  await shop.host.sql.listen('pubsub_pool', (payload) => heard.push(payload));
  const guest = await newGuest();
  const room = await newRoom(guest);
  const answer = await shop.call('acme', 'POST', `/api/chat/rooms/${room}/messages`, {
    ...as(guest),
    json: { cid: newCid(), text: 'my word is marmalade' },
  });
  assert.equal(answer.status, 200, answer.text);
  const head = await until(() => heard.find((payload) => payload.includes(room)), {
    withinMs: 30_000,
    what: 'other processes are told',
  });
  assert.match(head, / head 1"/);
  assert.deepEqual(
    heard.filter((payload) => payload.includes('marmalade')),
    [],
  );
});

test('a process that stops tells its clients to come again, after all it took in is acknowledged', async () => {
  const second = await startTestHost({
    databaseUrl: database.url,
    secretsKey: database.secretsKey,
    domains: ['accounts', 'chat'],
  });
  const guest = await newGuest();
  const room = await newRoom(guest);
  const socket = await openSocket(second.port, 'acme.localhost');
  socket.say({ t: 'hello', ...guest.hello });
  socket.say({ t: 'join', room });
  await socket.hear('joined');
  for (let n = 0; n < 20; n++) socket.say({ t: 'send', room, cid: newCid(), text: `${n}` });
  await socket.hear('ack');
  const stopped = second.stop();
  assert.equal(await socket.closed, 1001);
  await stopped;
  const { rows } = await database.admin.query<{ count: string }>(
    'select count(*) from shop.chat_messages where room_id = $1',
    [room],
  );
  assert.equal(socket.told.filter(({ t }) => t === 'ack').length, Number(rows[0]?.count));
});
