/** Rooms, members and messages in the database: reads, and what changes without being a message. Writing messages is `writer.ts`. */
import { z } from 'zod';
import { decodeCursor, encodeCursor, PLACE } from '../../platform/cursor.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Sql, SqlRunner, TenantId } from '../../platform/ports.ts';
import type { Attachment, HistoryQuery, Member, Message, Room, RoomsQuery, Settings } from './schemas.ts';
import { MERCHANT } from './people.ts';

export interface RoomRow {
  readonly id: string;
  readonly kind: 'support' | 'group' | 'assistant';
  readonly access: 'members' | 'open';
  readonly title: string;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly active_at: Date;
  readonly closed_at: Date | null;
  readonly last_seq: number;
  readonly rules: number;
}

export interface MemberRow {
  readonly person: string;
  readonly role: 'owner' | 'member';
  readonly read_seq: number;
  readonly muted_until: Date | null;
  readonly banned: boolean;
}

export interface MessageRow {
  readonly seq: number;
  readonly sender: string;
  readonly client_id: string | null;
  readonly kind: Message['kind'];
  readonly body: string;
  readonly attachments: readonly Attachment[];
  readonly ref: number | null;
  readonly at: Date;
}

/** When something was last said in a room, and its id. */
const PLACE_IN_LIST = z.tuple([PLACE.timestamptz, PLACE.text]);

/** A room as one person stands to it. */
export interface Standing {
  readonly room: RoomRow;
  /** Absent: not in it, or the merchant who has left no mark yet. */
  readonly member: MemberRow | undefined;
}

const ROOM =
  'r.id, r.kind, r.access, r.title, r.created_by, r.created_at, r.active_at, r.closed_at, r.last_seq, r.rules';
const MEMBER = 'm.person, m.role, m.read_seq, m.muted_until, m.banned';
const MESSAGE = 'seq, sender, client_id, kind, body, attachments, ref, at';

/** @throws ShopError `not_found` */
export async function standingOf(
  sql: Sql,
  tenant: TenantId,
  roomId: string,
  person: string,
): Promise<Standing> {
  const { rows } = await sql.query<RoomRow & Partial<MemberRow>>(
    tenant,
    `select ${ROOM}, ${MEMBER} from chat_rooms r
     left join chat_members m on m.tenant_id = r.tenant_id and m.room_id = r.id and m.person = $3
     where r.tenant_id = $1 and r.id = $2`,
    [tenant, roomId, person],
  );
  const [row] = rows;
  if (row === undefined) throw noSuchRoom();
  // The join gives all of a member's columns or none.
  return { room: row, member: row.person === null ? undefined : (row as RoomRow & MemberRow) };
}

/**
 * The same for somebody who wants to see what is in it.
 * @throws ShopError `not_found` for a room that is not theirs, so that nobody learns which there are; `forbidden` when banned
 */
export async function seenBy(sql: Sql, tenant: TenantId, roomId: string, person: string): Promise<Standing> {
  const standing = await standingOf(sql, tenant, roomId, person);
  if (standing.member?.banned === true) throw banned();
  const isIn = person === MERCHANT || standing.member !== undefined;
  // An open room lets customers in; a guest's name costs nothing, so guests have to be let in.
  const mayCome = standing.room.access === 'open' && standing.room.closed_at === null && !isGuest(person);
  if (!isIn && !mayCome) throw noSuchRoom();
  return standing;
}

/** Whether they are in already. */
export async function letIn(
  sql: SqlRunner,
  tenant: TenantId,
  roomId: string,
  person: string,
  role: MemberRow['role'],
  now: Date,
): Promise<void> {
  await sql.query(
    `insert into chat_members (tenant_id, room_id, person, role, joined_at) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id, room_id, person) do nothing`,
    [tenant, roomId, person, role, now],
  );
}

