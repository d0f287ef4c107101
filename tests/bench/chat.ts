/**
 * `npm run bench:chat`: rooms in which messages of 200 letters are told to everybody, here, at Socket.IO and on bare `ws`, in one run: the
 * rate grows until one delivery in a hundred takes 200 ms or what arrives falls behind. Ours commits each message, its event and its
 * place before it is told; the others keep nothing. Prints the tables of docs/benchmarks.md.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startOurs, startPeer, type Contestant, type Size } from './chat/contestants.ts';
import { gather } from './chat/crowd.ts';
import { cpuSeconds, treeCpuSeconds } from './cpu.ts';
import { machine } from './machine.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    rooms: { type: 'string', default: '40' },
    'per-room': { type: 'string', default: '50' },
    /** Messages a second at first, and by how much they grow. */
    start: { type: 'string', default: '800' },
    step: { type: 'string', default: '1.25' },
    seconds: { type: 'string', default: '5' },
    /** Idle connections that are weighed; 0: none. */
    idle: { type: 'string', default: '3000' },
    only: { type: 'string', default: 'shopmind,socket.io,ws,pairs' },
  },
});
const rooms = Number(values.rooms);
const perRoom = Number(values['per-room']);
const asked = new Set(values.only.split(','));

interface Figure {
  readonly messages: number;
  readonly deliveries: number;
  readonly share: number;
  readonly p50: number;
  readonly p99: number;
  /** Cores in use. */
  readonly server: number;
  readonly behind: number;
  readonly clients: number;
  readonly microsPerDelivery: number;
  readonly memory: number;
}

interface Entry {
  readonly name: string;
  readonly best: Figure | undefined;
  /** The last that kept within 20 ms for 99 in 100. */
  readonly comfortable: Figure | undefined;
  readonly idleKb: number | undefined;
}

const entries: Entry[] = [];
const one: Size = { rooms, perRoom, nodes: 1 };
const two: Size = { rooms, perRoom, nodes: 2 };
if (asked.has('ws')) entries.push(await compete('bare ws', one, (size) => startPeer('ws', size)));
if (asked.has('socket.io'))
  entries.push(await compete('Socket.IO 4.8', one, (size) => startPeer('socket.io', size)));
if (asked.has('shopmind')) entries.push(await compete('ShopMind, PostgreSQL', one, startOurs));
if (asked.has('pairs')) {
  entries.push(await compete('Socket.IO 4.8, two with Redis', two, (size) => startPeer('socket.io', size)));
  entries.push(await compete('ShopMind, two with Redis, PostgreSQL', two, startOurs));
}
process.stdout.write(`${machine()}; ${rooms} rooms of ${perRoom}, ${values.seconds} s a rate\n\n${report()}`);

async function compete(name: string, size: Size, start: (size: Size) => Promise<Contestant>): Promise<Entry> {
  const figures: Figure[] = [];
  const contestant = await start(size);
  const crowd = await gather({ ...contestant.plan, perRoom }).catch(async (error: unknown) => {
    await contestant.stop();
    throw error;
  });
  try {
    for (let rate = Number(values.start); rate < 30_000; rate *= Number(values.step)) {
      const figure = await measure(contestant, crowd, rate);
      process.stderr.write(
        `${name}: ${JSON.stringify(figure, (_, value: unknown) => (typeof value === 'number' ? Number(value.toFixed(2)) : value))}\n`,
      );
      if (figure.p99 >= 200 || figure.share < 0.95 || figure.messages < rate * 0.9) break;
      figures.push(figure);
    }
  } finally {
    crowd.end();
    await contestant.stop();
  }
  const idleKb = size.nodes === 1 ? await weigh(start) : undefined;
  return { name, best: figures.at(-1), comfortable: figures.findLast(({ p99 }) => p99 < 20), idleKb };
}

async function measure(
  contestant: Contestant,
  crowd: Awaited<ReturnType<typeof gather>>,
  rate: number,
): Promise<Figure> {
  await crowd.talk(rate);
  await pause(2_000);
  const before = await crowd.report();
  const [server0, behind0, at0] = [
    await cpuSeconds(contestant.servers),
    await cpuBehind(contestant),
    performance.now(),
  ];
  await pause(Number(values.seconds) * 1_000);
  const after = await crowd.report();
  const seconds = (performance.now() - at0) / 1_000;
  const server = (await cpuSeconds(contestant.servers)) - server0;
  if (after.refused > 0) process.stderr.write(`${after.refused} were refused\n`);
  const sorted = after.latencies.toSorted((a, b) => a - b);
  return {
    messages: after.sent / seconds,
    deliveries: after.got / seconds,
    share: after.got / (after.sent * perRoom),
    p50: sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.POSITIVE_INFINITY,
    server: server / seconds,
    behind: ((await cpuBehind(contestant)) - behind0) / seconds,
    clients: (after.cpuSeconds - before.cpuSeconds) / seconds,
    microsPerDelivery: (server / after.got) * 1e6,
    memory: await memoryMb(contestant.servers),
  };
}

async function cpuBehind({ behind }: Contestant): Promise<number> {
  const seconds = await Promise.all(behind.map(treeCpuSeconds));
  return seconds.reduce((sum, each) => sum + each, 0);
}

/** Memory of a connection that sits in its room and says nothing. */
async function weigh(start: (size: Size) => Promise<Contestant>): Promise<number | undefined> {
  const count = Number(values.idle);
  if (count === 0) return undefined;
  const contestant = await start({ rooms: Math.round(count / perRoom), perRoom, nodes: 1 });
  try {
    const before = await memoryMb(contestant.servers);
    const crowd = await gather({ ...contestant.plan, perRoom });
    await pause(8_000);
    const after = await memoryMb(contestant.servers);
    crowd.end();
    return ((after - before) * 1024) / (Math.round(count / perRoom) * perRoom);
  } finally {
    await contestant.stop();
  }
}

async function memoryMb(pids: readonly number[]): Promise<number> {
  let kb = 0;
  for (const pid of pids)
    kb += Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return kb / 1024;
}

function report(): string {
  const head = [
    '',
    'deliveries/s at p99 < 200 ms',
    'p99',
    'at p99 < 20 ms',
    'server CPU a delivery',
    'server',
    'behind',
    'clients',
    'memory',
    'an idle connection',
  ];
  return table(
    head,
    entries.map(({ name, best, comfortable, idleKb }) => [
      name,
      best?.deliveries.toFixed(0) ?? '–',
      best === undefined ? '–' : `${best.p99.toFixed(0)} ms`,
      comfortable?.deliveries.toFixed(0) ?? '–',
      best === undefined ? '–' : `${best.microsPerDelivery.toFixed(1)} µs`,
      `${best?.server.toFixed(2) ?? '–'} cores`,
      `${best?.behind.toFixed(2) ?? '–'}`,
      `${best?.clients.toFixed(2) ?? '–'}`,
      best === undefined ? '–' : `${best.memory.toFixed(0)} MB`,
      idleKb === undefined ? '–' : `${idleKb.toFixed(1)} KB`,
    ]),
  );
}
