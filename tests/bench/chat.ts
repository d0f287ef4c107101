/**
 * `npm run bench:chat`: messages of 200 letters are told to everybody in a room of 50, here, at Socket.IO and on bare `ws`, in one run.
 * Ours commits each message, its event and its place before it is told, and keeps who is present; the others keep nothing.
 *
 * - `rooms`: forty rooms, whose rate grows until one delivery in a hundred takes 200 ms or what arrives falls behind, twice.
 * - `busy`: ten rooms, so that a client receives a hundred messages a second and more.
 * - `pairs`: two processes, and half of each room's members at either.
 * - `idle`: what a connection weighs that sits in its room and says nothing.
 *
 * Prints the tables of docs/benchmarks.md.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startOurs, startPeer, type Contestant, type Size } from './chat/contestants.ts';
import { gather, type Crowd } from './chat/crowd.ts';
import { climb, type Figure } from './chat/ladder.ts';
import { weightOf, type Weight } from './chat/weight.ts';
import { machine } from './machine.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'rooms,busy,pairs,idle' },
    of: { type: 'string', default: 'ws,socket.io,shopmind' },
    'per-room': { type: 'string', default: '50' },
    /** Messages a second at first, and by how much they grow. */
    start: { type: 'string', default: '640' },
    step: { type: 'string', default: '1.35' },
    seconds: { type: 'string', default: '3' },
    /** Idle connections that are weighed. */
    idle: { type: 'string', default: '10000' },
  },
});
const aims = new Set(values.only.split(','));
const who = new Set(values.of.split(','));
const perRoom = Number(values['per-room']);
const [ROOMS, BUSY] = [40, 10];
/** Rooms that stand before anything is weighed. */
const FIRST = 10;

interface Entrant {
  readonly kind: string;
  readonly name: string;
  readonly start: (size: Size) => Promise<Contestant>;
}

const ALONE: readonly Entrant[] = [
  { kind: 'ws', name: 'bare ws', start: (size) => startPeer('ws', size) },
  { kind: 'socket.io', name: 'Socket.IO 4.8', start: (size) => startPeer('socket.io', size) },
  { kind: 'shopmind', name: 'ShopMind, PostgreSQL', start: startOurs },
];
const PAIRS: readonly Entrant[] = [
  {
    kind: 'socket.io',
    name: 'Socket.IO 4.8, its Redis adapter',
    start: (size) => startPeer('socket.io', size),
  },
  { kind: 'shopmind', name: 'ShopMind, Redis', start: (size) => startOurs(size, 'redis') },
  { kind: 'shopmind', name: 'ShopMind, NOTIFY', start: (size) => startOurs(size, 'notify') },
];

process.stdout.write(`${machine()}; rooms of ${perRoom}, ${values.seconds} s a rate\n`);
if (aims.has('rooms')) await race(`${ROOMS} rooms`, ALONE, { rooms: ROOMS, perRoom, nodes: 1 });
if (aims.has('busy'))
  await race(`${BUSY} rooms, where a client receives much`, ALONE, { rooms: BUSY, perRoom, nodes: 1 });
if (aims.has('pairs'))
  await race(`${ROOMS} rooms on two processes`, PAIRS, { rooms: ROOMS, perRoom, nodes: 2 });
if (aims.has('idle')) await weigh();

async function race(title: string, entrants: readonly Entrant[], size: Size): Promise<void> {
  const entries: { readonly name: string; readonly figures: readonly Figure[] }[] = [];
  for (const { name, start } of entrants.filter(({ kind }) => who.has(kind)))
    entries.push({
      name,
      figures: await standing(start(size), (contestant) =>
        climb(contestant, {
          perRoom,
          start: Number(values.start),
          step: Number(values.step),
          seconds: Number(values.seconds),
          onFigure: (figure) => process.stderr.write(`${name}: ${JSON.stringify(figure, rounded)}\n`),
        }),
      ),
    });
  const head = [
    title,
    `p50 at ${values.start} messages/s`,
    'deliveries/s at p99 < 200 ms',
    'a client',
    'p50',
    'p99',
    'at p99 < 20 ms',
    'server CPU a delivery',
    'server',
    'behind',
    'clients',
    'memory',
  ];
  process.stdout.write(
    `\n${table(
      head,
      entries.map(({ name, figures }) => rowOf(name, figures, size)),
    )}`,
  );
}

function rowOf(name: string, figures: readonly Figure[], { rooms }: Size): string[] {
  const [first, best] = [figures[0], figures.at(-1)];
  if (first === undefined || best === undefined) return [name, '–'];
  const comfortable = figures.findLast(({ p99 }) => p99 < 20);
  return [
    name,
    `${first.p50.toFixed(1)} ms`,
    best.deliveries.toFixed(0),
    `${(best.deliveries / (rooms * perRoom)).toFixed(0)}/s`,
    `${best.p50.toFixed(0)} ms`,
    `${best.p99.toFixed(0)} ms`,
    comfortable?.deliveries.toFixed(0) ?? '–',
    `${best.microsPerDelivery.toFixed(1)} µs`,
    `${best.server.toFixed(2)} cores`,
    best.behind.toFixed(2),
    best.clients.toFixed(2),
    `${best.memory.toFixed(0)} MB`,
  ];
}

/** Connections that sit in their rooms and say nothing. Some are there before, so that what all share is not counted. */
async function weigh(): Promise<void> {
  const rooms = Math.round(Number(values.idle) / perRoom);
  const rows: string[][] = [];
  for (const { name, start } of ALONE.filter(({ kind }) => who.has(kind))) {
    const [before, after] = await standing(
      start({ rooms: rooms + FIRST, perRoom, nodes: 1, isIdle: true }),
      (contestant) => weighed(contestant, FIRST),
    );
    const each = (of: (weight: Weight) => number): string =>
      `${((of(after) - of(before)) / 1024 / (rooms * perRoom)).toFixed(1)} KB`;
    rows.push([
      name,
      each(({ resident }) => resident),
      each(({ residentAfter }) => residentAfter),
      each(({ heap }) => heap),
    ]);
  }
  const head = [
    `${rooms * perRoom} idle connections`,
    'resident, each',
    'garbage collected',
    'heap and buffers',
  ];
  process.stdout.write(`\n${table(head, rows)}`);
}

async function weighed(contestant: Contestant, first: number): Promise<readonly [Weight, Weight]> {
  const { plan } = contestant;
  const crowds: Crowd[] = [];
  const fill = async (from: number, to?: number): Promise<Weight> => {
    const guests = plan.guests.slice(from * perRoom, to === undefined ? to : to * perRoom);
    crowds.push(await gather({ ...plan, rooms: plan.rooms.slice(from, to), guests, perRoom }));
    await pause(4_000);
    return weightOf(contestant);
  };
  try {
    return [await fill(0, first), await fill(first)];
  } finally {
    for (const crowd of crowds) crowd.end();
  }
}

async function standing<T>(
  starting: Promise<Contestant>,
  work: (contestant: Contestant) => Promise<T>,
): Promise<T> {
  const contestant = await starting;
  try {
    return await work(contestant);
  } finally {
    await contestant.stop();
  }
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(2)) : value;
}
