import { after, before } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { systemClock } from '../clock.ts';
import { pubSubContract } from '../contract/pubsub.ts';
import { createNewId } from '../ids.ts';
import type { PubSub } from '../ports.ts';
import { createPostgres, type PostgresSql } from '../sql/postgres.ts';
import { createNotifyPubSub } from './notify.ts';

let database: TestDatabase;
const opened: PostgresSql[] = [];
let scopes = 0;

before(async () => {
  database = await startTestDatabase([]);
});
after(async () => {
  for (const sql of opened) await sql.close();
  await database.stop();
});

function open(scope: string): PubSub {
  const sql = createPostgres({
    connectionString: database.url,
    clock: systemClock,
    newId: createNewId(systemClock),
    connections: 2,
  });
  opened.push(sql);
  return createNotifyPubSub({ sql, scope, onError: () => undefined });
}

pubSubContract('pub/sub by NOTIFY', async () => {
  const scope = `scope-${++scopes}`;
  return { here: open(scope), there: open(scope) };
});
