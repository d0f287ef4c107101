/**
 * A crowd of clients in one process: opens its share of the rooms' connections, sends at the rate it is told, and counts what arrives. All
 * contestants are spoken to by the same bare client, so that what a client costs is the same for all.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Asked, Plan, Report } from './crowd.ts';
import { LETTERS } from './crowd.ts';

const [plan] = (await once(process, 'message')) as [Plan]; // of `crowd.ts`
const rooms: WebSocket[][] = [];
let got = 0;
let sent = 0;
let acked = 0;
let refused = 0;
let perSecond = 0;
let latencies: number[] = [];
let count = 0;

const clock = (): number => performance.timeOrigin + performance.now();
const [STAMP, ACK, REFUSED] = [Buffer.from('@'), Buffer.from('{"t":"ack"'), Buffer.from('{"t":"refused"')];
/** One in so many is timed. */
const SAMPLED = 16;

function arrived(data: Buffer): void {
  const at = data.indexOf(STAMP);
  if (at < 0) return;
  got += 1;
  if ((got & (SAMPLED - 1)) === 0) latencies.push(clock() - Number(data.toString('latin1', at + 1, at + 15)));
}

const stamped = (): string => `@${clock().toFixed(0).padStart(14, '0')}`.padEnd(LETTERS, 'x');

/** How each contestant is spoken to: opens a connection in a room, and says a message. */
const SPOKEN: Record<
  Plan['kind'],
  { open: (member: number) => Promise<WebSocket>; say: (room: string) => string }
> = {
  'socket.io': {
    open: (member) =>
      new Promise((resolve, reject) => {
        const socket = connect(
          member,
          `/socket.io/?EIO=4&transport=websocket&room=${roomOf(member)}`,
          undefined,
        );
        socket.on('error', reject);
        socket.on('message', (data: Buffer) => {
          if (data[0] === 0x30) socket.send('40');
          else if (data[0] === 0x32) socket.send('3');
          else if (data[0] === 0x34 && data[1] === 0x30) resolve(socket);
          else arrived(data);
        });
      }),
    say: () => `42${JSON.stringify(['m', { b: stamped() }])}`,
  },
  ws: {
    open: (member) =>
      new Promise((resolve, reject) => {
        const socket = connect(member, `/?room=${roomOf(member)}`, undefined);
        socket.on('error', reject);
        socket.once('open', () => resolve(socket));
        socket.on('message', (data: Buffer) => arrived(data));
      }),
    say: () => JSON.stringify(['m', { b: stamped() }]),
  },
  shopmind: {
    open: (member) =>
      new Promise((resolve, reject) => {
        const socket = connect(member, '/api/chat/socket', 'shopmind.chat.v1');
        socket.on('error', reject);
        socket.once('open', () => socket.send(JSON.stringify({ t: 'hello', guest: plan.guests[member] })));
        socket.on('message', (data: Buffer) => {
          if (data.subarray(0, ACK.length).equals(ACK)) acked += 1;
          else if (data.subarray(0, REFUSED.length).equals(REFUSED)) refused += 1;
          else if (data.includes('"t":"welcome"'))
            socket.send(JSON.stringify({ t: 'join', room: roomOf(member) }));
          else if (data.includes('"t":"joined"')) resolve(socket);
          else arrived(data);
        });
      }),
    say: (room) => JSON.stringify({ t: 'send', room, cid: `b-${process.pid}-${count++}`, text: stamped() }),
  },
};

function roomOf(member: number): string {
  return plan.rooms[Math.floor(member / plan.perRoom)] ?? '';
}

function connect(member: number, path: string, protocol: string | undefined): WebSocket {
  const port = plan.ports[member % plan.ports.length];
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol === undefined ? [] : [protocol], {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    headers: { host: plan.host },
  });
}

const { open, say } = SPOKEN[plan.kind];
for (const [index] of plan.rooms.entries()) {
  const members = Array.from({ length: plan.perRoom }, (_, n) => index * plan.perRoom + n);
  rooms.push(await Promise.all(members.map(open)));
}

let owed = 0;
let last = performance.now();
let turn = 0;
setInterval(() => {
  const now = performance.now();
  // Who was kept from sending for long does not send it all at once.
  owed = Math.min(owed + (perSecond * (now - last)) / 1_000, perSecond);
  last = now;
  for (; owed >= 1; owed--) {
    const at = turn % rooms.length;
    const members = rooms[at] ?? [];
    // Each room's members in turn: none is to talk more than a member may.
    members[Math.floor(turn / rooms.length) % members.length]?.send(say(plan.rooms[at] ?? ''));
    turn += 1;
    sent += 1;
  }
}, 2);

process.on('message', (asked) => {
  const { perSecond: wanted, isNew } = asked as Asked; // of `crowd.ts`
  if (wanted !== undefined) perSecond = wanted;
  const report: Report = { got, sent, acked, refused, latencies, cpu: process.cpuUsage() };
  if (isNew === true) {
    [got, sent, acked, refused, latencies] = [0, 0, 0, 0, []];
  }
  process.send?.(report);
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
