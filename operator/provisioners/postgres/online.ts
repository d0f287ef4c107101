/**
 * What a migration may do to tables that shops are using: expand, never contract. A release that no longer needs a column or a
 * table leaves it; a later one, which runs when no Pod of the former does, takes it away and says so in its file.
 */

/** A file of its own with one statement, which runs outside of a transaction. */
export const ONLINE_INDEX = /create\s+(?:unique\s+)?index\s+concurrently\s+if\s+not\s+exists\s+(\w+)/i;

/** In the file of a migration that contracts: who has checked that nobody uses it any more, since when. */
const CONTRACTS = /^-- contracts: \S/m;

/** @returns what a migration does that Pods of the release before, or others' statements, could not live with */
export function offences(sql: string): readonly string[] {
  const text = sql.replace(/--.*$/gm, '').replace(/'(?:[^']|'')*'/g, "''");
  const made = new Set(
    Array.from(text.matchAll(/create\s+table\s+(?:if\s+not\s+exists\s+)?(\w+)/gi), ([, name]) => name),
  );
  const found: string[] = [];
  for (const statement of text.split(';')) {
    const index = /create\s+(?:unique\s+)?index\s+(concurrently\s+)?[\w\s]*?\son\s+(\w+)/i.exec(statement);
    if (index !== null && index[1] === undefined && !made.has(index[2]))
      found.push(`an index on ${index[2]} that is not made concurrently`);
    if (index?.[1] !== undefined && !ONLINE_INDEX.test(statement))
      found.push('a concurrent index without `if not exists`');
    const table = /alter\s+table\s+(?:if\s+exists\s+)?(\w+)/i.exec(statement)?.[1];
    if (/drop\s+table/i.test(statement)) found.push('a table that is dropped');
    if (table === undefined || made.has(table)) continue;
    for (const clause of statement.split(',')) {
      if (/drop\s+column/i.test(clause)) found.push(`a column of ${table} that is dropped`);
      if (/\brename\b/i.test(clause)) found.push(`something of ${table} that is renamed`);
      if (/alter\s+column\s+\w+\s+(?:set\s+data\s+)?type/i.test(clause))
        found.push(`a type in ${table} that changes`);
      if (/set\s+not\s+null/i.test(clause)) found.push(`a column of ${table} that becomes not null`);
      if (/add\s+column/i.test(clause) && /not\s+null/i.test(clause) && !/default/i.test(clause))
        found.push(`a column of ${table} that is not null without a default`);
      if (/add\s+constraint/i.test(clause) && !/not\s+valid/i.test(clause))
        found.push(`a constraint on ${table} that is checked under a lock: add it not valid`);
    }
  }
  if (ONLINE_INDEX.test(text) && text.split(';').filter((part) => part.trim() !== '').length > 1)
    found.push('something beside a concurrent index: it needs a file of its own');
  return CONTRACTS.test(sql) ? [] : found;
}
