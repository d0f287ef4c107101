/**
 * What psql is told: everything but the password, which is in a file; and how the small prompt prints rows.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Login } from './login.ts';
import { resultText } from './prompt.ts';
import { psqlEnvironment } from './psql.ts';

const LOGIN: Login = {
  tenant: 'acme',
  schema: 'shop',
  url: new URL('postgres://shop_runtime:s3cret%2Fpw@127.0.0.1:6543/shopmind?sslmode=require'),
  write: false,
};

test('the session is the tenant’s, read-only, and the password is nowhere in it', () => {
  const env = psqlEnvironment(LOGIN, '/tmp/x/pgpass');
  assert.deepEqual(env, {
    PGHOST: '127.0.0.1',
    PGPORT: '6543',
    PGUSER: 'shop_runtime',
    PGDATABASE: 'shopmind',
    PGPASSFILE: '/tmp/x/pgpass',
    PGOPTIONS:
      '-c app.tenant=acme -c search_path=shop,public -c default_transaction_read_only=on ' +
      '-c statement_timeout=10min -c idle_in_transaction_session_timeout=10min',
    PGAPPNAME: 'kubectl-shopmind',
    PGSSLMODE: 'require',
  });
  assert.ok(!JSON.stringify(env).includes('s3cret'));
});

test('changes are allowed on request only', () => {
  assert.match(psqlEnvironment({ ...LOGIN, write: true }, 'f')['PGOPTIONS'] ?? '', /read_only=off /);
});

test('rows are a table, nothing is ∅, and a command says what it did', () => {
  const fields = ['id', 'note'].map((name) => ({ name })) as never;
  assert.equal(
    resultText({
      fields,
      rows: [
        { id: 1, note: null },
        { id: 22, note: { a: 1 } },
      ],
      rowCount: 2,
      command: 'SELECT',
    }),
    'id  note\n1   ∅\n22  {"a":1}\n(2 rows)',
  );
  assert.equal(resultText({ fields: [], rows: [], rowCount: 3, command: 'UPDATE' }), 'UPDATE 3');
});
