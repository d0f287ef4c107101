/** What is asked of a message before it is written: its words and its files. */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';
import type { Attachment } from './schemas.ts';
import type { SettingsKeeper } from './settings.ts';

export interface Drafting {
  /** By the settings as they were read last. Throws ShopError `invalid_input`. */
  checkWords(tenant: TenantId, text: string): void;
  /** Throws ShopError `invalid_input` for a file that was never brought into the room. */
  checkAttachments(tenant: TenantId, room: string, attachments: readonly Attachment[]): Promise<void>;
}

export function createDrafting({ sql }: Pick<Platform, 'sql'>, settings: SettingsKeeper): Drafting {
  return {
    checkWords(tenant, text) {
      if (settings.last(tenant)?.isBlocked?.(text) === true)
        throw new ShopError('invalid_input', 'This shop does not want one of these words.', {
          remedy: 'Say it in other words.',
        });
    },
    async checkAttachments(tenant, room, attachments) {
      const ids = [...new Set(attachments.flatMap((each) => (each.kind === 'file' ? [each.id] : [])))];
      if (ids.length === 0) return;
      const { rows } = await sql.query<{ id: string }>(
        tenant,
        'select id from chat_attachments where tenant_id = $1 and room_id = $2 and id = any ($3::text[])',
        [tenant, room, ids],
      );
      const known = new Set(rows.map(({ id }) => id));
      const missing = ids.find((id) => !known.has(id));
      if (missing !== undefined)
        throw new ShopError('invalid_input', `There is no file ${missing} in this room.`, {
          remedy: 'Bring it there first.',
        });
    },
  };
}
