/** For races that a test decides: holds rows of the database until others wait for them. */
import type { TestDatabase } from './database.ts';
import { until } from './wait.ts';

/**
 * Runs `change` in a transaction, then begins what comes meanwhile, and commits once `count` statements wait for a lock or all that came
 * has ended without. @returns what came of it
 */
export async function whileHeld<T>(
  { admin }: Pick<TestDatabase, 'admin'>,
  [change, values]: readonly [text: string, values: readonly unknown[]],
  come: () => Promise<T>,
  count = 1,
): Promise<T> {
  const holder = await admin.connect();
  try {
    await holder.query('begin');
    await holder.query(change, [...values]);
    let hasEnded = false;
    const coming = come().finally(() => (hasEnded = true));
    // Whoever waits for it below hears how it failed.
    coming.catch(() => undefined);
    await until(
      async () => {
        const { rowCount } = await admin.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return hasEnded || (rowCount ?? 0) >= count || undefined;
      },
      { withinMs: 30_000, what: `${count} wait` },
    );
    await holder.query('commit');
    return await coming;
  } finally {
    // Whatever it still holds goes with its connection.
    holder.release(true);
  }
}
