/**
 * The rooms that somebody on this process listens to, kept in step with the database: each message reaches each listener once, in
 * order, whichever process wrote it.
 *
 * A room knows the sequence it has told so far. What follows it is told at once; what is behind a gap waits until the gap is read from
 * the table; what was told before is dropped. So pub/sub between processes, which may lose, double or turn over what it carries, only
 * ever makes it faster: what is lost is noticed by the next message, or by a look at the rooms' rows every few seconds.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Platform, SocketConnection } from '../../platform/domain.ts';
import type { TenantId } from '../../platform/ports.ts';
import { frameOf, framesOf } from '../../platform/sockets/frames.ts';
import { messagesBetween, messagesOfRooms, toMessage, type MessageRow } from './store.ts';
import { chunksOf, parseNews, type News } from './news.ts';
import type { Batch } from './writer.ts';

/** Somebody at one connection who listens to one room. */
export interface Seat {
  readonly room: LiveRoom;
  readonly connection: SocketConnection;
  readonly person: string;
  /** The room's rules when it was last looked at what they may do. */
  rules: number;
  mutedUntil: Date | null;
  isClosed: boolean;
  read: number;
  typedAt: number;
  /** While what came before is read from the table: what is told meanwhile, to follow it. */
  waiting: Buffer[] | undefined;
}

export interface LiveRoom {
  readonly tenant: TenantId;
  readonly id: string;
  /** Told up to here; -1 while it is being read. */
  seq: number;
  readonly seats: Set<Seat>;
  /** How many seats each person has here. */
  readonly present: Map<string, number>;
  /** Other processes with listeners, as they said last. */
  readonly others: Map<string, { present: Set<string>; seenAt: number }>;
  /** Another process was silent for so long that it was forgotten: it may have been only that nothing got through. */
  hasLost: boolean;
  /** Who sat down a moment ago: told to those who sat before. */
  readonly arriving: Arrival[];
  /** What is behind a gap. */
  readonly ahead: { readonly first: number; readonly texts: readonly string[] }[];
  /** Who went a moment ago and may be back at once, and until when. */
  readonly leaving: Map<string, number>;
  /** The room's rules as they were looked at last, and how often they were: whoever comes in meanwhile looks again. */
  rules: number;
  looks: number;
  emptySince: number;
  stop: () => Promise<void>;
}

interface Arrival {
  readonly seat: Seat;
  /** Whether they were nowhere in this process, and in no other. */
  readonly isFirstHere: boolean;
  readonly isNews: boolean;
}

export interface Rooms {
  /** The room, in step with the table from now on. */
  enter(tenant: TenantId, id: string): Promise<LiveRoom>;
  /** The room if somebody listens to it here. */
  known(tenant: TenantId, id: string): LiveRoom | undefined;
  /** Reads what this process has not heard of yet. Resolves when the room has told up to `seq`, or as far as there is something. */
  reach(room: LiveRoom, seq: number): Promise<void>;
  sit(seat: Seat): void;
  rise(seat: Seat): void;
  /** What this process has committed. */
  wrote(tenant: TenantId, batch: Batch): void;
  /** Tells everybody in the room, here and elsewhere, something that is not kept. */
  typing(seat: Seat): void;
  read(tenant: TenantId, room: string, person: string, seq: number): void;
  /** Who may do what in the room has changed: everybody looks again. */
  rulesChanged(tenant: TenantId, room: string): void;
  /** Everybody who is there, on any process. */
  presentIn(room: LiveRoom): string[];
  readonly size: number;
  close(): Promise<void>;
}

export interface RoomsOptions {
  readonly platform: Pick<Platform, 'sql' | 'pubsub' | 'clock' | 'log'>;
  /** What this process is called among those of its scope. */
  readonly node: string;
  readonly onRulesChanged: (room: LiveRoom) => Promise<void>;
  /** How often lost news is looked for. Default 10 s. */
  readonly sweepMilliseconds?: number;
  /** How long somebody may be gone before the others are told. Default 3 s. */
  readonly graceMilliseconds?: number;
}

