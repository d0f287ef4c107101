/**
 * Writes messages. Many are one transaction: what comes while the last one is on its way goes together, for all rooms of a tenant. So a
 * lone message waits for nothing; the more there were, the longer the next ones are gathered, and a crowd costs a hundred commits a
 * second at most.
 *
 * A transaction is two ways to the server: on the first the rooms' rows are locked in order of their ids; on the second go the messages
 * with the next sequences, how far the rooms are now, one event a room for the outbox, and the commit. A message whose client id is there
 * already is refused by its index, and with it the transaction, which is then done again with a look at what is there: it changes nothing
 * and answers what was written first. So whoever does not know whether a commit took place sends the same again, this process included.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { MessageEvent } from './schemas.ts';
import type { TenantId, Transaction } from '../../platform/ports.ts';
import { noSuchRoom, type MessageRow, type RoomRow } from './store.ts';
import { ASSISTANT } from './people.ts';

/** A message on its way into the database. */
export interface Draft {
  readonly room: string;
  readonly from: string;
  readonly cid: string;
  readonly kind: MessageRow['kind'];
  readonly text: string;
  readonly attachments: MessageRow['attachments'];
  readonly ref: number | null;
  /** The room's rules when its sender was looked at; undefined: whoever writes it asks nobody. */
  readonly rules: number | undefined;
  /** W3C traceparent of its sender's doing. `write` knows it. */
  readonly trace?: string;
  /** Called once: with what is durable now, or why it is not. */
  readonly settled: (outcome: Written | ShopError) => void;
}

export interface Written {
  readonly seq: number;
  readonly at: Date;
}

/** What came into a room at once, in order and without a gap. */
export interface Batch {
  readonly room: string;
  readonly messages: readonly MessageRow[];
}

export interface WriterOptions {
  readonly platform: Pick<Platform, 'sql' | 'clock' | 'log' | 'tracing'>;
  /** Called after the commit, before any draft is settled. */
  readonly onWritten: (tenant: TenantId, batch: Batch) => void;
  /**
   * The rules of a room have changed since the draft's sender was looked at.
   * @returns the rules now, when they may still write
   * @throws ShopError `forbidden` or `not_found`
   */
  readonly lookAgain: (tenant: TenantId, room: string, person: string) => Promise<number>;
  /** From the start of one transaction of a tenant to the start of the next, at least, when there are many messages. Default 8. */
  readonly windowMilliseconds?: number;
}

export interface Writer {
  write(tenant: TenantId, draft: Draft): void;
  /** The same, for those who wait. */
  written(tenant: TenantId, draft: Omit<Draft, 'settled'>): Promise<Written>;
  /** Resolves when all that was given is settled. */
  idle(): Promise<void>;
}

/** Messages of one transaction. */
const MOST = 500;
/** With so many in one transaction the next begins after a whole window, with fewer as much earlier. */
const MANY = 16;
/** Those that wait for a tenant; beyond that they are refused. */
const CROWD = 20_000;
const TRIES = 6;

interface Line {
  readonly waiting: Draft[];
  isBusy: boolean;
  /** The start of the last transaction, and its messages. */
  startedAt: number;
  count: number;
}

