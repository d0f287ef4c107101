import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readdirSync, readFileSync } from 'node:fs';
import { startTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { HOST_ROUTES } from '../host/definition.ts';
import { openApiOf } from '../host/openapi.ts';
import { platform } from '../platform/sql/definition.ts';
import { DOMAINS } from './index.ts';

let database: TestDatabase;
before(async () => {
  database = await startTestDatabase(DOMAINS);
});
after(() => database.stop());

const ALL = [platform, ...DOMAINS];
const TABLES = ALL.flatMap(({ name, tables }) => tables.map((table) => ({ domain: name, ...table })));

test('names are unique: tables, topics, tasks, buckets, routes', () => {
  for (const names of [
    TABLES.map(({ name }) => name),
    ALL.flatMap(({ topics }) => topics.map(({ name }) => name)),
    ALL.flatMap(({ tasks }) => tasks.map(({ name }) => name)),
    ALL.flatMap(({ routes }) => routes.map(({ method, path }) => `${method} ${path}`)),
    ALL.flatMap(({ name, routes }) => routes.map(({ id }) => `${name}.${id}`)),
  ]) {
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  }
});

test('what a domain consumes, some domain says', () => {
  const said = new Set(ALL.flatMap(({ topics }) => topics.map(({ name }) => name)));
  for (const { name, consumes } of ALL)
    for (const topic of consumes) assert.ok(said.has(topic), `${name} consumes ${topic}`);
});

test('every table a migration makes is declared, and its primary key begins with tenant_id', async () => {
  const { rows } = await database.admin.query<{ table: string; columns: string[] }>(
    `SELECT c.relname AS table, array_agg(a.attname::text ORDER BY k.place) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'shop'
     LEFT JOIN pg_constraint p ON p.conrelid = c.oid AND p.contype = 'p'
     LEFT JOIN unnest(p.conkey) WITH ORDINALITY AS k (number, place) ON true
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
     WHERE c.relkind = 'r' GROUP BY c.relname`,
  );
  const declared = TABLES.map(({ name }) => name).toSorted();
  assert.deepEqual(rows.map(({ table }) => table).toSorted(), declared);
  for (const { table, columns } of rows) assert.equal(columns[0], 'tenant_id', table);
});

test('every unique index and foreign key includes tenant_id, as Citus wants it', async () => {
  const { rows } = await database.admin.query<{ name: string }>(
    `SELECT i.indexrelid::regclass::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'shop'
     WHERE i.indisunique AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND a.attnum = ANY (i.indkey))
     UNION ALL
     SELECT conname FROM pg_constraint f JOIN pg_namespace n ON n.oid = f.connamespace AND n.nspname = 'shop'
     WHERE f.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = f.conrelid AND a.attname = 'tenant_id' AND a.attnum = ANY (f.conkey))`,
  );
  assert.deepEqual(rows, []);
});

test('no migration uses what Citus forbids', () => {
  for (const { name, migrations } of ALL) {
    for (const file of readdirSync(migrations).filter((entry) => entry.endsWith('.sql'))) {
      const text = readFileSync(new URL(file, migrations), 'utf8').replaceAll(/--.*$/gm, '');
      assert.doesNotMatch(
        text,
        /\b(?:create\s+(?:constraint\s+)?trigger|generated\s+(?:always|by\s+default)\s+as\s+identity|bigserial|serial|set_config)\b/i,
        `${name}/${file}`,
      );
    }
  }
});

test('what a customer is given of a table leaves out whatever is the shop’s secret', async () => {
  const { rows } = await database.admin.query<{ place: string }>(
    `SELECT table_name || '.' || column_name AS place FROM information_schema.columns WHERE table_schema = 'shop'`,
  );
  const places = new Set(rows.map(({ place }) => place));
  const withheld = TABLES.flatMap(({ name, personal }) =>
    (personal?.withhold ?? []).map((column) => `${name}.${column}`),
  );
  assert.deepEqual(
    withheld.filter((place) => !places.has(place)),
    [],
  );
  // The platform's own tables are given to nobody.
  const personal = new Set(
    DOMAINS.flatMap(({ tables }) => tables.flatMap((t) => (t.personal ? [t.name] : []))),
  );
  const secret = [...places].filter(
    (place) =>
      personal.has(place.slice(0, place.indexOf('.'))) &&
      /\.\w*(?:hash|secret|password|challenge|credential|public_key|sealed)/.test(place),
  );
  assert.deepEqual(
    secret.filter((place) => !withheld.includes(place)),
    [],
  );
});

test('under the runtime’s role no table shows, takes or gives a row of another tenant', async (context) => {
  await database.admin.query(WITHOUT_CHECKS);
  const { Client } = await import('pg');
  const runtime = new Client({ connectionString: database.url });
  await runtime.connect();
  context.after(() => runtime.end());
  for (const { name, spread, access, sweep } of TABLES) {
    if (spread !== 'tenant') continue;
    await fillOne(name);
    const as = async (tenant: string, text: string): Promise<number> => {
      await runtime.query('BEGIN');
      try {
        await runtime.query(`SET LOCAL app.tenant = '${tenant}'`);
        return (await runtime.query(text)).rowCount ?? 0;
      } finally {
        await runtime.query('ROLLBACK');
      }
    };
    assert.equal(await as('mine', `SELECT 1 FROM ${name}`), 1, `${name}: its own row`);
    assert.equal(await as('other', `SELECT 1 FROM ${name}`), 0, `${name}: reading`);
    assert.equal(await as('*', `SELECT 1 FROM ${name}`), sweep ? 1 : 0, `${name}: sweeping`);
    assert.equal((await runtime.query(`SELECT 1 FROM ${name}`)).rowCount, 0, `${name}: without a tenant`);
    if (access === 'write') {
      for (const tenant of ['other', '*']) {
        assert.equal(
          await as(tenant, `UPDATE ${name} SET tenant_id = tenant_id`),
          0,
          `${name}: changing as ${tenant}`,
        );
        assert.equal(await as(tenant, `DELETE FROM ${name}`), 0, `${name}: deleting as ${tenant}`);
      }
      await assert.rejects(
        as('mine', `UPDATE ${name} SET tenant_id = 'other'`),
        /row-level security/,
        `${name}: giving away`,
      );
    } else
      await assert.rejects(
        as('mine', `UPDATE ${name} SET tenant_id = tenant_id`),
        /permission denied/,
        `${name}: appended rows stay`,
      );
  }
});

/** Checks say which values are sensible; this file's rows need not be. */
const WITHOUT_CHECKS = `DO $$ DECLARE c record; BEGIN
  FOR c IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
    WHERE contype = 'c' AND connamespace = 'shop'::regnamespace
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.name, c.conname); END LOOP; END $$`;

/** One row of tenant `mine` with a plausible value in every column, without its foreign keys' rows. */
async function fillOne(table: string): Promise<void> {
  const client = await database.admin.connect();
  try {
    const { rows } = await client.query<{ column: string; type: string }>(
      `SELECT attname AS column, format_type(atttypid, atttypmod) AS type FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull AND attgenerated = ''`,
      [`shop.${table}`],
    );
    const names = rows.map(({ column }) => column);
    const values = rows.map(({ column, type }) => (column === 'tenant_id' ? `'mine'` : sampleOf(type)));
    // Foreign keys and checks are for other tests: a row is enough here.
    await client.query(`SET session_replication_role = replica`);
    await client.query(`INSERT INTO shop.${table} (${names.join(', ')}) VALUES (${values.join(', ')})`);
  } finally {
    await client.query(`SET session_replication_role = origin`);
    client.release();
  }
}

function sampleOf(type: string): string {
  if (type.endsWith('[]')) return `'{}'`;
  if (/int|numeric|double|real/.test(type)) return '1';
  if (type === 'boolean') return 'true';
  if (type === 'json' || type === 'jsonb') return `'{}'`;
  if (type.startsWith('timestamp')) return 'now()';
  if (type === 'date') return 'current_date';
  if (type === 'bytea') return `'\\x00'`;
  if (type === 'tsvector') return `''`;
  if (type === 'uuid') return `gen_random_uuid()`;
  return type.startsWith('character') ? `'EUR'` : `'x'`;
}

test('the OpenAPI document names every route once and can be read', () => {
  const document = openApiOf(DOMAINS) as {
    paths: Record<string, Record<string, { operationId: string; responses: object }>>;
  };
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, DOMAINS.flatMap(({ routes }) => routes).length + HOST_ROUTES.length);
  assert.doesNotMatch(JSON.stringify(document), /undefined|\[object/);
});