/** What a room's row says of it. */
interface Head {
  readonly last_seq: number;
  readonly rules: number;
}

const TICK_MS = 500;
/** Those who come within so long are told of together: when a process has gone, thousands come to the others at once. */
const ARRIVALS_MS = 50;
/** What another process wrote before us is told by it a moment later. */
const PATIENCE_MS = 15;
const PAGE = 500;
/** Rooms that are read at once. */
const MOST_BEHIND = 200;
const EMPTY_MS = 10_000;

export function createRooms(options: RoomsOptions): Rooms {
  const { platform, node, onRulesChanged, sweepMilliseconds = 10_000, graceMilliseconds = 3_000 } = options;
  const { sql, pubsub, log } = platform;
  const live = new Map<string, LiveRoom>();
  /** By tenant: rooms that are behind, and somebody reads for. */
  const gaps = new Map<TenantId, Set<LiveRoom>>();
  const entering = new Map<string, Promise<LiveRoom>>();
  const nameOf = (tenant: TenantId, id: string): string => `${tenant}/${id}`;
  const now = (): number => performance.now();

  // ── telling ────────────────────────────────────────────────────────────────────────────────────

  function toAll(room: LiveRoom, frames: Buffer, except?: SocketConnection): void {
    for (const seat of room.seats) if (seat.connection !== except) toSeat(seat, frames);
  }

  function toSeat(seat: Seat, frames: Buffer): void {
    if (seat.waiting === undefined) seat.connection.write(frames);
    else if (seat.waiting.push(frames) > MOST_WAITING) seat.connection.close(TOO_SLOW, 'too slow');
  }

  /** Texts of messages from `first` on: tells what is new and follows, keeps what is behind a gap. */
  function take(room: LiveRoom, first: number, texts: readonly string[]): void {
    const last = lastOf(first, texts);
    if (room.seq >= 0 && last <= room.seq) return;
    if (room.seq < 0 || first > room.seq + 1) {
      room.ahead.push({ first, texts });
      if (room.seq >= 0) readGap(room);
      return;
    }
    const fresh = first === room.seq + 1 ? texts : texts.slice(room.seq + 1 - first);
    room.seq = last;
    toAll(room, framesOf(fresh));
    takeAhead(room);
  }

  function takeAhead(room: LiveRoom): void {
    if (room.ahead.length === 0) return;
    room.ahead.sort((a, b) => a.first - b.first);
    while (room.ahead[0] !== undefined && room.ahead[0].first <= room.seq + 1) {
      const next = room.ahead.shift();
      if (next !== undefined) take(room, next.first, next.texts);
    }
  }

  function readGap(room: LiveRoom): void {
    const behind = gaps.get(room.tenant);
    if (behind !== undefined) return void behind.add(room);
    const rooms = new Set([room]);
    gaps.set(room.tenant, rooms);
    void readGaps(room.tenant, rooms);
  }

  /** Reads what rooms of a tenant are behind, all of them at once, until there is nothing any more. */
  async function readGaps(tenant: TenantId, rooms: Set<LiveRoom>): Promise<void> {
    while (rooms.size > 0) {
      // What another process wrote before us is told by it a moment later, unless it may not say what it was.
      await pause(pubsub.isPrivate ? PATIENCE_MS : 0);
      const behind = [...rooms].slice(0, MOST_BEHIND);
      for (const room of behind) rooms.delete(room);
      try {
        await readUp(tenant, behind);
      } catch (error) {
        log.warn({ err: error, tenant }, 'messages that were told of cannot be read yet');
        await pause(1_000);
      }
      for (const room of behind) if (room.ahead.length > 0 && room.seats.size > 0) rooms.add(room);
    }
    gaps.delete(tenant);
  }

  async function readUp(tenant: TenantId, rooms: readonly LiveRoom[]): Promise<void> {
    const asked = rooms
      .filter(({ ahead }) => ahead.length > 0)
      .map((room) => ({ id: room.id, after: room.seq, upTo: heightOf(room), room }));
    if (asked.length === 0) return;
    const found = await messagesOfRooms(sql, tenant, asked, PAGE);
    for (const { id, upTo, room } of asked) {
      const rows = found.get(id) ?? [];
      const [first] = rows;
      if (first !== undefined) takeRead(room, first.seq, rows);
      // What was told of is not there: a database that was set back. Nobody is kept waiting for it.
      else
        room.ahead.splice(
          0,
          Infinity,
          ...room.ahead.filter(({ first: at, texts }) => lastOf(at, texts) > upTo),
        );
    }
  }

  function takeRead(room: LiveRoom, first: number, rows: readonly MessageRow[]): void {
    if (first > room.seq + 1) {
      log.error(
        { tenant: room.tenant, room: room.id, seq: room.seq },
        'a sequence is not in the table: a bug',
      );
      room.seq = first - 1;
    }
    take(room, first, textsOf(room.id, rows));
    takeAhead(room);
  }

  // ── between processes ──────────────────────────────────────────────────────────────────────────

  const channelOf = (id: string): string => `chat.${id}`;

  function publish(tenant: TenantId, id: string, news: string): void {
    pubsub
      .publish(tenant, channelOf(id), `${node} ${news}`)
      .catch((error: unknown) => log.debug({ err: error, tenant }, 'other processes were not told'));
  }

  /** Only where somebody else listens. */
  function publishTo(room: LiveRoom, news: string): void {
    if (room.others.size > 0) publish(room.tenant, room.id, news);
  }

  /** What is behind a gap counts: whoever comes in is told of nothing that was written before. */
  const heightOf = ({ seq, ahead }: LiveRoom): number =>
    Math.max(seq, ...ahead.map(({ first, texts }) => lastOf(first, texts)));

  const hereNews = (room: LiveRoom, isAsking: boolean): string =>
    `here ${heightOf(room)} ${isAsking ? 1 : 0} ${[...room.present.keys()].slice(0, MOST_PRESENT).join(',')}`;

  function hear(room: LiveRoom, message: string): void {
    const news = parseNews(message);
    if (news === undefined || news.node === node) return;
    if (news.kind === 'messages') return take(room, news.first, news.texts);
    if (news.kind === 'head') return catchUp(room, news.seq);
    if (news.kind === 'typing') return toAll(room, typingFrame(room, news.person));
    if (news.kind === 'read') return toAll(room, readFrame(room, news.person, news.seq));
    if (news.kind === 'rules') return lookAgain(room);
    hearOfPeople(room, news);
  }

  function hearOfPeople(room: LiveRoom, news: Extract<News, { kind: 'here' | 'gone' | 'people' }>): void {
    const before = new Set(room.others.get(news.node)?.present);
    if (news.kind === 'gone') room.others.delete(news.node);
    else {
      const present = news.kind === 'here' ? hereNow(news.present, before) : new Set(before);
      if (news.kind === 'people')
        for (const person of news.people) {
          if (news.isOnline) present.add(person);
          else present.delete(person);
        }
      room.others.set(news.node, { present, seenAt: now() });
      room.hasLost = false;
    }
    tellChanges(room, before, room.others.get(news.node)?.present ?? NOBODY);
    if (news.kind !== 'here') return;
    catchUp(room, news.seq);
    // From here on it is told everything; what came before is up to our sequence, which it reads from the table.
    if (news.isAsking) publish(room.tenant, room.id, hereNews(room, false));
  }

  function tellChanges(room: LiveRoom, before: ReadonlySet<string>, after: ReadonlySet<string>): void {
    const come = [...after.difference(before)].filter((person) => countOf(room, person) === 1);
    const gone = [...before.difference(after)].filter((person) => countOf(room, person) === 0);
    if (come.length + gone.length === 0) return;
    toAll(room, Buffer.concat([...presenceFrames(room, come, true), ...presenceFrames(room, gone, false)]));
  }

  /** On how many processes somebody is. */
  function countOf(room: LiveRoom, person: string): number {
    let count = room.present.has(person) || room.leaving.has(person) ? 1 : 0;
    for (const { present } of room.others.values()) if (present.has(person)) count += 1;
    return count;
  }

  /** There are messages up to `seq`, wherever. */
  function catchUp(room: LiveRoom, seq: number): void {
    if (room.seq < 0 || seq <= room.seq) return;
    room.ahead.push({ first: seq + 1, texts: NO_TEXTS });
    readGap(room);
  }

  // ── rooms come and go ──────────────────────────────────────────────────────────────────────────

  async function load(tenant: TenantId, id: string): Promise<LiveRoom> {
    const room: LiveRoom = {
      tenant,
      id,
      seq: -1,
      seats: new Set(),
      present: new Map(),
      others: new Map(),
      hasLost: false,
      arriving: [],
      ahead: [],
      leaving: new Map(),
      rules: 0,
      looks: 0,
      emptySince: now(),
      stop: () => Promise.resolve(),
    };
    const name = nameOf(tenant, id);
    live.set(name, room);
    try {
      // First listen, then read: what is committed in between is heard, what was before is read.
      room.stop = await pubsub.subscribe(tenant, channelOf(id), (message) => hear(room, message));
      publish(tenant, id, hereNews(room, true));
      const head = (await headsOf(tenant, [id])).get(id);
      room.seq = head?.last_seq ?? 0;
      room.rules = head?.rules ?? 0;
      takeAhead(room);
      if (room.ahead.length > 0) readGap(room);
      return room;
    } catch (error) {
      live.delete(name);
      await room.stop();
      throw error;
    }
  }

  async function headsOf(tenant: TenantId, ids: readonly string[]): Promise<ReadonlyMap<string, Head>> {
    const { rows } = await sql.query<Head & { readonly id: string }>(
      tenant,
      'select id, last_seq, rules from chat_rooms where tenant_id = $1 and id = any ($2::text[])',
      [tenant, ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  function unload(room: LiveRoom): void {
    live.delete(nameOf(room.tenant, room.id));
    publishTo(room, 'gone');
    room.stop().catch((error: unknown) => log.debug({ err: error }, 'a channel was not left'));
  }

  function lookAgain(room: LiveRoom): void {
    room.looks += 1;
    onRulesChanged(room).catch((error: unknown) =>
      log.warn({ err: error, tenant: room.tenant }, 'who may write in a room could not be read again'),
    );
  }

  // ── now and then ───────────────────────────────────────────────────────────────────────────────

  const ticking = setInterval(() => {
    const at = now();
    for (const room of live.values()) {
      tellDepartures(room, at);
      if (room.seats.size === 0 && room.seq >= 0 && at - room.emptySince > EMPTY_MS) unload(room);
    }
  }, TICK_MS);
  ticking.unref();

  function tellDepartures(room: LiveRoom, at: number): void {
    const left = [...room.leaving].filter(([, until]) => until <= at).map(([person]) => person);
    if (left.length === 0) return;
    for (const person of left) room.leaving.delete(person);
    publishPeople(room, left, false);
    const gone = left.filter((person) => countOf(room, person) === 0);
    if (gone.length > 0) toAll(room, Buffer.concat(presenceFrames(room, gone, false)));
  }

  /** Rooms somebody sat down in a moment ago. */
  const filling = new Set<LiveRoom>();
  let arriving: NodeJS.Timeout | undefined;

  function announce(room: LiveRoom, arrival: Arrival): void {
    room.arriving.push(arrival);
    filling.add(room);
    arriving ??= setTimeout(() => {
      arriving = undefined;
      for (const each of filling) tellArrivals(each);
      filling.clear();
    }, ARRIVALS_MS).unref();
  }

  function tellArrivals(room: LiveRoom): void {
    const arrivals = room.arriving.splice(0);
    const here = arrivals.filter(({ isFirstHere }) => isFirstHere).map(({ seat }) => seat.person);
    if (here.length > 0) publishPeople(room, here, true);
    const frames: Buffer[] = [];
    // Who came among them was told, when they sat down, of those who are there, and has yet to hear of those behind them.
    const known = new Map<Seat, number>();
    let size = 0;
    for (const { seat, isNews } of arrivals) {
      if (isNews) size += frames[frames.push(presenceFrame(room, seat.person, true)) - 1]?.length ?? 0;
      known.set(seat, size);
    }
    const all = Buffer.concat(frames);
    for (const seat of room.seats) {
      const from = known.get(seat) ?? 0;
      if (from < size) toSeat(seat, all.subarray(from));
    }
  }

  function publishPeople(room: LiveRoom, people: readonly string[], isOnline: boolean): void {
    for (let at = 0; at < people.length; at += MOST_PRESENT)
      publishTo(room, `people ${people.slice(at, at + MOST_PRESENT).join(',')} ${isOnline ? 1 : 0}`);
  }

  let sweep: Promise<void> | undefined;
  let isClosed = false;
  const sweeping = setInterval(() => {
    sweep ??= sweepAll().finally(() => (sweep = undefined));
  }, sweepMilliseconds);
  sweeping.unref();

  /** What pub/sub has lost is read from the rooms' rows; processes that died without a word are forgotten. */
  async function sweepAll(): Promise<void> {
    const byTenant = Map.groupBy(live.values(), ({ tenant }) => tenant);
    for (const [tenant, rooms] of byTenant) {
      if (isClosed) return;
      for (const room of rooms) {
        forgetSilent(room);
        if (room.others.size > 0) publish(tenant, room.id, hereNews(room, false));
        // Each may have forgotten the other: who waited to be told of somebody would wait for good.
        else if (room.hasLost) publish(tenant, room.id, hereNews(room, true));
      }
      try {
        const heads = await headsOf(
          tenant,
          rooms.map(({ id }) => id),
        );
        for (const room of rooms) {
          const head = heads.get(room.id);
          if (head === undefined) continue;
          if (head.last_seq > heightOf(room) && room.others.size === 0)
            publish(tenant, room.id, hereNews(room, true));
          catchUp(room, head.last_seq);
          if (head.rules !== room.rules) lookAgain(room);
          room.rules = head.rules;
        }
      } catch (error) {
        log.warn(
          { err: error, tenant },
          'rooms could not be looked at; messages of other processes may be late',
        );
      }
    }
  }

  function forgetSilent(room: LiveRoom): void {
    for (const [other, { seenAt, present }] of room.others) {
      if (now() - seenAt < 3.5 * sweepMilliseconds) continue;
      room.others.delete(other);
      room.hasLost = true;
      tellChanges(room, present, NOBODY);
    }
  }

  return {
    async enter(tenant, id) {
      const name = nameOf(tenant, id);
      const room = live.get(name);
      if (room !== undefined && room.seq >= 0) {
        room.emptySince = now();
        return room;
      }
      const loading = entering.get(name) ?? load(tenant, id).finally(() => entering.delete(name));
      entering.set(name, loading);
      return loading;
    },
    known: (tenant, id) => live.get(nameOf(tenant, id)),
    async reach(room, seq) {
      while (room.seq < seq) {
        const rows = await messagesBetween(sql, room.tenant, room.id, room.seq, seq, PAGE);
        const [first] = rows;
        if (first === undefined) return;
        take(room, first.seq, textsOf(room.id, rows));
      }
    },
    sit(seat) {
      const { room, person } = seat;
      room.seats.add(seat);
      const isBack = room.leaving.delete(person);
      const count = (room.present.get(person) ?? 0) + 1;
      room.present.set(person, count);
      const isFirstHere = count === 1 && !isBack;
      announce(room, { seat, isFirstHere, isNews: isFirstHere && countOf(room, person) === 1 });
    },
    rise(seat) {
      const { room, person } = seat;
      if (!room.seats.delete(seat)) return;
      const count = (room.present.get(person) ?? 1) - 1;
      if (count > 0) room.present.set(person, count);
      else {
        room.present.delete(person);
        room.leaving.set(person, now() + graceMilliseconds);
      }
      if (room.seats.size === 0) room.emptySince = now();
    },
    wrote(tenant, { room: id, messages }) {
      const room = live.get(nameOf(tenant, id));
      const first = messages[0]?.seq ?? 0;
      const texts = textsOf(id, messages);
      if (room !== undefined) take(room, first, texts);
      if (room !== undefined && room.others.size === 0) return;
      // Others read it from the table where what is said here is not the shop's alone to hear.
      const news = pubsub.isPrivate ? chunksOf(first, texts) : [`head ${lastOf(first, texts)}`];
      for (const each of news) publish(tenant, id, each);
    },
    typing({ room, person, connection }) {
      publishTo(room, `typing ${person}`);
      toAll(room, typingFrame(room, person), connection);
    },
    read(tenant, id, person, seq) {
      const room = live.get(nameOf(tenant, id));
      if (room === undefined) return publish(tenant, id, `read ${person} ${seq}`);
      publishTo(room, `read ${person} ${seq}`);
      toAll(room, readFrame(room, person, seq));
    },
    rulesChanged(tenant, id) {
      publish(tenant, id, 'rules');
      const room = live.get(nameOf(tenant, id));
      if (room !== undefined) lookAgain(room);
    },
    presentIn(room) {
      const all = new Set(room.present.keys());
      for (const { present } of room.others.values()) for (const person of present) all.add(person);
      return [...all];
    },
    get size() {
      return live.size;
    },
    async close() {
      isClosed = true;
      clearInterval(ticking);
      clearInterval(sweeping);
      clearTimeout(arriving);
      await sweep;
      for (const room of live.values()) unload(room);
    },
  };
}

/** Writes that may wait for somebody who is still reading what came before. */
const MOST_WAITING = 5_000;
/** As the host closes whoever reads too slowly: come again and resume. */
const TOO_SLOW = 4001;
/** How many of those who are present one message can name. */
const MOST_PRESENT = 100;

/** Who is there when these were named: of more than one message can name, also who was there before. */
function hereNow(named: readonly string[], before: ReadonlySet<string>): Set<string> {
  return named.length < MOST_PRESENT ? new Set(named) : before.union(new Set(named));
}

const NOBODY: ReadonlySet<string> = new Set();
const NO_TEXTS: readonly string[] = [];

/** The sequence of the last of them. */
const lastOf = (first: number, texts: readonly string[]): number => first + texts.length - 1;

/** A message as everybody in the room is told it. Made once, however many listen. */
export function textOf(room: string, row: MessageRow): string {
  return JSON.stringify({ t: 'message', room, ...toMessage(row) });
}

const textsOf = (room: string, rows: readonly MessageRow[]): string[] => rows.map((row) => textOf(room, row));

const typingFrame = (room: LiveRoom, who: string): Buffer => frameOf({ t: 'typing', room: room.id, who });
const readFrame = (room: LiveRoom, who: string, seq: number): Buffer =>
  frameOf({ t: 'read', room: room.id, who, seq });
const presenceFrame = (room: LiveRoom, who: string, online: boolean): Buffer =>
  frameOf({ t: 'presence', room: room.id, who, online });
const presenceFrames = (room: LiveRoom, people: readonly string[], online: boolean): Buffer[] =>
  people.map((person) => presenceFrame(room, person, online));