export function createWriter(options: WriterOptions): Writer {
  const { platform, onWritten, lookAgain, windowMilliseconds = 8 } = options;
  const { sql, clock, log, tracing } = platform;
  /** What is written together belongs to none of its senders. */
  const apart = AsyncLocalStorage.snapshot();
  const lines = new Map<TenantId, Line>();
  let onIdle: (() => void)[] = [];

  function write(tenant: TenantId, draft: Draft): void {
    let line = lines.get(tenant);
    if (line === undefined)
      lines.set(tenant, (line = { waiting: [], isBusy: false, startedAt: -Infinity, count: 0 }));
    if (line.waiting.length >= CROWD)
      return draft.settled(
        new ShopError('unavailable', 'Too many messages wait to be written.', { retryAfterSeconds: 1 }),
      );
    const trace = tracing.here();
    line.waiting.push(trace === undefined ? draft : { ...draft, trace });
    if (!line.isBusy) void apart(run, tenant, line);
  }

  async function run(tenant: TenantId, line: Line): Promise<void> {
    line.isBusy = true;
    while (line.waiting.length > 0) {
      const window = windowMilliseconds * Math.min(1, line.count / MANY);
      const rest = line.startedAt + window - performance.now();
      if (rest >= 1) await pause(rest);
      line.startedAt = performance.now();
      const drafts = line.waiting.splice(0, MOST);
      line.count = drafts.length;
      await writeAll(tenant, drafts);
    }
    line.isBusy = false;
    lines.delete(tenant);
    if (lines.size > 0) return;
    for (const resolve of onIdle) resolve();
    onIdle = [];
  }

  /** Settles every draft, whatever happens. */
  async function writeAll(tenant: TenantId, given: readonly Draft[]): Promise<void> {
    let drafts = given;
    let mayBeThere = false;
    for (let tries = 1; drafts.length > 0; tries++) {
      try {
        const changed = await tracing.span(
          'chat write',
          () => once(tenant, drafts, mayBeThere),
          originsOf(drafts),
        );
        if (changed === undefined) return;
        drafts = await lookAtSenders(tenant, drafts, changed);
      } catch (error) {
        const failure = toFailure(error, tenant, log);
        if (failure.code === 'conflict' && !mayBeThere) {
          mayBeThere = true;
          continue;
        }
        if (!isTransient(failure)) return await oneByOne(tenant, drafts, failure);
        if (tries >= TRIES) return refuse(drafts, failure);
        // Nobody knows whether it was committed: what is there already is found by its client ids.
        mayBeThere = true;
        await pause(50 * 2 ** tries * (0.5 + Math.random()));
      }
    }
  }

  /** What the database cannot take is refused alone: nobody's message waits on another's. */
  async function oneByOne(tenant: TenantId, drafts: readonly Draft[], failure: ShopError): Promise<void> {
    if (drafts.length === 1) return refuse(drafts, failure);
    for (const draft of drafts) await writeAll(tenant, [draft]);
  }

  /** @returns the rooms whose rules have changed, when nothing was written for that */
  async function once(
    tenant: TenantId,
    drafts: readonly Draft[],
    mayBeThere: boolean,
  ): Promise<ReadonlySet<string> | undefined> {
    const outcome = await attempt(tenant, drafts, mayBeThere);
    if ('changed' in outcome) return outcome.changed;
    tell(tenant, drafts, outcome.batches, outcome.known);
    return undefined;
  }

  async function attempt(tenant: TenantId, drafts: readonly Draft[], mayBeThere: boolean): Promise<Outcome> {
    try {
      return await sql.transaction(tenant, async (tx): Promise<Outcome> => {
        // Sent together and done in this order: what others wrote before we had the locks is seen.
        const [rooms, known] = await Promise.all([
          lock(tx, tenant, drafts),
          mayBeThere ? alreadyThere(tx, tenant, drafts) : NOTHING,
        ]);
        const changed = new Set(
          drafts.filter((draft) => isOutdated(draft, rooms.get(draft.room))).map(({ room }) => room),
        );
        if (changed.size > 0) throw new Left(changed);
        const batches = sequence(drafts, rooms, known, clock.now());
        if (batches.length > 0) {
          insert(tx, tenant, batches);
          moveOn(tx, tenant, batches);
          await announce(tx, batches, rooms);
        }
        return { batches, known };
      });
    } catch (error) {
      if (error instanceof Left) return { changed: error.rooms };
      throw error;
    }
  }

  function tell(
    tenant: TenantId,
    drafts: readonly Draft[],
    batches: readonly Batch[],
    known: ReadonlyMap<string, Written>,
  ): void {
    const places = new Map(known);
    for (const batch of batches) {
      onWritten(tenant, batch);
      for (const { sender, client_id, seq, at } of batch.messages)
        places.set(nameOf(batch.room, sender, client_id ?? ''), { seq, at });
    }
    for (const draft of drafts) {
      const place = places.get(nameOf(draft.room, draft.from, draft.cid));
      // What the house says of a room that is gone.
      draft.settled(place ?? noSuchRoom());
    }
  }

  /** Those whose senders may still write, by the rules as they are now; the others are refused. */
  async function lookAtSenders(
    tenant: TenantId,
    drafts: readonly Draft[],
    rooms: ReadonlySet<string>,
  ): Promise<readonly Draft[]> {
    const looks = new Map<string, Promise<number>>();
    const left: Draft[] = [];
    for (const draft of drafts) {
      if (!rooms.has(draft.room) || draft.rules === undefined) {
        // What the house says of a room that is gone reaches nobody.
        left.push(draft);
        continue;
      }
      const who = `${draft.room}\0${draft.from}`;
      const look = looks.get(who) ?? lookAgain(tenant, draft.room, draft.from);
      looks.set(who, look);
      try {
        left.push({ ...draft, rules: await look });
      } catch (error) {
        draft.settled(toFailure(error, tenant, log));
      }
    }
    return left;
  }

  return {
    write,
    written: (tenant, draft) =>
      new Promise((resolve, reject) =>
        write(tenant, {
          ...draft,
          settled: (outcome) => (outcome instanceof ShopError ? reject(outcome) : resolve(outcome)),
        }),
      ),
    idle: () => (lines.size === 0 ? Promise.resolve() : new Promise((resolve) => onIdle.push(resolve))),
  };
}

