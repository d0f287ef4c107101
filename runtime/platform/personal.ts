/**
 * What a domain's tables hold of a person, as its definition declares them. Every domain that is hosted answers it as an operation, so
 * that whoever gives a customer their data asks each domain and reaches into no table of another.
 */
import { z } from 'zod';
import type { DomainDefinition, TableDefinition } from './definition.ts';
import type { Operation } from './domain.ts';
import type { Sql, SqlValue, TenantId } from './ports.ts';

/** The operation's name, in every domain. */
export const PERSONAL_DATA = 'personalData';

/** What the person is called: their id and e-mail address, as they were given and as they are compared. */
const PersonAsked = z.strictObject({ names: z.array(z.string().min(1).max(320)).min(1).max(4) });

export interface PersonalTable {
  readonly table: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** There are more than are given. */
  readonly more: boolean;
}

export interface PersonalAnswer {
  readonly tables: readonly PersonalTable[];
}

/** Of one table. */
const MOST_ROWS = 5_000;

/** A table whose definition says whom its rows are of. */
type Personal = TableDefinition & Required<Pick<TableDefinition, 'personal'>>;

export function personalDataOf({ tables }: Pick<DomainDefinition, 'tables'>, sql: Sql): Operation {
  const personal = tables.filter((table): table is Personal => table.personal !== undefined);
  return async (tenant, input): Promise<PersonalAnswer> => {
    const { names } = PersonAsked.parse(input);
    const texts = await textColumns(sql, tenant.id, personal);
    const found = await Promise.all(
      personal.map(async (table): Promise<PersonalTable[]> => {
        const asked = selecting(table, personal, texts, tenant.id, names);
        if (asked === undefined) return [];
        const { rows } = await sql.query<{ row: Record<string, unknown> }>(
          tenant.id,
          asked.text,
          asked.values,
        );
        if (rows.length === 0) return [];
        const given = rows.slice(0, MOST_ROWS).map(({ row }) => row);
        return [{ table: table.name, rows: given, more: rows.length > MOST_ROWS }];
      }),
    );
    return { tables: found.flat() };
  };
}

/** `table.column` of those that are text: a person is a row's owner by an id or an address, not by being mentioned in a message. */
async function textColumns(
  sql: Sql,
  tenant: TenantId,
  tables: readonly TableDefinition[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql.query<{ place: string }>(
    tenant,
    `select table_name || '.' || column_name as place from information_schema.columns
     where table_schema = current_schema() and data_type = 'text' and table_name = any ($1::text[])`,
    [tables.map(({ name }) => name)],
  );
  return new Set(rows.map(({ place }) => place));
}

interface Asked {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** @returns undefined where nobody owns a row of the table */
export function selecting(
  { name, personal }: Personal,
  all: readonly Personal[],
  texts: ReadonlySet<string>,
  tenant: TenantId,
  names: readonly string[],
): Asked | undefined {
  const values: SqlValue[] = [tenant, ['tenant_id', ...(personal.withhold ?? [])], MOST_ROWS + 1];
  const bind = (value: SqlValue): string => `$${values.push(value)}`;
  const where = owned(name, personal, all, texts, names, bind);
  if (where === undefined) return undefined;
  const text = `select to_jsonb(t) - $2::text[] as row from ${name} t where t.tenant_id = $1 and (${where}) limit $3::int`;
  return { text, values };
}

function owned(
  name: string,
  { by }: Personal['personal'],
  all: readonly Personal[],
  texts: ReadonlySet<string>,
  names: readonly string[],
  bind: (value: SqlValue) => string,
): string | undefined {
  if ('of' in by) {
    const parent = all.find((table) => table.name === by.of);
    const within = parent && owned(parent.name, parent.personal, all, texts, names, bind);
    return within === undefined
      ? undefined
      : `${by.column} in (select ${by.key} from ${by.of} where tenant_id = $1 and (${within}))`;
  }
  if ('written' in by)
    return `${by.column} = any (${bind(names.flatMap((each) => by.written(each)))}::text[])`;
  const columns = by.filter((column) => texts.has(`${name}.${column}`));
  if (columns.length === 0) return undefined;
  const known = `${bind(names)}::text[]`;
  return columns.map((column) => `${column} = any (${known})`).join(' or ');
}
