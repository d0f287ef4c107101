/**
 * The rows of a tenant, or those that tell of one of its customers: where these are, the domains' definitions say.
 */
import { z } from 'zod';
import type { PersonalData, TableDefinition } from '../../../runtime/platform/definition.ts';
import { ident, literal } from '../../provisioners/postgres/database.ts';
import type { Database, Session } from '../../provisioners/postgres/database.ts';
import { inTransaction } from '../../provisioners/postgres/fence.ts';
import { tenantTables } from '../../provisioners/postgres/tables.ts';
import type { Holder, Line, Person, Subject } from './holder.ts';

/** No customer of that id. */
export class NoSuchCustomerError extends Error {
  readonly remedy = "give the customer's id, as the admin API lists it; one that was erased is gone";
  constructor({ tenant, customer }: Subject) {
    super(`${tenant} has no customer ${customer}`);
    this.name = 'NoSuchCustomerError';
  }
}

/** A whole tenant is erased by deleting it: its Services must end first, or they would write again. */
export class TenantLivesError extends Error {
  readonly remedy = 'set spec.deletionPolicy: Delete, and delete the tenant';
  constructor(tenant: string) {
    super(`${tenant} is there: a tenant is erased with its shop`);
    this.name = 'TenantLivesError';
  }
}

const ERASED = 'erased';

interface Personal {
  readonly name: string;
  readonly personal: PersonalData;
}

export interface RowHolder extends Holder {
  /** What the customer is called; `undefined`: there is none of that id, any more. */
  identify(subject: Subject): Promise<Person | undefined>;
}

/** @param tables of every domain */
export function createRowHolder(database: Database, tables: readonly TableDefinition[]): RowHolder {
  const personal = personalTables(tables);

  return {
    name: 'postgresql',

    async identify(subject) {
      return personIn(database, await homeOf(database, subject), personal, subject);
    },

    async export(subject, sink) {
      const lines: Line[] = [];
      await inTransaction(
        database,
        async (session) => {
          const schema = await homeOf(session, subject);
          for (const { name, where } of await chosen(session, schema, subject)) {
            const rows = await session.query<{ row: string }>(
              `select row_to_json(t)::text as row from ${ident(schema)}.${ident(name)} t where ${where}`,
            );
            if (rows.length === 0) continue;
            await sink.add(`rows/${name}.jsonl`, Buffer.from(rows.map(({ row }) => `${row}\n`).join('')));
            lines.push({ what: `${schema}.${name}`, action: 'exported', count: rows.length });
          }
        },
        'repeatable read',
      );
      return lines;
    },

    async erase(subject, remember) {
      if (subject.customer === undefined) throw new TenantLivesError(subject.tenant);
      await inTransaction(database, async (session) => {
        const schema = await homeOf(session, subject);
        const person = subject.person ?? (await personIn(session, schema, personal, subject));
        if (person === undefined) return;
        const lines = await eraseRowsOf(session, schema, tables, subject.tenant, person);
        // By another connection, and committed before this is.
        await remember(lines);
      });
    },

    async verify(subject) {
      const { tenant, customer } = subject;
      if (customer === undefined) return [];
      const schema = await homeOf(database, subject);
      const names = subject.person?.names ?? [customer];
      const types = await columnTypes(database, schema);
      const lines: Line[] = [];
      for (const { name } of await tenantTables(database, schema)) {
        // Not only by what the definitions say: every row of every table, as text.
        const declared = personal.find((table) => table.name === name);
        const where = [
          mentions(name, names, types),
          ...(declared === undefined ? [] : [found(schema, declared, tenant, names, types, personal)]),
        ].join(' or ');
        const [answer] = await database.query<{ count: number }>(
          `select count(*)::int as count from ${ident(schema)}.${ident(name)} t where tenant_id = ${literal(tenant)} and (${where})`,
        );
        const count = answer?.count ?? 0;
        if (count > 0) lines.push({ what: `${schema}.${name}`, action: 'left', count });
      }
      return lines;
    },
  };

  /** Tables and what to ask of them for. */
  async function chosen(
    session: Session,
    schema: string,
    subject: Subject,
  ): Promise<readonly { readonly name: string; readonly where: string }[]> {
    const mine = `tenant_id = ${literal(subject.tenant)}`;
    if (subject.customer === undefined)
      return (await tenantTables(session, schema)).map(({ name }) => ({ name, where: mine }));
    const person = await personIn(session, schema, personal, subject);
    if (person === undefined) throw new NoSuchCustomerError(subject);
    const types = await columnTypes(session, schema);
    return personal.map((table) => ({
      name: table.name,
      where: `${mine} and (${found(schema, table, subject.tenant, person.names, types, personal)})`,
    }));
  }
}