type Outcome =
  | { readonly batches: readonly Batch[]; readonly known: ReadonlyMap<string, Written> }
  | { readonly changed: ReadonlySet<string> };

/** Leaves a transaction that shall change nothing: rules of these rooms have changed. */
class Left extends Error {
  readonly rooms: ReadonlySet<string>;

  constructor(rooms: ReadonlySet<string>) {
    super('nothing is written this time');
    this.rooms = rooms;
  }
}

type LockedRoom = Pick<RoomRow, 'id' | 'kind' | 'last_seq' | 'rules' | 'closed_at'>;

const NOTHING: ReadonlyMap<string, Written> = new Map();

const nameOf = (room: string, from: string, cid: string): string => `${room}\0${from}\0${cid}`;

async function lock(
  tx: Transaction,
  tenant: TenantId,
  drafts: readonly Draft[],
): Promise<ReadonlyMap<string, LockedRoom>> {
  const { rows } = await tx.query<LockedRoom>(
    `select id, kind, last_seq, rules, closed_at from chat_rooms
     where tenant_id = $1 and id = any ($2::text[]) order by id for update`,
    [tenant, [...new Set(drafts.map(({ room }) => room))]],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

function isOutdated(draft: Draft, room: LockedRoom | undefined): boolean {
  return draft.rules !== undefined && (room === undefined || room.rules !== draft.rules);
}

async function alreadyThere(
  tx: Transaction,
  tenant: TenantId,
  drafts: readonly Draft[],
): Promise<ReadonlyMap<string, Written>> {
  const { rows } = await tx.query<{ room_id: string; sender: string; client_id: string } & Written>(
    `select m.room_id, m.sender, m.client_id, m.seq, m.at
     from unnest($2::text[], $3::text[], $4::text[]) as d (room, sender, cid)
     join chat_messages m on m.tenant_id = $1 and m.room_id = d.room and m.sender = d.sender and m.client_id = d.cid`,
    [tenant, drafts.map(({ room }) => room), drafts.map(({ from }) => from), drafts.map(({ cid }) => cid)],
  );
  return new Map(
    rows.map(({ room_id, sender, client_id, seq, at }) => [nameOf(room_id, sender, client_id), { seq, at }]),
  );
}

/** Gives each its place; of those with one name only the first. */
function sequence(
  drafts: readonly Draft[],
  rooms: ReadonlyMap<string, LockedRoom>,
  known: ReadonlyMap<string, Written>,
  at: Date,
): readonly Batch[] {
  const batches = new Map<string, MessageRow[]>();
  const named = new Set<string>();
  for (const draft of drafts) {
    const name = nameOf(draft.room, draft.from, draft.cid);
    const room = rooms.get(draft.room);
    if (room === undefined || known.has(name) || named.has(name)) continue;
    named.add(name);
    const messages = batches.get(draft.room) ?? [];
    if (messages.length === 0) batches.set(draft.room, messages);
    messages.push({
      seq: room.last_seq + messages.length + 1,
      sender: draft.from,
      client_id: draft.cid,
      kind: draft.kind,
      body: draft.text,
      attachments: draft.attachments,
      ref: draft.ref,
      at,
    });
  }
  return [...batches].map(([room, messages]) => ({ room, messages }));
}

function insert(tx: Transaction, tenant: TenantId, batches: readonly Batch[]): void {
  const all = batches.flatMap(({ messages }) => messages);
  tx.atEnd(
    `insert into chat_messages (tenant_id, room_id, seq, sender, client_id, kind, body, attachments, ref, at)
     select $1, m.room, m.seq, m.sender, m.cid, m.kind, m.body, m.attachments::jsonb, m.ref, $10
     from unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])
       as m (room, seq, sender, cid, kind, body, attachments, ref)`,
    [
      tenant,
      batches.flatMap(({ room, messages }) => messages.map(() => room)),
      all.map(({ seq }) => seq),
      all.map(({ sender }) => sender),
      all.map(({ client_id }) => client_id),
      all.map(({ kind }) => kind),
      all.map(({ body }) => body),
      all.map(({ attachments }) => (attachments.length === 0 ? '[]' : JSON.stringify(attachments))),
      all.map(({ ref }) => ref),
      all[0]?.at ?? null,
    ],
  );
}

const MINUTES_MS = 60_000;

function moveOn(tx: Transaction, tenant: TenantId, batches: readonly Batch[]): void {
  const at = batches[0]?.messages[0]?.at.getTime() ?? 0;
  tx.atEnd(
    `update chat_rooms r set last_seq = n.seq, active_at = greatest(r.active_at, $4)
     from unnest($2::text[], $3::bigint[]) as n (id, seq) where r.tenant_id = $1 and r.id = n.id`,
    [
      tenant,
      batches.map(({ room }) => room),
      batches.map(({ messages }) => messages.at(-1)?.seq ?? 0),
      new Date(Math.floor(at / MINUTES_MS) * MINUTES_MS),
    ],
  );
}

async function announce(
  tx: Transaction,
  batches: readonly Batch[],
  rooms: ReadonlyMap<string, LockedRoom>,
): Promise<void> {
  for (const { room, messages } of batches) {
    const kind = rooms.get(room)?.kind ?? 'group';
    const payload: MessageEvent = {
      roomId: room,
      kind,
      messages: messages.map(({ seq, sender, kind: what, body, attachments }) => ({
        seq,
        from: sender,
        kind: what,
        letters: body.length,
        attachments: attachments.length,
      })),
    };
    await tx.emit({ topic: 'chat.message', type: 'chat.message.written', key: room, payload });
    const isAsked = messages.some(({ sender, kind: what }) => sender !== ASSISTANT && what === 'text');
    if (kind === 'assistant' && isAsked)
      await tx.enqueue({ name: 'chat.answer', payload: { roomId: room }, key: room });
  }
}

function originsOf(drafts: readonly Draft[]): readonly string[] {
  return drafts.flatMap(({ trace }) => trace ?? []);
}

function isTransient({ code }: ShopError): boolean {
  return code === 'unavailable' || code === 'timeout' || code === 'conflict';
}

function toFailure(error: unknown, tenant: TenantId, log: Platform['log']): ShopError {
  if (error instanceof ShopError) return error;
  log.error({ err: error, tenant }, 'messages could not be written');
  return new ShopError('internal', 'The message could not be written.', { cause: error });
}

function refuse(drafts: readonly Draft[], failure: ShopError): void {
  for (const draft of drafts) draft.settled(failure);
}
