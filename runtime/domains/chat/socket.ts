/**
 * The conversation over the WebSocket: hello, then rooms joined and left, messages, typing, marks of reading. Coming back is a join
 * that names the last message one has: what was missed is read from the table and what happens meanwhile waits its turn, so that
 * nothing is left out at the seam and nothing comes twice.
 */
import type { Platform, SocketConnection, SocketHandler } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import { frameOf, framesOf } from '../../platform/sockets/frames.ts';
import { refusalOf } from '../../platform/sockets/refusal.ts';
import type { Marks } from './marks.ts';
import { guestOf, MERCHANT, newGuestToken } from './people.ts';
import { textOf, type LiveRoom, type Rooms, type Seat } from './rooms.ts';
import type { Hello, Join, Leave, Read, Send, Typing } from './schemas.ts';
import type { SettingsKeeper } from './settings.ts';
import { letIn, membersOf, messagesBetween, seenBy, type Standing } from './store.ts';
import type { Drafting } from './drafting.ts';
import type { Writer } from './writer.ts';

/** What is kept of a connection. */
export interface Talk {
  readonly person: string;
  readonly seats: Seat[];
}

type Connection = SocketConnection<Talk>;

export interface TalkOptions {
  readonly platform: Pick<Platform, 'sql' | 'clock'>;
  readonly rooms: Rooms;
  readonly writer: Writer;
  readonly marks: Marks;
  readonly settings: SettingsKeeper;
  readonly drafting: Drafting;
}

/** Rooms of one connection. */
const MOST_ROOMS = 100;
/** Messages a join without a last one brings. */
const LATEST = 50;
/** Messages a join brings at most: who was away for longer starts at these. */
const MOST_MISSED = 2_000;
const PAGE = 200;
const TYPING_EVERY_MS = 2_000;

export function createTalk({
  platform,
  rooms,
  writer,
  marks,
  settings,
  drafting,
}: TalkOptions): SocketHandler<Talk> {
  const { sql, clock } = platform;

  async function hello(connection: Connection, { as, token, guest }: Hello): Promise<void> {
    if (connection.state !== undefined)
      throw new ShopError('conflict', 'hello was said already.', { remedy: 'Connect again to be another.' });
    const caller =
      token === undefined && as === 'shopper'
        ? connection.caller
        : await connection.identify(as, token ?? '');
    const { person, isNew } = personOf(connection, caller, guest);
    connection.state = { person, seats: [] };
    connection.write(frameOf({ t: 'welcome', me: person, ...(isNew === undefined ? {} : { guest: isNew }) }));
  }

  async function join(connection: Connection, { room: id, after }: Join): Promise<void> {
    const { person, seats } = talkOf(connection);
    const { tenant } = connection;
    if (seats.some(({ room }) => room.id === id))
      throw new ShopError('conflict', 'This room is joined already.', { remedy: 'Leave it first.' });
    if (seats.length >= MOST_ROOMS)
      throw new ShopError('invalid_input', `At most ${MOST_ROOMS} rooms at once.`, { remedy: 'Leave one.' });
    await settings.get(tenant.id);
    await comeIn(tenant.id, id, person);
    const room = await rooms.enter(tenant.id, id);
    const reads = await readsOf(tenant.id, id);
    const standing = await standingIn(room, person, after ?? 0);
    if (!connection.isOpen) return;

    const target = room.seq;
    const isKnown = after !== undefined && after <= target && target - after <= MOST_MISSED;
    const have = isKnown ? after : Math.max(0, target - (after === undefined ? LATEST : MOST_MISSED));
    const read = standing.member?.read_seq ?? 0;
    const seat: Seat = {
      room,
      connection,
      person,
      rules: standing.room.rules,
      mutedUntil: standing.member?.muted_until ?? null,
      isClosed: standing.room.closed_at !== null,
      read,
      typedAt: -Infinity,
      waiting: [],
    };
    seats.push(seat);
    rooms.sit(seat);
    const present = rooms.presentIn(room).slice(0, MOST_NAMED);
    connection.write(frameOf({ t: 'joined', room: id, from: have + 1, seq: target, read, present, reads }));
    try {
      await bringUp(seat, have, target);
    } catch (error) {
      // It would wait for what is missing for good.
      stand(connection, seat);
      throw error;
    }
  }

  /** What the person missed, then what was told meanwhile; from then on they hear as everybody does. */
  async function bringUp(seat: Seat, from: number, target: number): Promise<void> {
    const { room, connection } = seat;
    for (let have = from; have < target && connection.isOpen;) {
      const rows = await messagesBetween(sql, room.tenant, room.id, have, target, PAGE);
      const last = rows.at(-1);
      if (last === undefined) break;
      connection.write(framesOf(rows.map((row) => textOf(room.id, row))));
      have = last.seq;
      // A page at a time on its way: who reads slowly is waited for, not dropped.
      if (have < target) await connection.flushed();
    }
    const { waiting } = seat;
    seat.waiting = undefined;
    if (waiting !== undefined && waiting.length > 0) connection.write(Buffer.concat(waiting));
  }

  async function comeIn(tenant: string, id: string, person: string): Promise<void> {
    const { member } = await seenBy(sql, tenant, id, person);
    if (member === undefined && person !== MERCHANT)
      await sql.transaction(tenant, (tx) => letIn(tx, tenant, id, person, 'member', clock.now()));
  }

  /**
   * As it is when the person takes their seat: later changes find them there. Another process may have told them more than this one has
   * heard of yet; then it catches up with them first.
   */
  async function standingIn(room: LiveRoom, person: string, after: number): Promise<Standing> {
    for (;;) {
      const { looks } = room;
      const standing = await seenBy(sql, room.tenant, room.id, person);
      const upTo = Math.min(after, standing.room.last_seq);
      if (room.seq < upTo) await rooms.reach(room, upTo);
      else if (looks === room.looks) return standing;
    }
  }

  async function readsOf(tenant: string, id: string): Promise<Record<string, number>> {
    const members = await membersOf(sql, tenant, id);
    const some = members.filter(({ read_seq }) => read_seq > 0).slice(0, MOST_NAMED);
    return Object.fromEntries(some.map(({ person, read_seq }) => [person, read_seq]));
  }

  function send(connection: Connection, message: Send): void | Promise<void> {
    const seat = seatOf(connection, message.room);
    if (seat.isClosed)
      throw new ShopError('forbidden', 'This room is closed.', { remedy: 'Open another one.' });
    if (seat.mutedUntil !== null && seat.mutedUntil > clock.now())
      throw new ShopError('forbidden', `Not before ${seat.mutedUntil.toISOString()}.`);
    drafting.checkWords(connection.tenant.id, message.text);
    const { room, cid } = message;
    const write = (): void =>
      writer.write(connection.tenant.id, {
        room,
        from: seat.person,
        cid,
        kind: 'text',
        text: message.text,
        attachments: message.attachments,
        ref: null,
        rules: seat.rules,
        settled: (outcome) =>
          connection.write(
            outcome instanceof ShopError
              ? refusalOf(outcome, cid)
              : frameOf({ t: 'ack', room, cid, seq: outcome.seq, at: outcome.at.toISOString() }),
          ),
      });
    if (message.attachments.length === 0) return write();
    return drafting.checkAttachments(connection.tenant.id, room, message.attachments).then(write);
  }

  function typing(connection: Connection, { room }: Typing): void {
    const seat = seatOf(connection, room);
    const now = performance.now();
    if (now - seat.typedAt < TYPING_EVERY_MS) return;
    seat.typedAt = now;
    rooms.typing(seat);
  }

  function read(connection: Connection, { room, seq }: Read): void {
    const seat = seatOf(connection, room);
    const upTo = Math.min(seq, seat.room.seq);
    if (upTo <= seat.read) return;
    seat.read = upTo;
    marks.set(connection.tenant.id, room, seat.person, upTo);
  }

  function stand(connection: Connection, seat: Seat): void {
    rooms.rise(seat);
    const { seats } = talkOf(connection);
    seats.splice(seats.indexOf(seat), 1);
  }

  return {
    opened() {
      // Nothing to say before hello.
    },
    // The definition's schema of `t` has parsed each of them.
    heard(connection, message) {
      if (message.t === 'hello') return hello(connection, message as unknown as Hello);
      if (message.t === 'join') return join(connection, message as unknown as Join);
      if (message.t === 'send') return send(connection, message as unknown as Send);
      if (message.t === 'typing') return typing(connection, message as unknown as Typing);
      if (message.t === 'read') return read(connection, message as unknown as Read);
      const { room } = message as unknown as Leave;
      stand(connection, seatOf(connection, room));
      connection.write(frameOf({ t: 'left', room, why: 'asked' }));
    },
    closed(connection) {
      for (const seat of connection.state?.seats ?? []) rooms.rise(seat);
      connection.state = undefined;
    },
    async drain() {
      await writer.idle();
      await marks.close();
      await rooms.close();
    },
  };
}

