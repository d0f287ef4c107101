/** `npm run check:citus` on servers without Citus: it says so, checks what is unsharded, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Client } from 'pg';
import { startPostgres } from './postgres.ts';

const CHECK = join(import.meta.dirname, '../citus/check.ts');

for (const version of [15, 18] as const) {
  test(`PostgreSQL ${version} passes what of it is unsharded, twice, and is empty afterwards`, async (t) => {
    const server = await startPostgres({ version, password: 'root' });
    t.after(() => server.stop());
    for (let round = 0; round < 2; round++) {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const child = spawn(process.execPath, ['--test-reporter=tap', CHECK, server.adminUrl], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      assert.equal(code, 0, said);
      assert.match(said, /the server has no Citus/);
      assert.match(said, /# fail 0/);
      assert.doesNotMatch(said, /# pass [0-9]\n/);
    }
    const client = new Client({ connectionString: server.adminUrl });
    await client.connect();
    const left = await client.query(
      `select nspname as name from pg_namespace where nspname in ('shop', 'platform') or nspname like 'tenant\\_%'
       union all select rolname from pg_roles where rolname like 'shop\\_%' or rolname like 'tenant\\_%'`,
    );
    await client.end();
    assert.deepEqual(left.rows, []);
  });
}