/** @throws ShopError `forbidden` when they may not write now */
export function checkMayWrite({ room, member }: Standing, person: string, now: Date): void {
  if (room.closed_at !== null)
    throw new ShopError('forbidden', 'This room is closed.', { remedy: 'Open another one.' });
  if (member?.banned === true) throw banned();
  if (member?.muted_until && member.muted_until > now)
    throw new ShopError('forbidden', `Not before ${member.muted_until.toISOString()}.`, {
      remedy: 'Read what is written until then.',
    });
  if (member === undefined && person !== MERCHANT) throw noSuchRoom();
}

/** Messages behind `after` up to `upTo`, in order. */
export async function messagesBetween(
  sql: Sql,
  tenant: TenantId,
  roomId: string,
  after: number,
  upTo: number,
  limit: number,
): Promise<readonly MessageRow[]> {
  const { rows } = await sql.query<MessageRow>(
    tenant,
    `select ${MESSAGE} from chat_messages
     where tenant_id = $1 and room_id = $2 and seq > $3 and seq <= $4 order by seq limit $5`,
    [tenant, roomId, after, upTo, limit],
  );
  return rows;
}

/** Where a room is to be read on. */
export interface Gap {
  readonly id: string;
  readonly after: number;
  readonly upTo: number;
}

/** The same of several rooms at once, of each at most `limit`. A room of which there is nothing is left out. */
export async function messagesOfRooms(
  sql: Sql,
  tenant: TenantId,
  gaps: readonly Gap[],
  limit: number,
): Promise<ReadonlyMap<string, readonly MessageRow[]>> {
  const { rows } = await sql.query<MessageRow & { readonly room_id: string }>(
    tenant,
    `select m.* from unnest($2::text[], $3::bigint[], $4::bigint[]) as g (id, after, up_to)
     cross join lateral (
       select room_id, ${MESSAGE} from chat_messages
       where tenant_id = $1 and room_id = g.id and seq > g.after and seq <= g.up_to order by seq limit $5
     ) m`,
    [tenant, gaps.map(({ id }) => id), gaps.map(({ after }) => after), gaps.map(({ upTo }) => upTo), limit],
  );
  const found = Map.groupBy(rows, ({ room_id }) => room_id);
  for (const messages of found.values()) messages.sort((a, b) => a.seq - b.seq);
  return found;
}

/** A page, in order. */
export async function pageOf(
  sql: Sql,
  tenant: TenantId,
  roomId: string,
  { before, after, limit }: HistoryQuery,
): Promise<readonly MessageRow[]> {
  if (after !== undefined) return messagesBetween(sql, tenant, roomId, after, Number.MAX_SAFE_INTEGER, limit);
  const { rows } = await sql.query<MessageRow>(
    tenant,
    `select ${MESSAGE} from chat_messages where tenant_id = $1 and room_id = $2 and seq < $3
     order by seq desc limit $4`,
    [tenant, roomId, before ?? Number.MAX_SAFE_INTEGER, limit],
  );
  return rows.toReversed();
}

/** @param person whose rooms; undefined: all of them, as the merchant reads them */
export async function roomsOf(
  sql: Sql,
  tenant: TenantId,
  person: string | undefined,
  { kind, open, limit, cursor }: RoomsQuery,
): Promise<{ rooms: Room[]; nextCursor: string | null }> {
  const [at, id] = cursor === undefined ? [null, ''] : decodeCursor(cursor, PLACE_IN_LIST);
  const { rows } = await sql.query<RoomRow & { read_seq: number | null }>(
    tenant,
    `select ${ROOM}, m.read_seq from chat_rooms r
     left join chat_members m on m.tenant_id = r.tenant_id and m.room_id = r.id and m.person = $2
     where r.tenant_id = $1 and ($3 or (m.person is not null and not m.banned))
       and ($4::text is null or r.kind = $4) and ($5::boolean is null or (r.closed_at is null) = $5)
       and ($6::timestamptz is null or (r.active_at, r.id) < ($6, $7))
     order by r.active_at desc, r.id desc limit $8`,
    [tenant, person ?? MERCHANT, person === undefined, kind ?? null, open ?? null, at, id, limit + 1],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    rooms: page.map((row) => toRoom(row, row.read_seq ?? 0)),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor([last.active_at, last.id]) : null,
  };
}

