/** Opens a room, or finds the one that is open: asked for twice at once, it is one. */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';
import { ASSISTANT } from './people.ts';
import type { NewRoom, Room } from './schemas.ts';
import type { SettingsKeeper } from './settings.ts';
import { isGuest, letIn, standingOf, toRoom } from './store.ts';
import type { Writer } from './writer.ts';

/** @throws ShopError `forbidden` where guests or the settings do not allow it */
export async function openRoom(
  platform: Pick<Platform, 'sql' | 'clock' | 'newId'>,
  writer: Writer,
  settings: SettingsKeeper,
  tenant: TenantId,
  person: string,
  { kind, title, access, key = kind }: NewRoom,
): Promise<Room> {
  const { sql, clock, newId } = platform;
  const { assistant, greeting } = await settings.get(tenant);
  if (kind === 'group' && isGuest(person))
    throw new ShopError('unauthenticated', 'Groups are for customers who are logged in.', {
      remedy: 'Log in at /api/accounts/login.',
    });
  if (kind === 'assistant' && !assistant)
    throw new ShopError('forbidden', 'This shop has no assistant.', { remedy: 'Write to its support.' });
  const name = kind === 'group' ? `g:${key}` : kind;
  const id = await sql.transaction(tenant, async (tx) => {
    const made = newId('room');
    const { rowCount } = await tx.query(
      `insert into chat_rooms (tenant_id, id, kind, access, title, created_by, key, created_at, active_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, date_trunc('minute', $8::timestamptz)) on conflict do nothing`,
      [tenant, made, kind, kind === 'group' ? access : 'members', title, person, name, clock.now()],
    );
    if (rowCount === 1) {
      await letIn(tx, tenant, made, person, 'owner', clock.now());
      return made;
    }
    const { rows } = await tx.query<{ id: string }>(
      `select id from chat_rooms where tenant_id = $1 and created_by = $2 and key = $3 and closed_at is null`,
      [tenant, person, name],
    );
    return rows[0]?.id;
  });
  // It was closed between the two statements.
  if (id === undefined)
    throw new ShopError('conflict', 'The room was just closed.', {
      remedy: 'Ask again.',
      retryAfterSeconds: 1,
    });
  if (kind === 'assistant' && greeting !== '')
    await writer.written(tenant, {
      room: id,
      from: ASSISTANT,
      cid: 'greeting',
      kind: 'text',
      text: greeting,
      attachments: [],
      ref: null,
      rules: undefined,
    });
  const { room, member } = await standingOf(sql, tenant, id, person);
  return toRoom(room, member?.read_seq ?? 0);
}