/**
 * Erases a person from the tables of one schema, be they the living ones or a copy of what they were.
 * @param tables of every domain; those the schema has not are passed over
 */
export async function eraseRowsOf(
  session: Session,
  schema: string,
  tables: readonly TableDefinition[],
  tenant: string,
  person: Person,
): Promise<readonly Line[]> {
  const personal = personalTables(tables);
  const types = await columnTypes(session, schema);
  const there = new Set([...types.keys()].map((place) => place.split('.')[0]));
  const lines: Line[] = [];
  // Children that are found through their parents before these go; the customer last, by whom all are found.
  for (const table of inOrderOfErasing(personal.filter(({ name }) => there.has(name)))) {
    const statement = erasing(schema, table, tenant, person, types, personal);
    const [answer] = await session.query<{ count: number }>(
      `with changed as (${statement} returning 1) select count(*)::int as count from changed`,
    );
    const count = answer?.count ?? 0;
    const action = table.personal.erase === 'delete' ? 'deleted' : 'redacted';
    if (count > 0) lines.push({ what: `${schema}.${table.name}`, action, count });
  }
  return lines;
}

/** What a customer is called in the tables of a schema; `undefined`: they have none of that id. */
export async function identifyIn(
  session: Session,
  schema: string,
  tables: readonly TableDefinition[],
  subject: Subject,
): Promise<Person | undefined> {
  return personIn(session, schema, personalTables(tables), subject);
}

async function personIn(
  session: Session,
  schema: string,
  personal: readonly Personal[],
  subject: Subject,
): Promise<Person | undefined> {
  const root = personal.find(({ personal: { person } }) => person !== undefined);
  const person = root?.personal.person;
  if (root === undefined || person === undefined) throw new Error('no definition says who customers are');
  const columns = [...person.names, ...person.facts];
  const [row] = await session.query<Record<string, unknown>>(
    `select ${columns.map(ident).join(', ')} from ${ident(schema)}.${ident(root.name)}
      where tenant_id = $1 and ${ident(person.key)} = $2`,
    [subject.tenant, subject.customer ?? ''],
  );
  if (row === undefined) return undefined;
  const texts = (names: readonly string[]): readonly string[] => [
    ...new Set(names.map((name) => z.string().parse(row[name])).filter((text) => text !== '')),
  ];
  return { names: texts(person.names), facts: texts(person.facts) };
}

function personalTables(tables: readonly TableDefinition[]): readonly Personal[] {
  return tables.flatMap(({ name, personal }) => (personal === undefined ? [] : [{ name, personal }]));
}

function inOrderOfErasing(personal: readonly Personal[]): readonly Personal[] {
  const rank = ({ personal: { by, person } }: Personal): number =>
    person !== undefined ? 2 : 'of' in by ? 0 : 1;
  return personal.toSorted((a, b) => rank(a) - rank(b));
}

type Types = ReadonlyMap<string, string>;

/** The statement that erases the person from one table. Values are quoted into it: it is one text for any number of columns. */
function erasing(
  schema: string,
  table: Personal,
  tenant: string,
  person: Person,
  types: Types,
  all: readonly Personal[],
): string {
  const at = `${ident(schema)}.${ident(table.name)}`;
  const where = `tenant_id = ${literal(tenant)} and (${found(schema, table, tenant, person.names, types, all)})`;
  const { erase, by } = table.personal;
  if (erase === 'delete') return `delete from ${at} where ${where}`;
  const changes =
    erase === 'redact'
      ? columnsOf(by).map((column) => `${ident(column)} = ${redacted(table.name, column, person, types)}`)
      : Object.entries(erase).map(
          ([column, value]) => `${ident(column)} = ${value === null ? 'null' : literal(value)}`,
        );
  return `update ${at} set ${changes.join(', ')} where ${where}`;
}

/** The condition by which rows are the person's. */
function found(
  schema: string,
  table: Personal,
  tenant: string,
  names: readonly string[],
  types: Types,
  all: readonly Personal[],
): string {
  const { by } = table.personal;
  if ('of' in by) {
    const parent = all.find(({ name }) => name === by.of);
    if (parent === undefined)
      throw new Error(`${table.name} leads to ${by.of}, which holds nothing personal`);
    return `${ident(by.column)} in (select ${ident(by.key)} from ${ident(schema)}.${ident(by.of)}
      where tenant_id = ${literal(tenant)} and (${found(schema, parent, tenant, names, types, all)}))`;
  }
  if ('written' in by) {
    const { column, written: as } = by;
    return `${ident(column)} = any (array[${names.flatMap(as).map(quoted).join(', ')}])`;
  }
  return by.map((column) => holds(table.name, column, names, types)).join(' or ');
}

