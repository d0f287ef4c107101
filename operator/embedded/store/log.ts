/**
 * The durable half of the store: an append-only log of object versions in SQLite. The newest row
 * of a key is its present state; older rows live only as long as the watch history needs them.
 */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** One version of one object. `body` is null where the object was deleted. */
export interface LogRow {
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly body: string | null;
}

export interface ObjectLog {
  /** The highest revision ever written. */
  readonly lastRevision: number;
  /** Revision up to which the history of a resource has been forgotten. */
  readonly compacted: ReadonlyMap<string, number>;
  /** Every row, oldest first. */
  rows(): Iterable<LogRow>;
  /** Durable (the process may be killed) when it returns. */
  append(row: LogRow): void;
  /** Forgets superseded rows and remembers how far the history of each resource is gone. */
  compact(rows: readonly number[], compacted: ReadonlyMap<string, number>): void;
  close(): void;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  -- A commit is in the file system's hands before it is acknowledged, which outlives the process;
  -- syncing the disk on each one would guard against loss of power only, at a hundred times the cost.
  PRAGMA synchronous = NORMAL;
  PRAGMA temp_store = MEMORY;
  PRAGMA cache_size = -2000;
  CREATE TABLE IF NOT EXISTS log (
    revision INTEGER PRIMARY KEY,
    resource TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    body TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS compacted (resource TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL) STRICT;
`;

/**
 * Opens (and creates) the log.
 * @param file path of the SQLite file, or `:memory:`
 */
export function openObjectLog(file: string): ObjectLog {
  if (file !== ':memory:') ensurePrivate(file);
  const database = new DatabaseSync(file, { timeout: 5_000 });
  database.exec(SCHEMA);
  const insert = database.prepare(
    'INSERT INTO log (revision, resource, namespace, name, version, body) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const remove = database.prepare('DELETE FROM log WHERE revision = ?');
  const mark = database.prepare(
    'INSERT INTO compacted (resource, revision) VALUES (?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision',
  );
  const count = database.prepare(
    'INSERT INTO counter (id, revision) VALUES (1, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision',
  );
  let lastRevision = readLastRevision(database);
  const compacted = readCompacted(database);

  return {
    get lastRevision() {
      return lastRevision;
    },
    compacted,
    *rows() {
      for (const row of database.prepare('SELECT * FROM log ORDER BY revision').iterate()) {
        yield {
          revision: Number(row['revision']),
          resource: String(row['resource']),
          namespace: String(row['namespace']),
          name: String(row['name']),
          version: String(row['version']),
          body: row['body'] === null ? null : String(row['body']),
        };
      }
    },
    append(row) {
      insert.run(row.revision, row.resource, row.namespace, row.name, row.version, row.body);
      lastRevision = row.revision;
    },
    compact(rows, marks) {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const revision of rows) remove.run(revision);
        for (const [resource, revision] of marks) {
          mark.run(resource, revision);
          compacted.set(resource, revision);
        }
        count.run(lastRevision);
        database.exec('COMMIT');
      } catch (cause) {
        database.exec('ROLLBACK');
        throw cause;
      }
    },
    close() {
      database.close();
    },
  };
}

/** It holds Secrets: for its owner alone. SQLite gives its side files the same rights. */
function ensurePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  chmodSync(file, 0o600);
}

function readLastRevision(database: DatabaseSync): number {
  const row = database
    .prepare(
      'SELECT max(coalesce((SELECT max(revision) FROM log), 0), coalesce((SELECT revision FROM counter), 0)) AS last',
    )
    .get();
  return Number(row?.['last'] ?? 0);
}

function readCompacted(database: DatabaseSync): Map<string, number> {
  const rows = database.prepare('SELECT resource, revision FROM compacted').all();
  return new Map(rows.map((row) => [String(row['resource']), Number(row['revision'])]));
}
