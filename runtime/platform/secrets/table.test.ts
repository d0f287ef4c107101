import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { seal, startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { secretsContract } from '../contract/secrets.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { createSecrets } from './table.ts';

let database: TestDatabase;
let sql: PostgresSql;
before(async () => {
  database = await startTestDatabase([]);
  sql = database.open();
  await database.addTenant({ id: 'one' }, { payments: 'sk_test_ü' });
});
after(() => database.stop());

secretsContract('secrets in the database', () =>
  Promise.resolve({
    secrets: createSecrets({ sql, key: database.secretsKey }),
    async write(tenant, values) {
      await database.admin.query('DELETE FROM platform.tenant_secrets WHERE tenant_id = $1', [tenant]);
      await database.addTenant({ id: tenant }, values);
    },
    async copy([from, source], [to, target]) {
      await database.admin.query(
        `WITH changed AS (
           UPDATE platform.tenant_secrets SET value =
             (SELECT value FROM platform.tenant_secrets WHERE tenant_id = $1 AND name = $2)
           WHERE tenant_id = $3 AND name = $4 RETURNING tenant_id)
         SELECT pg_notify('tenants', tenant_id) FROM changed`,
        [from, source, to, target],
      );
    },
  }),
);

test('a sealed value moved to another tenant or name, or changed by one bit, does not open', async () => {
  const sealed = seal(database.secretsKey, 'one', 'payments', 'mine');
  const put = (tenant: string, name: string, value: Buffer) =>
    database.admin.query(`INSERT INTO platform.tenant_secrets VALUES ($1, $2, $3)`, [tenant, name, value]);
  await put('two', 'payments', sealed);
  await put('one', 'renamed', sealed);
  const bent = Buffer.from(sealed);
  bent[14] = (bent[14] ?? 0) ^ 1;
  await put('one', 'bent', bent);
  await put('one', 'short', Buffer.from('short'));
  const secrets = createSecrets({ sql, key: database.secretsKey });
  for (const [tenant, name] of [
    ['two', 'payments'],
    ['one', 'renamed'],
    ['one', 'bent'],
    ['one', 'short'],
  ] as const) {
    await assert.rejects(secrets.get(tenant, name), { code: 'internal' }, `${tenant}/${name}`);
  }
});

test('the wrong key opens nothing, and a key of the wrong length is refused at once', async () => {
  const stranger = createSecrets({ sql, key: randomBytes(32).toString('base64') });
  await assert.rejects(stranger.get('one', 'payments'), { code: 'internal' });
  assert.throws(() => createSecrets({ sql, key: 'c2hvcnQ=' }), /32/);
});
