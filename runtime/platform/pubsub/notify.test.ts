import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { until } from '../../../tests/support/wait.ts';
import { pubSubContract } from '../contract/pubsub.ts';
import type { PubSub } from '../ports.ts';
import { createNotifyPubSub } from './notify.ts';

let database: TestDatabase;
let scopes = 0;

before(async () => {
  database = await startTestDatabase([]);
});
after(() => database.stop());

function open(scope: string): PubSub {
  return createNotifyPubSub({ sql: database.open({ connections: 2 }), scope, onError: () => undefined });
}

pubSubContract('pub/sub by NOTIFY', async () => {
  const scope = `scope-${++scopes}`;
  return { here: open(scope), there: open(scope) };
});

test('what is said while a statement is under way goes with the next, in order; what is too much is refused and the rest goes on', async () => {
  const statements: string[][] = [];
  const answers: PromiseWithResolvers<void>[] = [];
  const pubsub = createNotifyPubSub({
    sql: {
      notify(_, ...payloads) {
        statements.push([...payloads]);
        const answer = Promise.withResolvers<void>();
        answers.push(answer);
        return answer.promise;
      },
      listen: () => Promise.resolve(),
    },
    scope: 'pool',
    onError: () => undefined,
  });
  const say = (message: string): Promise<void> => pubsub.publish('acme', 'news', message);
  const answered = async (count: number): Promise<PromiseWithResolvers<void>> => {
    await until(() => answers.length >= count || undefined, {
      everyMs: 1,
      what: `statement ${count} is sent`,
    });
    return answers[count - 1] ?? assert.fail();
  };
  const first = say('first');
  const statement = await answered(1);
  const rest = Array.from({ length: 2_000 }, (_, n) => say(String(n)));
  await assert.rejects(say('one too many'), { code: 'unavailable' });
  statement.reject(new Error('away'));
  await assert.rejects(first, /away/);
  (await answered(2)).resolve();
  await Promise.all(rest);
  assert.deepEqual(
    statements.map((said) => said.length),
    [1, 2_000],
  );
  assert.equal(statements[1]?.at(-1), '["acme","news","1999"]');
});
