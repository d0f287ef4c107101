/** Who is present, in rooms on two processes: what listeners are told of each other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Platform, SocketConnection } from '../../platform/domain.ts';
import { createChannels } from '../../platform/pubsub/channels.ts';
import { until } from '../../../tests/support/wait.ts';
import { createRooms, type Rooms, type Seat } from './rooms.ts';

/** Pub/sub and rows that two processes share; `said` is everything that passed between them. */
function sharedPlatform(): { readonly platform: Platform; readonly said: string[] } {
  const channels = createChannels((error) => assert.fail(String(error)));
  const said: string[] = [];
  const platform = {
    pubsub: {
      isPrivate: true,
      publish(tenant: string, channel: string, message: string) {
        said.push(message);
        channels.tell(`${tenant} ${channel}`, message);
        return Promise.resolve();
      },
      subscribe(tenant: string, channel: string, heard: (message: string) => void) {
        const { remove } = channels.add(`${tenant} ${channel}`, heard);
        return Promise.resolve(async () => void remove());
      },
    },
    sql: { query: () => Promise.resolve({ rows: [{ id: 'room', last_seq: 0, rules: 0 }], rowCount: 1 }) },
    log: { debug: assert.fail, warn: assert.fail, error: assert.fail },
  };
  // The parts of it that rooms use.
  return { platform: platform as unknown as Platform, said };
}

interface Person {
  readonly seat: Seat;
  /** Who it was told of, and whether they had come or gone, in order. */
  readonly told: { readonly who: string; readonly online: boolean }[];
}

async function sitDown(rooms: Rooms, person: string): Promise<Person> {
  const told: Person['told'] = [];
  const connection = {
    write(frames: Buffer) {
      for (const [message] of frames.toString('latin1').matchAll(/\{[^}]*\}/g))
        told.push(JSON.parse(message));
    },
  };
  const seat: Seat = {
    room: await rooms.enter('acme', 'room'),
    connection: connection as unknown as SocketConnection, // rooms only write to it
    person,
    rules: 0,
    mutedUntil: null,
    isClosed: false,
    read: 0,
    typedAt: 0,
    waiting: undefined,
  };
  rooms.sit(seat);
  return { seat, told };
}

test('of more people than one message can name none is told to have gone, however often they are named', async () => {
  const { platform, said } = sharedPlatform();
  const [here, there] = ['here', 'there'].map((node) =>
    createRooms({ platform, node, onRulesChanged: () => Promise.resolve(), sweepMilliseconds: 20 }),
  );
  assert.ok(here && there);
  const people = Array.from({ length: 150 }, (_, n) => `cus_${n}`);
  for (const person of people) await sitDown(here, person);
  const { told, seat } = await sitDown(there, 'cus_there');
  const sweeps = (): number => said.filter((message) => message.startsWith('here here ')).length;
  await until(() => there.presentIn(seat.room).length >= 100 || undefined, {
    withinMs: 30_000,
    what: 'the other process names its people',
  });
  const before = sweeps();
  await until(() => sweeps() > before + 2 || undefined, { withinMs: 30_000, what: 'they are named again' });
  for (const person of ['cus_late', 'cus_later']) await sitDown(here, person);
  await until(() => told.some(({ who }) => who === 'cus_later') || undefined, {
    withinMs: 30_000,
    what: 'who comes later is told of',
  });
  const after = sweeps();
  await until(() => sweeps() > after + 2 || undefined, {
    withinMs: 30_000,
    what: 'they are named once more',
  });
  assert.deepEqual(
    told.filter(({ online }) => !online),
    [],
  );
  await Promise.all([here.close(), there.close()]);
});
