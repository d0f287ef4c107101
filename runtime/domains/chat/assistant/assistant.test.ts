/** The assistant in a whole shop: answers from the catalogue, with a language model and without, once. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Language, LanguageRequest } from '../../../platform/ports.ts';
import { accounts } from '../../accounts/definition.ts';
import { catalog } from '../../catalog/definition.ts';
import { chat } from '../definition.ts';
import { createChat } from '../service.ts';
import { openSocket, type TestSocket } from '../testing/client.ts';
import { plainAnswer, wordsOf } from './answer.ts';

let database: TestDatabase;
let shop: TestHost;
let language: Language['complete'];
/** Whether no more may be taken of a limit. */
let isSpent: (name: string) => boolean = () => false;
const opened: TestSocket[] = [];

before(async () => {
  database = await startTestDatabase([accounts, catalog, chat]);
  for (const id of ['acme', 'other'])
    await database.addTenant({ id, domains: ['accounts', 'catalog', 'chat'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['accounts', 'catalog', 'chat'] },
    {
      services: {
        accounts: () => import('../../accounts/service.ts'),
        catalog: () => import('../../catalog/service.ts'),
        chat: () =>
          Promise.resolve({
            createService: (platform) =>
              createChat({
                ...platform,
                language: { complete: (...asked) => language(...asked) },
                limits: { take: (_tenant, name) => Promise.resolve(isSpent(name) ? 30 : 0) },
              }),
          }),
      },
    },
  );
  for (const [tenant, title, amount] of [
    ['acme', 'Alpine hiking boots', 12_900],
    ['acme', 'Wool socks', 1_500],
    ['other', 'Secret boots of another shop', 100],
  ] as const) {
    const made = await shop.merchant(tenant, 'POST', '/api/admin/catalog/products', {
      json: { title, variants: [{ prices: [{ amount, currency: 'EUR' }] }] },
    });
    assert.equal(made.status, 201, made.text);
  }
  await shop.host.events.settled();
  await shop.host.tasks.settled();
});
after(async () => {
  for (const socket of opened) socket.close();
  await shop.stop();
  await database.stop();
});

async function ask(question: string): Promise<{ text: string; handles: unknown[]; room: string }> {
  const socket = await openSocket(shop.port, 'acme.localhost');
  opened.push(socket);
  socket.say({ t: 'hello' });
  const { guest } = await socket.hear('welcome');
  const made = await shop.call('acme', 'POST', '/api/chat/rooms', {
    headers: { authorization: `Bearer ${String(guest)}` },
    json: { kind: 'assistant' },
  });
  const { id: room } = made.json<{ id: string }>();
  socket.say({ t: 'join', room });
  await socket.hear('joined');
  socket.say({ t: 'send', room, cid: randomUUID(), text: question });
  const answer = await socket.hear('message', ({ from }) => from === 'assistant');
  const attachments = (answer['attachments'] ?? []) as { handle: string }[]; // as the definition says
  return { text: String(answer['text']), handles: attachments.map(({ handle }) => handle), room };
}

test('without a language model it names what the catalogue has, with prices; of this shop only', async () => {
  language = () => Promise.reject(new ShopError('unavailable', 'away'));
  const boots = await ask('Hello, do you have hiking boots?');
  assert.equal(boots.text, 'This is what we have:\n• Alpine hiking boots, from €129.00');
  assert.deepEqual(boots.handles, ['alpine-hiking-boots']);
  const both = await ask('I need warm boots and socks');
  assert.deepEqual(both.handles.toSorted(), ['alpine-hiking-boots', 'wool-socks']);
  assert.match(both.text, /^Nothing has exactly these words/);
  assert.match((await ask('hello')).text, /^Tell me what you are looking for/);
});

test('a language model is told what was found and what was said, and its words are the answer', async () => {
  let asked: LanguageRequest | undefined;
  language = (_tenant, request) => {
    asked = request;
    return Promise.resolve(' The Alpine boots are what you want. ');
  };
  const { text, handles } = await ask('boots?');
  assert.equal(text, 'The Alpine boots are what you want.');
  assert.deepEqual(handles, ['alpine-hiking-boots']);
  assert.match(asked?.system ?? '', /Alpine hiking boots .*12900 minor units of EUR/);
  assert.doesNotMatch(asked?.system ?? '', /Secret/);
  assert.deepEqual(asked?.turns, [{ by: 'shopper', text: 'boots?' }]);
});

for (const [whose, spent] of [
  ['a room', (name: string) => name.startsWith('assistant/')],
  ['a shop', (name: string) => name === 'assistant'],
] as const)
  test(`when ${whose} has had its fill of a model’s words the catalogue answers by itself`, async () => {
    language = () => Promise.resolve('What a model says.');
    isSpent = spent;
    assert.match((await ask('boots?')).text, /^This is what we have:/);
    isSpent = () => false;
  });

test('a task that runs again answers nothing twice', async () => {
  language = () => Promise.reject(new ShopError('timeout', 'slow'));
  const { room } = await ask('socks');
  await shop.host.sql.transaction('acme', (tx) =>
    tx.enqueue({ name: 'chat.answer', payload: { roomId: room }, key: room }),
  );
  await shop.host.tasks.settled();
  const { rows } = await database.admin.query<{ sender: string }>(
    'select sender from shop.chat_messages where room_id = $1 order by seq',
    [room],
  );
  assert.equal(rows.filter(({ sender }) => sender === 'assistant').length, 1);
});

test('of a question the words that say something are looked for', () => {
  assert.deepEqual(wordsOf('Hi! Do you have any trail-running shoes?'), ['trail-running', 'shoes']);
  assert.deepEqual(wordsOf('Haben Sie warme Socken für mich?'), ['warme', 'socken', 'mich']);
  assert.deepEqual(wordsOf('???'), []);
  // However long a message is, the catalogue can be asked for it.
  const long = Array.from({ length: 50 }, (_, index) => `${'x'.repeat(300)}${index}`).join(' ');
  assert.ok(wordsOf(long).join(' ').length <= 200);
  assert.match(plainAnswer('zelt', { products: [], isExact: false }, 'de'), /nichts gefunden/);
});
