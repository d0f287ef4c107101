/** Who is present, in rooms on two processes: what listeners are told of each other. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Platform, SocketConnection } from '../../platform/domain.ts';
import { createChannels } from '../../platform/pubsub/channels.ts';
import { createRooms, type Rooms, type Seat } from './rooms.ts';

interface Shared {
  readonly platform: Platform;
  /** Everything that passed between them. */
  readonly said: string[];
  /** Nothing gets through. */
  isAway: boolean;
}

/** Pub/sub and rows that two processes share. */
function sharedPlatform(): Shared {
  const channels = createChannels((error) => assert.fail(String(error)));
  const said: string[] = [];
  const platform = {
    pubsub: {
      isPrivate: true,
      publish(tenant: string, channel: string, message: string) {
        if (shared.isAway) return Promise.resolve();
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
  const shared: Shared = { platform: platform as unknown as Platform, said, isAway: false };
  return shared;
}

const SWEEP_MS = 10_000;
const ARRIVAL_MS = 50;

/** Two processes whose time passes only when a test says so: on a busy machine each would be silent for longer than the other waits. */
function twoProcesses(context: TestContext, { platform }: Shared) {
  context.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  let time = performance.now();
  context.mock.method(performance, 'now', () => time);
  const [here, there] = ['here', 'there'].map((node) =>
    createRooms({ platform, node, onRulesChanged: () => Promise.resolve(), sweepMilliseconds: SWEEP_MS }),
  );
  assert.ok(here && there);
  /** What was begun then has ended. */
  const pass = async (milliseconds: number): Promise<void> => {
    time += milliseconds;
    context.mock.timers.tick(milliseconds);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { here, there, pass };
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

test('of more people than one message can name none is told to have gone, however often they are named', async (context) => {
  const shared = sharedPlatform();
  const { here, there, pass } = twoProcesses(context, shared);
  const people = Array.from({ length: 150 }, (_, n) => `cus_${n}`);
  for (const person of people) await sitDown(here, person);
  const { told, seat } = await sitDown(there, 'cus_there');
  const named = (): number => shared.said.filter((message) => message.startsWith('here here ')).length;
  await pass(ARRIVAL_MS);
  assert.equal(there.presentIn(seat.room).length, people.length + 1, 'the other process names its people');
  const before = named();
  for (let n = 0; n < 3; n++) await pass(SWEEP_MS);
  for (const person of ['cus_late', 'cus_later']) await sitDown(here, person);
  await pass(ARRIVAL_MS);
  assert.ok(
    told.some(({ who }) => who === 'cus_later'),
    'who comes later is told of',
  );
  for (let n = 0; n < 3; n++) await pass(SWEEP_MS);
  assert.equal(named(), before + 6, 'they are named again and again');
  assert.deepEqual(
    told.filter(({ online }) => !online),
    [],
  );
  await Promise.all([here.close(), there.close()]);
});

test('processes that have heard nothing of each other for so long that each forgot the other find each other again, though nobody writes', async (context) => {
  const shared = sharedPlatform();
  const { here, there, pass } = twoProcesses(context, shared);
  const [ada, bob] = [await sitDown(here, 'cus_ada'), await sitDown(there, 'cus_bob')];
  await pass(ARRIVAL_MS);
  const present = () =>
    [here.presentIn(ada.seat.room), there.presentIn(bob.seat.room)].map((all) => all.toSorted());
  const both = ['cus_ada', 'cus_bob'];
  assert.deepEqual(present(), [both, both]);
  shared.isAway = true;
  for (let n = 0; n < 4; n++) await pass(SWEEP_MS);
  assert.deepEqual(present(), [['cus_ada'], ['cus_bob']]);
  shared.isAway = false;
  await pass(SWEEP_MS);
  assert.deepEqual(present(), [both, both]);
  assert.deepEqual(ada.told.at(-1), { t: 'presence', room: 'room', who: 'cus_bob', online: true });
  await Promise.all([here.close(), there.close()]);
});
