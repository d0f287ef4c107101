/**
 * How long a tenant that moves can change nothing, by the number of its rows: `npm run bench:move [-- ROWS…]`.
 * A PostgreSQL of its own, one domain of books on shelves, five rows in a hundred changed after the copy.
 */
import { openDatabase } from '../../operator/provisioners/postgres/database.ts';
import type { Database } from '../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../operator/provisioners/postgres/desired.ts';
import { createDirectory } from '../../operator/provisioners/postgres/directory.ts';
import { createMoves } from '../../operator/provisioners/postgres/move/moves.ts';
import { createPostgres } from '../../operator/provisioners/postgres/postgres.ts';
import { createSealer } from '../../operator/provisioners/sealing.ts';
import { shelf } from '../../operator/provisioners/testing/definition.ts';
import { startTestPostgres } from '../support/postgres.ts';

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000, 100_000, 1_000_000];

const server = await startTestPostgres();
const database = await openDatabase(server.adminUrl);
try {
  const catalogue = await loadCatalogue([shelf]);
  const postgres = createPostgres(database, catalogue);
  await postgres.ensure(catalogue.pool());
  console.log('| rows | copied beside writes | without changes | per million rows |\n|---|---|---|---|');
  for (const rows of SIZES) {
    const id = `rows${rows}`;
    const to = `tenant_${id}`;
    await postgres.ensure(catalogue.dedicated(to, catalogue.domains));
    await register(database, id);
    await fill(database, id, rows);
    const moves = createMoves(database, () => undefined);
    await moves.begin(id, { from: 'shop', to });
    const copied = await seconds(async () => {
      while (!(await moves.copy(id, 1_000)));
    });
    await database.query(
      `update shop.books set title = title || '!' where tenant_id = $1 and id like '%77'`,
      [id],
    );
    await database.query(
      `update shop.books set title = title || '?' where tenant_id = $1 and id like '%3_'`,
      [id],
    );
    const frozen = await seconds(async () => {
      await moves.freeze(id);
      await moves.settle(id);
      await moves.verify(id);
      await moves.switchOver(id);
    });
    console.log(
      `| ${rows.toLocaleString('en')} | ${copied.toFixed(1)} s | ${frozen.toFixed(2)} s | ${((frozen / rows) * 1e6).toFixed(1)} s |`,
    );
  }
} finally {
  await database.close();
  await server.stop();
}

async function register(into: Database, id: string): Promise<void> {
  const row = {
    id,
    display_name: id,
    plan: 'starter',
    placement: 'pooled',
    schema_name: 'shop',
    hosts: [],
    locales: [],
  };
  const rest = { currencies: [], branding: {}, domains: ['shelf'], quotas: {}, suspended: false };
  await createDirectory(into, createSealer(Buffer.alloc(32).toString('base64'))).ensure(
    { ...row, ...rest },
    {},
  );
}

/** A shelf for every hundred books. */
async function fill(into: Database, id: string, rows: number): Promise<void> {
  const shelves = Math.max(1, Math.floor(rows / 100));
  await into.query(
    `insert into shop.shelves select $1, 's' || i, 'label ' || i from generate_series(0, $2::int - 1) i`,
    [id, shelves],
  );
  await into.query(
    `insert into shop.books select $1, 'b' || i, 's' || (i % $2::int), 'a title of ordinary length, number ' || i
       from generate_series(1, $3::int) i`,
    [id, shelves, rows - shelves],
  );
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}
