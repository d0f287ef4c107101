/** A process the crash test kills: it emits, relays to Kafka and consumes, and tells its parent of every commit. */
import { pino } from 'pino';
import { systemClock } from '../../runtime/platform/clock.ts';
import { createKafkaEvents } from '../../runtime/platform/events/kafka.ts';
import { createNewId } from '../../runtime/platform/ids.ts';
import { createPostgres } from '../../runtime/platform/sql/postgres.ts';

const [, , connectionString = '', address = '', tenant = ''] = process.argv;
const sql = createPostgres({ connectionString, clock: systemClock, newId: createNewId(systemClock) });
const events = createKafkaEvents({
  sql,
  clock: systemClock,
  log: pino({ level: 'silent' }),
  address,
  scope: 'pool',
  sweepMilliseconds: 20,
});
await events.subscribe('effects', ['x.thing'], async (event, tx) => {
  if (event.tenant !== tenant) return;
  const { n } = event.payload as { n: number }; // emitted below
  await tx.query('INSERT INTO effects VALUES ($1, $2, $3)', [event.tenant, event.id, n]);
});
for (let n = 0; ; n++) {
  await sql.transaction(tenant, (tx) =>
    tx.emit({ topic: 'x.thing', type: 'x.thing.done', key: `k${n % 3}`, payload: { n } }),
  );
  process.send?.(n);
}
