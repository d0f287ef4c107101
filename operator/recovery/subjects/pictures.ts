/**
 * Pictures that a customer has brought to the shop. Their rows are erased with the others, and nobody sees them from then on; where the
 * bytes are only the shop's own runtime may know, so it removes them, by a task that is left for it here and waited for. No receipt is
 * given while there are any.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ident, type Database } from '../../provisioners/postgres/database.ts';
import type { Holder, Line } from './holder.ts';
import { homeOf } from './rows.ts';

const TASK = 'media.remove-erased-pictures';
const LOOK_MS = 100;

export interface PictureOptions {
  /** How long the shop's runtime is waited for. */
  readonly withinMs: number;
}

/** Comes after the rows: it goes by what these have left. */
export function createPictureHolder(database: Database, { withinMs }: PictureOptions): Holder {
  async function left(tenant: string): Promise<number> {
    const schema = ident(await homeOf(database, { tenant }));
    const [table] = await database.query<{ is_there: boolean }>(
      'select to_regclass($1) is not null as is_there',
      [`${schema}.media_shopper_pictures`],
    );
    // A dedicated shop has the tables of its own domains alone.
    if (table?.is_there !== true) return 0;
    // Of whomever: an erasure that was killed here is gone on with by the next one.
    const [answer] = await database.query<{ count: number }>(
      `select count(*)::int as count from ${schema}.media_shopper_pictures where tenant_id = $1 and state = 'erased'`,
      [tenant],
    );
    return answer?.count ?? 0;
  }

  return {
    name: 'pictures',
    // With the objects, by whoever can reach them.
    export: async () => [],
    async erase({ tenant }, remember) {
      const count = await left(tenant);
      if (count === 0) return;
      await remember([{ what: 'shoppers', action: 'deleted', count }]);
      const schema = ident(await homeOf(database, { tenant }));
      // The runtime finds it by its sweep, within seconds.
      await database.query(
        `insert into ${schema}.tasks (tenant_id, id, name, payload, run_at, created_at, updated_at)
         values ($1, $2, $3, '{}', now(), now(), now())`,
        [tenant, `tsk_${randomUUID().replaceAll('-', '')}`, TASK],
      );
      const deadline = performance.now() + withinMs;
      while (performance.now() < deadline && (await left(tenant)) > 0) await pause(LOOK_MS);
    },
    async verify({ tenant }) {
      const count = await left(tenant);
      return count === 0 ? [] : [{ what: 'shoppers', action: 'left', count } satisfies Line];
    },
  };
}
