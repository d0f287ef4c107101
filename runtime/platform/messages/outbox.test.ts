/** The embedded adapters of mail, SMS and push on a real PostgreSQL: the contract of mail, and what only an outbox has. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { manualClock } from '../clock.ts';
import { mailContract } from '../contract/mail.ts';
import type { MailMessage, OutboxMessage } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { createOutbox } from './outbox.ts';

const clock = manualClock();
let database: TestDatabase;
let sql: PostgresSql;
before(async () => {
  database = await startTestDatabase([]);
  sql = database.open({ clock });
});
after(() => database.stop());

mailContract('outbox', async () => {
  await database.admin.query('truncate shop.sent_messages');
  const { mail, outbox } = createOutbox({ sql, clock });
  return {
    mail,
    folds: true,
    async arrived(tenant) {
      const found = await outbox.list(tenant, { limit: 100 });
      // Only mails are sent here.
      return found.toReversed().map(({ message }) => arrived(message as MailMessage));
    },
  };
});

const arrived = (message: MailMessage) => ({
  ...message,
  from: message.from.address,
  headers: {
    'list-unsubscribe': `<${message.unsubscribe}>`,
    'list-unsubscribe-post': 'List-Unsubscribe=One-Click',
    'reply-to': message.replyTo ?? '',
  },
});

test('an outbox is turned over page by page, newest first, and shows nothing of another shop', async () => {
  await database.admin.query('truncate shop.sent_messages');
  const { sms, outbox } = createOutbox({ sql, clock });
  for (let n = 0; n < 5; n++) {
    clock.advance(1_000);
    await sms.send('one', { id: `ntf_${n}`, to: '+4915112345678', text: `text ${n}` });
  }
  const pages: OutboxMessage[][] = [];
  for (let before: string | undefined; ;) {
    const page = await outbox.list('one', { limit: 2, ...(before === undefined ? {} : { before }) });
    if (page.length === 0) break;
    pages.push([...page]);
    before = page.at(-1)?.id;
  }
  assert.deepEqual(
    pages.flat().map(({ id }) => id),
    ['ntf_4', 'ntf_3', 'ntf_2', 'ntf_1', 'ntf_0'],
  );
  assert.deepEqual(await outbox.list('two', { limit: 10 }), []);
  assert.equal(await outbox.get('two', 'ntf_1'), undefined);
  assert.equal((await outbox.get('one', 'ntf_1'))?.recipient, '+4915112345678');
});
