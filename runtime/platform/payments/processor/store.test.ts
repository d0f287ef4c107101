/** The processor's file: what an older release left in it is there afterwards. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { openStore } from './store.ts';

/** As they were before bodies lay in the order of their making. */
const FORMER = `
  create table accounts (
    id text primary key, secret_key text not null unique, publishable_key text not null unique, body text not null
  ) without rowid;
  create table objects (
    account text not null, kind text not null, id text not null, created integer not null, sequence integer not null,
    parent text, body text not null, primary key (account, kind, id)
  ) without rowid;
  create index objects_by_id on objects (id);
  create index objects_by_age on objects (account, kind, sequence);
  create index objects_by_parent on objects (account, kind, parent, sequence);
  create table replies (
    account text not null, key text not null, fingerprint text not null, status integer not null, body text not null,
    at integer not null, primary key (account, key)
  ) without rowid;
  insert into accounts values ('acme', 'sk', 'pk', '{"id":"acme"}');
  insert into objects values
    ('acme', 'refund', 're_b', 10, 1, 'ch_1', '{"id":"re_b"}'),
    ('acme', 'refund', 're_a', 11, 2, 'ch_1', '{"id":"re_a"}'),
    ('acme', 'refund', 're_c', 12, 3, 'ch_2', '{"id":"re_c"}'),
    ('acme', 'charge', 'ch_1', 9, 4, null, '{"id":"ch_1"}');
  insert into replies values ('acme', 's:key', 'print', 200, '{}', 1);
`;

test('a file of the former layout is taken over with all that is in it, once', async (t) => {
  const folder = ownFolder('processor');
  t.after(() => rm(folder, { recursive: true }));
  const before = new DatabaseSync(join(folder, 'processor.sqlite'));
  before.exec(FORMER);
  before.close();

  for (const opening of [1, 2]) {
    const store = openStore(folder);
    const refunds = (parent?: string): readonly string[] =>
      store.list('acme', 'refund', { limit: 10, parent }).data.map(({ id }) => id);
    assert.equal(store.account('acme')?.id, 'acme');
    assert.deepEqual(refunds(), opening === 1 ? ['re_c', 're_a', 're_b'] : ['re_d', 're_c', 're_a', 're_b']);
    assert.deepEqual(refunds('ch_1'), ['re_a', 're_b']);
    assert.equal(store.get('acme', 'charge', 'ch_1')?.id, 'ch_1');
    assert.equal(store.find('charge', 'ch_1')?.account, 'acme');
    assert.deepEqual(store.remembered('acme', 's:key'), { fingerprint: 'print', status: 200, body: '{}' });
    // The shape of a refund is none of the store's business but for these two.
    const made = { id: 're_d', created: 13 } as Parameters<typeof store.put<'refund'>>[2];
    await store.commit(() => store.put('acme', 'refund', made, 'ch_3'));
    assert.deepEqual(refunds('ch_3'), ['re_d']);
    store.close();
  }
});

test('what is owed to an account is found beside what others are owed, earliest first, and what is not due is left', async (t) => {
  const folder = ownFolder('processor');
  t.after(() => rm(folder, { recursive: true }));
  const store = openStore(folder);
  t.after(() => store.close());
  await store.commit(() => {
    for (const [account, event, dueAt] of [
      ['busy', 'evt_1', 1],
      ['busy', 'evt_2', 2],
      ['mine', 'evt_5', 5],
      ['mine', 'evt_4', 4],
      ['mine', 'evt_9', 9],
    ] as const)
      store.owe(account, event, 'endpoint', dueAt);
  });
  const events = (limit: number): readonly string[] =>
    store.dueDeliveriesOf('mine', 5, limit).map(({ event }) => event);
  assert.deepEqual(events(10), ['evt_4', 'evt_5']);
  assert.deepEqual(events(1), ['evt_4']);
  assert.deepEqual(
    store.dueDeliveries(5, 10, ['busy']).map(({ event }) => event),
    ['evt_4', 'evt_5'],
  );
});

test('a file of the release before gets the index it has not, and keeps what is in it', async (t) => {
  const folder = ownFolder('processor');
  t.after(() => rm(folder, { recursive: true }));
  const made = openStore(folder);
  await made.commit(() => made.owe('acme', 'evt_1', 'endpoint', 1));
  made.close();
  const file = new DatabaseSync(join(folder, 'processor.sqlite'));
  file.exec('drop index deliveries_due_of; pragma user_version = 2');
  file.close();
  const store = openStore(folder);
  t.after(() => store.close());
  assert.deepEqual(
    store.dueDeliveriesOf('acme', 1, 10).map(({ event }) => event),
    ['evt_1'],
  );
  const again = new DatabaseSync(join(folder, 'processor.sqlite'), { readOnly: true });
  const index = again.prepare("select 1 as there from sqlite_schema where name = 'deliveries_due_of'").get();
  again.close();
  assert.equal(index?.['there'], 1);
});