export async function membersOf(sql: Sql, tenant: TenantId, roomId: string): Promise<readonly MemberRow[]> {
  const { rows } = await sql.query<MemberRow>(
    tenant,
    `select ${MEMBER} from chat_members m where tenant_id = $1 and room_id = $2 order by joined_at, person`,
    [tenant, roomId],
  );
  return rows;
}

/**
 * Marks of reading only ever go forward, whichever comes last. A mark lets nobody in: of whoever was taken out meanwhile it is nothing. The
 * merchant, who is in every room, has their first row by it.
 */
export async function markRead(
  sql: Sql,
  tenant: TenantId,
  marks: readonly { readonly room: string; readonly person: string; readonly seq: number }[],
  now: Date,
): Promise<void> {
  await sql.query(
    tenant,
    `with marks as (
       select r.id as room, n.person, least(n.seq, r.last_seq) as seq
       from unnest($2::text[], $3::text[], $4::bigint[]) as n (room, person, seq)
       join chat_rooms r on r.tenant_id = $1 and r.id = n.room
     ), members as (
       select m.room_id, m.person, k.seq from chat_members m
       join marks k on k.room = m.room_id and k.person = m.person
       where m.tenant_id = $1 and k.person <> $6 order by m.room_id, m.person for update of m
     ), read as (
       update chat_members m set read_seq = greatest(m.read_seq, k.seq) from members k
       where m.tenant_id = $1 and m.room_id = k.room_id and m.person = k.person
     )
     insert into chat_members (tenant_id, room_id, person, role, joined_at, read_seq)
     select $1, room, person, 'member', $5, seq from marks where person = $6 order by room
     on conflict (tenant_id, room_id, person) do update
       set read_seq = greatest(chat_members.read_seq, excluded.read_seq)`,
    [
      tenant,
      marks.map(({ room }) => room),
      marks.map((mark) => mark.person),
      marks.map(({ seq }) => seq),
      now,
      MERCHANT,
    ],
  );
}

export async function settingsOf(sql: Sql, tenant: TenantId): Promise<Settings> {
  const { rows } = await sql.query<{ blocked_words: string[]; assistant: boolean; greeting: string }>(
    tenant,
    'select blocked_words, assistant, greeting from chat_settings where tenant_id = $1',
    [tenant],
  );
  const [row] = rows;
  if (row === undefined) return { blockedWords: [], assistant: true, greeting: '' };
  return { blockedWords: row.blocked_words, assistant: row.assistant, greeting: row.greeting };
}

export function toRoom(row: RoomRow, read: number): Room {
  return {
    id: row.id,
    kind: row.kind,
    access: row.access,
    title: row.title,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    closedAt: row.closed_at?.toISOString() ?? null,
    seq: row.last_seq,
    read,
    unread: Math.max(0, row.last_seq - read),
  };
}

export function toMember({ person, role, read_seq, muted_until, banned: isBanned }: MemberRow): Member {
  return {
    person,
    role: person === MERCHANT ? 'merchant' : role,
    read: read_seq,
    mutedUntil: muted_until?.toISOString() ?? null,
    banned: isBanned,
  };
}

export function toMessage(row: MessageRow): Message {
  return {
    seq: row.seq,
    from: row.sender,
    cid: row.client_id,
    kind: row.kind,
    text: row.body,
    ...(row.attachments.length === 0 ? {} : { attachments: [...row.attachments] }),
    ...(row.ref === null ? {} : { ref: row.ref }),
    at: row.at.toISOString(),
  };
}

export function noSuchRoom(): ShopError {
  return new ShopError('not_found', 'There is no such room.', { remedy: 'Look at /api/chat/rooms.' });
}

export function banned(): ShopError {
  return new ShopError('forbidden', 'The merchant has closed this room to you.');
}

export function isGuest(person: string): boolean {
  return person.startsWith('gst_');
}
