/** What every events adapter must keep: at least once, in order per key, redelivery without effect, dead letters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShopError } from '../errors.ts';
import type { Events, Sql, StoredEvent, Transaction } from '../ports.ts';

export interface EventsUnderTest {
  readonly sql: Sql;
  /** A new adapter on the same backend, as another process would have it. */
  open(): Events & { settled(): Promise<void>; lag(): Promise<ReadonlyMap<string, number>> };
  /** Does something in the transaction that the database refuses at its COMMIT, and not before. */
  refuseCommit(tx: Transaction, tenant: string): Promise<void>;
  /** Events that were given up, by consumer. */
  deadLetters(tenant: string, consumer: string): Promise<readonly { key: string; type: string }[]>;
}

/** Registers the suite. `suite` is called once per test for a fresh tenant name. */
export function eventsContract(name: string, setUp: () => Promise<EventsUnderTest>): void {
  let number = 0;
  const fresh = () => `events-${++number}-${process.pid}`;
  const emit = (sql: Sql, tenant: string, key: string, n: number) =>
    sql.transaction(tenant, (tx) => tx.emit({ topic: 'x.thing', type: 'x.thing.done', key, payload: { n } }));

  test(`${name}: an event reaches each group once, in the order of its key`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const first = open();
    const second = open();
    const heard: Record<string, string[]> = { one: [], two: [] };
    const hear = (group: string) => (event: StoredEvent) => {
      if (event.tenant === tenant) heard[group]?.push(`${event.key}${JSON.stringify(event.payload)}`);
      return Promise.resolve();
    };
    await first.subscribe('one', ['x.thing'], hear('one'));
    await second.subscribe('one', ['x.thing'], hear('one'));
    await first.subscribe('two', ['x.thing'], hear('two'));
    const keys = ['a', 'b', 'c'];
    await Promise.all(
      keys.map(async (key) => {
        for (let n = 0; n < 30; n++) await emit(sql, tenant, key, n);
      }),
    );
    await until(first, () => heard['one']?.length === 90 && heard['two']?.length === 90);
    for (const group of ['one', 'two']) {
      for (const key of keys) {
        const mine = heard[group]?.filter((line) => line.startsWith(key));
        assert.deepEqual(
          mine,
          Array.from({ length: 30 }, (_, n) => `${key}{"n":${n}}`),
        );
      }
    }
    await first.close();
    await second.close();
  });

  test(`${name}: nothing is heard of a transaction that rolled back, nor of topics not asked for`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const events = open();
    const heard: unknown[] = [];
    await events.subscribe('strict', ['x.thing'], (event) => {
      if (event.tenant === tenant) heard.push(event.payload);
      return Promise.resolve();
    });
    await sql
      .transaction(tenant, async (tx) => {
        await tx.emit({ topic: 'x.thing', type: 'x.thing.done', key: 'k', payload: { n: 0 } });
        throw new Error('no');
      })
      .catch(() => undefined);
    await sql.transaction(tenant, (tx) =>
      tx.emit({ topic: 'x.other', type: 'x.other.done', key: 'k', payload: {} }),
    );
    await emit(sql, tenant, 'k', 1);
    await until(events, () => heard.length > 0);
    assert.deepEqual(heard, [{ n: 1 }]);
    await events.close();
  });

  test(`${name}: a group goes on where it stood, also for what was published while it was away`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const heard: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      const events = open();
      await emit(sql, tenant, 'k', n);
      await events.subscribe('returning', ['x.thing'], (event) => {
        if (event.tenant === tenant) heard.push(event.payload);
        return Promise.resolve();
      });
      await until(events, () => heard.length === n + 1);
      await events.close();
    }
    assert.deepEqual(heard, [{ n: 0 }, { n: 1 }, { n: 2 }]);
  });

  test(`${name}: a failing event delays its own key only, keeps its order, and has no half effect`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const events = open();
    const heard: string[] = [];
    let failures = 3;
    await events.subscribe('stumbling', ['x.thing'], async (event, tx) => {
      if (event.tenant !== tenant) return;
      await tx.emit({ topic: 'x.effect', type: 'x.effect.done', key: event.key, payload: event.payload });
      if (event.key === 'bad' && failures-- > 0) throw new Error('not yet');
      heard.push(`${event.key}${JSON.stringify(event.payload)}`);
    });
    const effects: unknown[] = [];
    await events.subscribe('effects', ['x.effect'], (event) => {
      if (event.tenant === tenant) effects.push(event.key);
      return Promise.resolve();
    });
    await emit(sql, tenant, 'bad', 0);
    await emit(sql, tenant, 'bad', 1);
    await emit(sql, tenant, 'good', 0);
    await until(events, () => heard.includes('bad{"n":1}') && effects.length === 3);
    assert.deepEqual(
      heard.filter((line) => line.startsWith('bad')),
      ['bad{"n":0}', 'bad{"n":1}'],
    );
    assert.ok(heard.includes('good{"n":0}'));
    assert.deepEqual(effects.toSorted(), ['bad', 'bad', 'good']);
    await events.close();
  });

  test(`${name}: an event that always fails becomes a dead letter, and its key goes on`, async () => {
    const { sql, open, deadLetters } = await setUp();
    const tenant = fresh();
    const events = open();
    const heard: unknown[] = [];
    await events.subscribe('giving-up', ['x.thing'], (event) => {
      if (event.tenant !== tenant) return Promise.resolve();
      if ((event.payload as { n: number }).n === 0) throw new Error('never'); // the test's own payload
      heard.push(event.payload);
      return Promise.resolve();
    });
    await emit(sql, tenant, 'k', 0);
    await emit(sql, tenant, 'k', 1);
    await until(events, () => heard.length === 1);
    assert.deepEqual(await deadLetters(tenant, 'giving-up'), [{ key: 'k', type: 'x.thing.done' }]);
    await events.close();
  });

  test(`${name}: an event whose transaction the database refuses at COMMIT becomes a dead letter, and the others go on`, async () => {
    const { sql, open, deadLetters, refuseCommit } = await setUp();
    const tenant = fresh();
    const events = open();
    const heard = new Set<string>();
    await events.subscribe('refused', ['x.thing'], async (event, tx) => {
      if (event.tenant !== tenant) return;
      if (event.key === 'bad') await refuseCommit(tx, tenant);
      else heard.add(event.key);
    });
    await sql.transaction(tenant, (tx) =>
      tx.emit(
        ...['a', 'bad', 'b'].map((key) => ({ topic: 'x.thing', type: 'x.thing.done', key, payload: {} })),
      ),
    );
    let dead: readonly { key: string; type: string }[] = [];
    await until(events, () => heard.size === 2);
    const deadline = Date.now() + 60_000;
    while (dead.length === 0) {
      assert.ok(Date.now() < deadline, 'it is given up');
      await events.settled();
      dead = await deadLetters(tenant, 'refused');
    }
    assert.deepEqual(dead, [{ key: 'bad', type: 'x.thing.done' }]);
    await events.close();
  });

  test(`${name}: a large event arrives whole, and one too large is refused with all it was emitted with`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const events = open();
    const heard: unknown[] = [];
    await events.subscribe('large', ['x.thing'], (event) => {
      if (event.tenant === tenant) heard.push(event.payload);
      return Promise.resolve();
    });
    const send = (...texts: readonly string[]) =>
      sql.transaction(tenant, (tx) =>
        tx.emit(
          ...texts.map((text) => ({ topic: 'x.thing', type: 'x.thing.done', key: 'k', payload: { text } })),
        ),
      );
    // Not all the same letter: what is stored and sent may be compressed.
    const large = Array.from({ length: 40_000 }, (_, n) => n.toString(36))
      .join('é')
      .slice(0, 180_000);
    await send(large, 'small', large);
    await assert.rejects(
      send('lost', 'x'.repeat(600_000)),
      (error: unknown) => error instanceof ShopError && error.code === 'too_large',
    );
    await send('last');
    await until(events, () => heard.length >= 4);
    assert.deepEqual(heard, [{ text: large }, { text: 'small' }, { text: large }, { text: 'last' }]);
    await events.close();
  });

  test(`${name}: what caused an event, when it happened and whose it is come with it`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const events = open();
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const heard: StoredEvent[] = [];
    await events.subscribe('whole', ['x.thing'], (event) => {
      if (event.tenant === tenant) heard.push(event);
      return Promise.resolve();
    });
    const before = Date.now();
    await sql.transaction(tenant, (tx) =>
      tx.emit({ topic: 'x.thing', type: 'x.thing.done', key: 'k/ü', payload: null, trace }),
    );
    const emitted = Date.now();
    await until(events, () => heard.length > 0);
    const { id, occurredAt, ...rest } = heard[0] ?? assert.fail();
    assert.deepEqual(rest, {
      tenant,
      topic: 'x.thing',
      type: 'x.thing.done',
      key: 'k/ü',
      payload: null,
      trace,
    });
    assert.match(id, /^evt_/);
    assert.ok(occurredAt.getTime() >= before && occurredAt.getTime() <= emitted);
    await events.close();
  });

  test(`${name}: tenants that emit at the same time keep apart, and each its order`, async () => {
    const { sql, open } = await setUp();
    const tenants = [fresh(), fresh(), fresh(), fresh()];
    const events = open();
    const heard = new Map<string, number[]>(tenants.map((tenant) => [tenant, []]));
    await events.subscribe('many', ['x.thing'], async (event, tx) => {
      const mine = heard.get(event.tenant);
      if (mine === undefined) return;
      const { rows } = await tx.query<{ tenant: string }>(`SELECT current_setting('app.tenant') AS tenant`);
      assert.equal(rows[0]?.tenant, event.tenant);
      mine.push((event.payload as { n: number }).n); // the test's own payload
    });
    await Promise.all(
      tenants.map(async (tenant) => {
        for (let n = 0; n < 25; n++) await emit(sql, tenant, 'same', n);
      }),
    );
    await until(events, () => [...heard.values()].every((numbers) => numbers.length === 25));
    for (const [tenant, numbers] of heard)
      assert.deepEqual(
        numbers,
        Array.from({ length: 25 }, (_, n) => n),
        tenant,
      );
    await events.close();
  });

  test(`${name}: a consumer says how far it is behind, and that it has caught up`, async () => {
    const { sql, open } = await setUp();
    const tenant = fresh();
    const events = open();
    const gate = Promise.withResolvers<void>();
    let heard = 0;
    await events.subscribe('slow', ['x.thing'], async (event) => {
      if (event.tenant !== tenant) return;
      await gate.promise;
      heard++;
    });
    await emit(sql, tenant, 'k', 0);
    await events.flush();
    const lag = async () => (await events.lag()).get('slow') ?? 0;
    const deadline = Date.now() + 60_000;
    while ((await lag()) === 0) assert.ok(Date.now() < deadline, 'it is behind');
    gate.resolve();
    await until(events, () => heard === 1);
    while ((await lag()) > 0) assert.ok(Date.now() < deadline + 60_000, 'it has caught up');
    await events.close();
  });
}

/** Waits for a condition that deliveries bring about; fails after a minute. */
async function until(events: { settled(): Promise<void> }, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not happen within a minute.');
    await events.settled();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
