/**
 * What merchants keep in order. A message that is taken down keeps its place and says nothing any more; that it was is a message of its
 * own, so that whoever comes back later hears of it in turn. Who may write is a matter of the room's rules, whose number grows: a
 * message that was looked at by older ones is looked at again before it is written.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId, Transaction } from '../../platform/ports.ts';
import type { Files } from './files.ts';
import { HOUSE, MERCHANT } from './people.ts';
import type { Rooms } from './rooms.ts';
import type { Attachment, Member, MemberPatch, Room, RoomPatch, Settings } from './schemas.ts';
import { membersOf, noSuchRoom, standingOf, toMember, toRoom, type MemberRow } from './store.ts';
import type { Writer } from './writer.ts';

export interface Moderation {
  changeRoom(tenant: TenantId, room: string, patch: RoomPatch): Promise<Room>;
  members(tenant: TenantId, room: string): Promise<Member[]>;
  changeMember(tenant: TenantId, room: string, person: string, patch: MemberPatch): Promise<Member>;
  takeOut(tenant: TenantId, room: string, person: string): Promise<void>;
  remove(tenant: TenantId, room: string, seq: number): Promise<void>;
  report(tenant: TenantId, room: string, seq: number, reporter: string, reason: string): Promise<void>;
  reports(tenant: TenantId): Promise<Report[]>;
  settle(tenant: TenantId, room: string, seq: number): Promise<void>;
  putSettings(tenant: TenantId, settings: Settings): Promise<void>;
}

interface Report {
  readonly roomId: string;
  readonly seq: number;
  readonly reporter: string;
  readonly reason: string;
  readonly at: string;
  readonly text: string;
}

export interface ModerationOptions {
  readonly platform: Pick<Platform, 'sql' | 'clock'>;
  readonly rooms: Rooms;
  readonly writer: Writer;
  readonly files: Files;
}

export function createModeration({ platform, rooms, writer, files }: ModerationOptions): Moderation {
  const { sql, clock } = platform;

  /** In one transaction with the room's next rules; whoever sits in it is looked at again afterwards. */
  async function change<T>(
    tenant: TenantId,
    room: string,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    const result = await sql.transaction(tenant, async (tx) => {
      const { rowCount } = await tx.query(
        'update chat_rooms set rules = rules + 1 where tenant_id = $1 and id = $2',
        [tenant, room],
      );
      if (rowCount === 0) throw noSuchRoom();
      return work(tx);
    });
    rooms.rulesChanged(tenant, room);
    return result;
  }

  const notice = (tenant: TenantId, room: string, cid: string, text: string): Promise<unknown> =>
    writer.written(tenant, {
      room,
      from: HOUSE,
      cid,
      kind: 'notice',
      text,
      attachments: [],
      ref: null,
      rules: undefined,
    });

  return {
    async changeRoom(tenant, room, { title, closed }) {
      const rules = await change(tenant, room, async (tx) => {
        const { rows } = await tx.query<{ rules: number; before: boolean }>(
          `update chat_rooms r set title = coalesce($3, title),
             closed_at = case when $4::boolean is null then closed_at when $4 then coalesce(closed_at, $5) end
           from (select closed_at is not null as before from chat_rooms where tenant_id = $1 and id = $2) b
           where r.tenant_id = $1 and r.id = $2 returning r.rules, b.before`,
          [tenant, room, title ?? null, closed ?? null, clock.now()],
        );
        return rows[0];
      });
      if (closed !== undefined && rules !== undefined && closed !== rules.before)
        await notice(tenant, room, `room-${rules.rules}`, closed ? 'closed' : 'opened');
      const standing = await standingOf(sql, tenant, room, MERCHANT);
      return toRoom(standing.room, standing.member?.read_seq ?? 0);
    },

    async members(tenant, room) {
      await standingOf(sql, tenant, room, MERCHANT);
      return (await membersOf(sql, tenant, room)).map(toMember);
    },

    async changeMember(tenant, room, person, { mutedUntil, banned }) {
      if (person === MERCHANT)
        throw new ShopError('invalid_input', 'path/person: the merchant is in every room');
      const member = await change(tenant, room, async (tx) => {
        const { rows } = await tx.query<MemberRow>(
          `update chat_members set banned = coalesce($4, banned), muted_until = case when $5 then $6 else muted_until end
           where tenant_id = $1 and room_id = $2 and person = $3
           returning person, role, read_seq, muted_until, banned`,
          [
            tenant,
            room,
            person,
            banned ?? null,
            mutedUntil !== undefined,
            mutedUntil === undefined || mutedUntil === null ? null : new Date(mutedUntil),
          ],
        );
        if (rows[0] === undefined) throw new ShopError('not_found', 'Nobody of this name is in the room.');
        return rows[0];
      });
      return toMember(member);
    },

    async takeOut(tenant, room, person) {
      await change(tenant, room, (tx) =>
        tx.query(
          'delete from chat_members where tenant_id = $1 and room_id = $2 and person = $3 and not banned',
          [tenant, room, person],
        ),
      );
    },

    /** Each step may be repeated: whoever was interrupted asks for the removal again. */
    async remove(tenant, room, seq) {
      const { rows } = await sql.query<{ attachments: readonly Attachment[] }>(
        tenant,
        `select attachments from chat_messages where tenant_id = $1 and room_id = $2 and seq = $3 and kind = 'text'`,
        [tenant, room, seq],
      );
      const [message] = rows;
      if (message === undefined) throw new ShopError('not_found', 'There is no such message.');
      const ids = message.attachments.flatMap((each) => (each.kind === 'file' ? [each.id] : []));
      await files.remove(tenant, room, ids);
      await sql.transaction(tenant, async (tx) => {
        await tx.query(
          `update chat_messages set body = '', attachments = '[]' where tenant_id = $1 and room_id = $2 and seq = $3`,
          [tenant, room, seq],
        );
        await tx.query(SETTLE, [tenant, room, seq, clock.now()]);
      });
      await writer.written(tenant, {
        room,
        from: HOUSE,
        cid: `removal-${seq}`,
        kind: 'removal',
        text: '',
        attachments: [],
        ref: seq,
        rules: undefined,
      });
    },

    async report(tenant, room, seq, reporter, reason) {
      const { rowCount } = await sql.query(
        tenant,
        `insert into chat_reports (tenant_id, room_id, seq, reporter, reason, at)
         select $1, $2, m.seq, $4, $5, $6 from chat_messages m
         where m.tenant_id = $1 and m.room_id = $2 and m.seq = $3 and m.kind = 'text'
         on conflict (tenant_id, room_id, seq, reporter) do update set reason = excluded.reason`,
        [tenant, room, seq, reporter, reason, clock.now()],
      );
      if (rowCount === 0) throw new ShopError('not_found', 'There is no such message.');
    },

    async reports(tenant) {
      const { rows } = await sql.query<Omit<Report, 'at' | 'roomId'> & { at: Date; room_id: string }>(
        tenant,
        `select r.room_id, r.seq, r.reporter, r.reason, r.at, m.body as text
         from chat_reports r join chat_messages m on m.tenant_id = r.tenant_id and m.room_id = r.room_id and m.seq = r.seq
         where r.tenant_id = $1 and r.settled_at is null order by r.at limit 200`,
        [tenant],
      );
      return rows.map(({ room_id, at, ...rest }) => ({ ...rest, roomId: room_id, at: at.toISOString() }));
    },

    async settle(tenant, room, seq) {
      await sql.query(tenant, SETTLE, [tenant, room, seq, clock.now()]);
    },

    async putSettings(tenant, { blockedWords, assistant, greeting }) {
      await sql.query(
        tenant,
        `insert into chat_settings (tenant_id, blocked_words, assistant, greeting) values ($1, $2, $3, $4)
         on conflict (tenant_id) do update set blocked_words = $2, assistant = $3, greeting = $4`,
        [tenant, blockedWords, assistant, greeting],
      );
    },
  };
}

const SETTLE =
  'update chat_reports set settled_at = $4 where tenant_id = $1 and room_id = $2 and seq = $3 and settled_at is null';
