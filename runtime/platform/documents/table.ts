/** The documents port in the database: bodies as jsonb beside everything else of a tenant, and in what moves and leaves with it. */
import { randomUUID } from 'node:crypto';
import type { CollectionDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type { Documents, JsonObject, Sql, SqlValue, StoredDocument, Transaction } from '../ports.ts';
import { ABSENT, documentRules } from './rules.ts';
import type { IndexedValue } from './rules.ts';

export interface TableDocumentsOptions {
  readonly sql: Sql;
  readonly collections: readonly CollectionDefinition[];
}

interface Row {
  readonly id: string;
  readonly version: string;
  readonly body: JsonObject;
}

export function createTableDocuments({ sql, collections }: TableDocumentsOptions): Documents {
  const rules = documentRules(collections);
  return {
    async get(tenant, collection, id) {
      rules.place(collection, id);
      const { rows } = await sql.query<Row>(
        tenant,
        'SELECT id, version, body FROM documents WHERE tenant_id = $1 AND collection = $2 AND id = $3',
        [tenant, collection, id],
      );
      return rows[0] && documentOf(rows[0]);
    },

    async put(tenant, collection, id, body, expected) {
      rules.place(collection, id);
      const { json, fields } = rules.body(collection, body);
      const version = randomUUID();
      await sql.transaction(tenant, async (tx) => {
        const place = [tenant, collection, id];
        // First the row, whose lock makes writers of one document wait for each other.
        const written = await write(tx, place, version, json, expected);
        if (written === 0) throw differs(collection, id);
        await tx.query(
          `DELETE FROM document_fields WHERE tenant_id = $1 AND collection = $2 AND id = $3 AND field <> ALL ($4)`,
          [...place, fields.map(([field]) => field)],
        );
        if (fields.length > 0) {
          await tx.query(
            `INSERT INTO document_fields (tenant_id, collection, id, field, value)
             SELECT $1, $2, $3, field, value FROM unnest($4::text[], $5::text[]) AS given (field, value)
             ON CONFLICT (tenant_id, collection, id, field) DO UPDATE SET value = excluded.value
             WHERE document_fields.value <> excluded.value`,
            [...place, fields.map(([field]) => field), fields.map(([, value]) => textOf(value))],
          );
        }
      });
      return version;
    },

    async find(tenant, collection, query) {
      const where = rules.query(collection, query);
      const { text, values } = selectOf(tenant, collection, where, query.limit + 1, query.after);
      const { rows } = await sql.query<Row>(tenant, text, values);
      const documents = rows.slice(0, query.limit).map(documentOf);
      const last = documents.at(-1);
      return rows.length > query.limit && last !== undefined ? { documents, next: last.id } : { documents };
    },

    async delete(tenant, collection, id, expected) {
      rules.place(collection, id);
      await sql.transaction(tenant, async (tx) => {
        const place = [tenant, collection, id];
        const { rows } = await tx.query<{ version: string }>(
          'SELECT version FROM documents WHERE tenant_id = $1 AND collection = $2 AND id = $3 FOR UPDATE',
          place,
        );
        const found = rows[0]?.version ?? ABSENT;
        if (expected !== undefined && found !== expected) throw differs(collection, id);
        for (const table of ['document_fields', 'documents'])
          await tx.query(`DELETE FROM ${table} WHERE tenant_id = $1 AND collection = $2 AND id = $3`, place);
      });
    },

    // The database is not ours.
    close: () => Promise.resolve(),
  };
}

/** @returns rows written: 1, or 0 when something else is there than expected */
async function write(
  tx: Transaction,
  place: readonly string[],
  version: string,
  json: string,
  expected: string | undefined,
): Promise<number> {
  const values = [...place, version, json];
  const insert =
    'INSERT INTO documents (tenant_id, collection, id, version, body) VALUES ($1, $2, $3, $4, $5)';
  const key = '(tenant_id, collection, id)';
  const { rowCount } =
    expected === undefined
      ? await tx.query(
          `${insert} ON CONFLICT ${key} DO UPDATE SET version = excluded.version, body = excluded.body`,
          values,
        )
      : expected === ABSENT
        ? await tx.query(`${insert} ON CONFLICT ${key} DO NOTHING`, values)
        : await tx.query(
            `UPDATE documents SET version = $4, body = $5
             WHERE tenant_id = $1 AND collection = $2 AND id = $3 AND version = $6`,
            [...values, expected],
          );
  return rowCount;
}

/** Every index that may lead ends in the id, so that whichever does gives the order, and the page ends the walk. */
function selectOf(
  tenant: string,
  collection: string,
  where: readonly (readonly [string, IndexedValue])[],
  limit: number,
  after = '',
): { text: string; values: SqlValue[] } {
  const values: SqlValue[] = [tenant, collection, after, limit];
  const joins = where.map(([field, value], index) => {
    values.push(field, textOf(value));
    const f = `f${index}`;
    return `JOIN document_fields ${f} ON ${f}.tenant_id = d.tenant_id AND ${f}.collection = d.collection AND ${f}.id = d.id
      AND ${f}.field = $${values.length - 1} AND ${f}.value = $${values.length} AND ${f}.id > $3`;
  });
  // Where the page begins is said of each table: PostgreSQL carries equalities over a join, not comparisons, and would merge from the start.
  const text = `SELECT d.id, d.version, d.body FROM documents d ${joins.join(' ')}
    WHERE d.tenant_id = $1 AND d.collection = $2 AND d.id > $3 ORDER BY d.id LIMIT $4`;
  return { text, values };
}

function documentOf({ id, version, body }: Row): StoredDocument {
  return { id, version, body };
}

function textOf(value: IndexedValue): string {
  return JSON.stringify(value);
}

function differs(collection: string, id: string): ShopError {
  return new ShopError('conflict', `${collection} ${id} is not as it was expected.`, {
    remedy: 'Read it again and decide anew.',
  });
}
