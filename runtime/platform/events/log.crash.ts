/** A process the crash test kills: it emits, publishes and consumes, and tells its parent of every commit. */
import { pino } from 'pino';
import { systemClock } from '../clock.ts';
import { createNewId } from '../ids.ts';
import { createPostgres } from '../sql/postgres.ts';
import { createEventLog } from './log.ts';

const [, , connectionString = '', tenant = ''] = process.argv;
const sql = createPostgres({ connectionString, clock: systemClock, newId: createNewId(systemClock) });
const events = createEventLog({
  sql,
  clock: systemClock,
  log: pino({ level: 'silent' }),
  sweepMilliseconds: 20,
});
await events.subscribe('effects', ['x.thing'], async (event, tx) => {
  const { n } = event.payload as { n: number }; // emitted below
  await tx.query('INSERT INTO effects VALUES ($1, $2, $3)', [event.tenant, event.id, n]);
});
for (let n = 0; ; n++) {
  await sql.transaction(tenant, (tx) =>
    tx.emit({ topic: 'x.thing', type: 'x.thing.done', key: `k${n % 3}`, payload: { n } }),
  );
  process.send?.(n);
}