/**
 * The condition that a row speaks of the person anywhere: as a word of its own, so that `ada@example.com` is not found in
 * `ida@example.com`, in letters of any size.
 */
function mentions(table: string, names: readonly string[], types: Types): string {
  const bytes = [...types].flatMap(([place, type]) =>
    type === 'bytea' && place.startsWith(`${table}.`) ? [place.slice(table.length + 1)] : [],
  );
  // Bytes are hexadecimal in JSON; as escaped text what is ASCII stays readable.
  const text = [
    'to_jsonb(t)::text',
    ...bytes.map((column) => `coalesce(encode(${ident(column)}, 'escape'), '')`),
  ];
  return [...new Set(names.flatMap(spellings))]
    .map(
      (name) =>
        `concat_ws(' ', ${text.join(', ')}) ~* ${quoted(`(?<![a-z0-9._%+-])${escaped(name)}(?![a-z0-9_-]|\\.[a-z0-9])`)}`,
    )
    .join(' or ');
}

/** As it stands in JSON, in JSON that is kept as text, and in JSON that is kept as escaped bytes. */
function spellings(name: string): readonly string[] {
  const inJson = JSON.stringify(name).slice(1, -1);
  return [name, inJson, JSON.stringify(inJson).slice(1, -1)];
}

function escaped(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9@_ ]/g, (character) => `\\${character}`);
}

function holds(table: string, column: string, names: readonly string[], types: Types): string {
  const name = ident(column);
  const type = typeOf(table, column, types);
  if (type === 'jsonb' || type === 'json')
    return names
      .map((value) => `position(${quoted(JSON.stringify(value))} in ${name}::text) > 0`)
      .join(' or ');
  if (type === 'bytea')
    return written(names)
      .map((value) => `position(convert_to(${quoted(value)}, 'UTF8') in ${name}) > 0`)
      .join(' or ');
  if (type === 'text') return `${name} = any (array[${names.map(quoted).join(', ')}])`;
  throw new Error(`${table}.${column} is of type ${type}, in which no person can be looked for`);
}

/** As they stand in a text, and as they stand in JSON: an address may have a character there that is escaped. */
function written(names: readonly string[]): readonly string[] {
  return [...new Set(names.flatMap((name) => [name, JSON.stringify(name).slice(1, -1)]))];
}

/** The column's value without the person: whole strings only, so that no word is cut out of another. */
function redacted(table: string, column: string, { names, facts }: Person, types: Types): string {
  const type = typeOf(table, column, types);
  const values = [...names, ...facts];
  if (type === 'text')
    return `case when ${ident(column)} = any (array[${names.map(quoted).join(', ')}]) then ${literal(ERASED)} else ${ident(column)} end`;
  const replaced = values.reduce(
    (text, value) => `replace(${text}, ${quoted(JSON.stringify(value))}, ${literal(JSON.stringify(ERASED))})`,
    `${ident(column)}::text`,
  );
  return `(${replaced})::${type}`;
}

function columnsOf(by: PersonalData['by']): readonly string[] {
  return 'column' in by ? [by.column] : by;
}

function typeOf(table: string, column: string, types: Types): string {
  const type = types.get(`${table}.${column}`);
  if (type === undefined) throw new Error(`${table} has no column ${column}: its definition says it has`);
  return type;
}

async function columnTypes(session: Session, schema: string): Promise<Types> {
  const rows = await session.query<{ place: string; type: string }>(
    `select table_name || '.' || column_name as place, data_type as type from information_schema.columns where table_schema = $1`,
    [schema],
  );
  return new Map(rows.map(({ place, type }) => [place, type]));
}

/** The schema that has the tenant's rows. */
export async function homeOf(session: Session, { tenant }: Pick<Subject, 'tenant'>): Promise<string> {
  const [home] = await session.query<{ schema_name: string }>(
    'select schema_name from platform.tenants where id = $1',
    [tenant],
  );
  if (home === undefined) throw new Error(`there is no tenant ${tenant}`);
  return home.schema_name;
}

/** Any text, as customers write it. */
function quoted(text: string): string {
  return ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