/** Present people and read marks a join names; of larger rooms these are not everybody. */
const MOST_NAMED = 100;

function talkOf(connection: Connection): Talk {
  if (connection.state !== undefined) return connection.state;
  throw new ShopError('unauthenticated', 'Nobody knows who this is.', { remedy: 'Say hello first.' });
}

function seatOf(connection: Connection, room: string): Seat {
  const seat = talkOf(connection).seats.find((each) => each.room.id === room);
  if (seat !== undefined) return seat;
  throw new ShopError('not_found', 'This room is not joined.', { remedy: 'Join it first.' });
}

function personOf(
  { tenant }: Connection,
  caller: Connection['caller'],
  token: string | undefined,
): { readonly person: string; readonly isNew?: string } {
  if (caller.kind === 'merchant') return { person: MERCHANT };
  if (caller.customerId !== undefined) return { person: caller.customerId };
  const known = guestOf(tenant.id, token);
  if (known !== undefined) return { person: known };
  if (token !== undefined)
    throw new ShopError('unauthenticated', 'This is no guest’s token of this shop.', {
      remedy: 'Say hello without one, and keep what you are given.',
    });
  const isNew = newGuestToken(tenant.id);
  return { person: guestOf(tenant.id, isNew) ?? '', isNew };
}

/** Kicks or corrects those who sit in a room after its rules have changed. */
export async function reseat(
  rooms: Rooms,
  room: Seat['room'],
  standingOf: (person: string) => Promise<Standing>,
): Promise<void> {
  for (const person of new Set([...room.seats].map((seat) => seat.person))) {
    const { room: row, member } = await standingOf(person);
    const isOut = member?.banned === true || (member === undefined && person !== MERCHANT);
    for (const seat of [...room.seats].filter((each) => each.person === person)) {
      seat.rules = row.rules;
      seat.mutedUntil = member?.muted_until ?? null;
      seat.isClosed = row.closed_at !== null;
      if (!isOut) continue;
      rooms.rise(seat);
      const talk = seat.connection.state as Talk | undefined; // only this file keeps something there
      talk?.seats.splice(talk.seats.indexOf(seat), 1);
      const why = member?.banned === true ? 'banned' : 'removed';
      seat.connection.write(frameOf({ t: 'left', room: room.id, why }));
    }
  }
}
