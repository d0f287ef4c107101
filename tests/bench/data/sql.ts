/**
 * SQL as a tenant's runtime sends it, under row-level security, beside the same select by key with bare `pg`; and what the
 * neighbours of a tenant notice while its rows are erased. The ways take turns in short slices, so that whatever else
 * the machine does meets all of them alike.
 */
import { Pool } from 'pg';
import { openDatabase } from '../../../operator/provisioners/postgres/database.ts';
import { loadCatalogue } from '../../../operator/provisioners/postgres/desired.ts';
import { deletePooledRows } from '../../../operator/provisioners/postgres/destroy.ts';
import { loginFor } from '../../../operator/provisioners/postgres/logins.ts';
import { createPostgres as createProvisioner } from '../../../operator/provisioners/postgres/postgres.ts';
import { shelf } from '../../../operator/provisioners/testing/definition.ts';
import { systemClock } from '../../../runtime/platform/clock.ts';
import { createNewId } from '../../../runtime/platform/ids.ts';
import { createPostgres } from '../../../runtime/platform/sql/postgres.ts';
import { startPostgres } from '../../servers/postgres.ts';
import { table } from '../table.ts';
import type { DataBenchOptions } from '../data.ts';
import { quantile } from '../../support/quantile.ts';

const CONNECTIONS = 8;
const NEIGHBOURS = 20;
const BOOKS_EACH = 5_000;
const SLICE_MS = 150;
const ROUNDS = 25;
const NEIGHBOUR_PAUSE_MS = 4;
const BEFORE_MS = 10_000;

export async function benchSql({ rows }: DataBenchOptions): Promise<void> {
  // As in production: every commit is on the disk before it is told.
  const server = await startPostgres({
    settings: { fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' },
  });
  const database = await openDatabase(server.adminUrl);
  const login = loginFor('shop_runtime', 'bench');
  const runtimeUrl = server.adminUrl.replace('//postgres@', `//${login.user}:${login.password}@`);
  const bare = new Pool({ connectionString: runtimeUrl, max: CONNECTIONS });
  // The server is stopped under it in the end.
  bare.on('error', () => undefined);
  const sql = createPostgres({
    connectionString: runtimeUrl,
    clock: systemClock,
    newId: createNewId(systemClock),
    connections: CONNECTIONS,
  });
  try {
    const catalogue = await loadCatalogue([shelf]);
    await createProvisioner(database, catalogue).ensure(catalogue.pool(), [login]);
    const fill = async (tenant: string, count: number): Promise<void> => {
      await database.query(
        `insert into platform.tenants (id, display_name, plan, placement, schema_name, hosts, locales, currencies, domains)
         values ($1, $1, 'starter', 'pooled', 'shop', '{}', '{}', '{}', '{}')`,
        [tenant],
      );
      await database.query(
        `insert into shop.shelves select $1, 's' || i, 'label ' || i from generate_series(0, $2::int) i`,
        [tenant, Math.ceil(count / 100)],
      );
      await database.query(
        `insert into shop.books select $1, 'b' || i, 's' || (i / 100), 'a title of ordinary length, number ' || i
           from generate_series(1, $2::int) i`,
        [tenant, count],
      );
    };
    for (let n = 0; n < NEIGHBOURS; n++) await fill(`shop${n}`, BOOKS_EACH);
    // The same rows without a policy: what the plain select reads.
    await database.query(`create table shop.plain as select * from shop.books;
      alter table shop.plain add primary key (tenant_id, id); grant select on shop.plain to shop_runtime`);
    await database.query('vacuum analyze');
    await selects(bare, sql);

    await fill('erased', rows);
    await database.query('vacuum analyze');
    await erasure(sql, rows, () => deletePooledRows(database, 'erased'));
  } finally {
    await Promise.all([bare.end(), sql.close(), database.close()]);
    await server.stop();
  }
}

type Runtime = ReturnType<typeof createPostgres>;

async function selects(bare: Pool, sql: Runtime): Promise<void> {
  const plain = 'select id, title from plain where tenant_id = $1 and id = $2';
  const guarded = 'select id, title from books where tenant_id = $1 and id = $2';
  let turn = 0;
  const key = (): [string, string] => {
    turn++;
    return [`shop${turn % NEIGHBOURS}`, `b${1 + ((turn * 7919) % BOOKS_EACH)}`];
  };
  const ways: readonly [name: string, run: () => Promise<{ rowCount: number | null }>][] = [
    ['bare pg, no policy', () => bare.query(plain, key())],
    ['bare pg, no policy, prepared', () => bare.query({ name: 'plain', text: plain, values: key() })],
    [
      'sql port, row-level security',
      () => {
        const [tenant, id] = key();
        return sql.query(tenant, guarded, [tenant, id]);
      },
    ],
    ['BEGIN, SET LOCAL, SELECT, COMMIT in turn', () => inTurn(bare, guarded, key())],
  ];
  const counts = ways.map(() => ({ done: 0, ms: 0 }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, [, run]] of ways.entries()) {
      const { done, ms } = await slice(run);
      const count = counts[index];
      // The first round warms up.
      if (round === 0 || count === undefined) continue;
      count.done += done;
      count.ms += ms;
    }
  }
  const rates = counts.map(({ done, ms }) => (done / ms) * 1_000);
  const share = (rate: number, of: number | undefined): string =>
    `${Math.round((rate / (of ?? rate)) * 100)} %`;
  console.log(`\nselect by key, ${CONNECTIONS} at a time`);
  console.log(
    table(
      ['way', 'per second', 'of bare', 'of prepared'],
      ways.map(([name], index) => {
        const rate = rates[index] ?? 0;
        return [name, Math.round(rate).toLocaleString('en'), share(rate, rates[0]), share(rate, rates[1])];
      }),
    ),
  );
}

async function slice(run: () => Promise<{ rowCount: number | null }>): Promise<{ done: number; ms: number }> {
  const began = performance.now();
  let done = 0;
  const one = async (): Promise<void> => {
    while (performance.now() - began < SLICE_MS) {
      const { rowCount } = await run();
      if (rowCount !== 1) throw new Error(`a key answered ${rowCount} rows`);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return { done, ms: performance.now() - began };
}

async function inTurn(
  bare: Pool,
  text: string,
  [tenant, id]: [string, string],
): Promise<{ rowCount: number | null }> {
  const client = await bare.connect();
  try {
    await client.query('begin read only');
    await client.query(`set local app.tenant = '${tenant}'`);
    const result = await client.query({ name: 'guarded', text, values: [tenant, id] });
    await client.query('commit');
    return result;
  } finally {
    client.release();
  }
}

/** Neighbours read, and write one time in ten, before and while a tenant of `rows` books is erased. */
async function erasure(sql: Runtime, rows: number, erase: () => Promise<readonly string[]>): Promise<void> {
  const neighbours = startNeighbours(sql);
  await new Promise((resolve) => setTimeout(resolve, BEFORE_MS));
  const before = neighbours.take();
  const began = performance.now();
  const done = await erase();
  const seconds = (performance.now() - began) / 1_000;
  const during = neighbours.take();
  await neighbours.stop();
  const row = (name: string, latencies: readonly number[], span: number): string[] => [
    name,
    Math.round(latencies.length / span).toLocaleString('en'),
    ...[0.5, 0.99].map((at) => `${quantile(latencies, at).toFixed(1)} ms`),
  ];
  console.log(
    `erasure of ${rows.toLocaleString('en')} rows beside ${NEIGHBOURS} neighbours: ${seconds.toFixed(1)} s (${done.join('; ')})`,
  );
  console.log(
    table(
      ['neighbours', 'per second', 'p50', 'p99'],
      [row('before', before, BEFORE_MS / 1_000), row('meanwhile', during, seconds)],
    ),
  );
  const change = quantile(during, 0.99) / quantile(before, 0.99) - 1;
  console.log(`p99 of the neighbours: ${change >= 0 ? '+' : ''}${(change * 100).toFixed(0)} %\n`);
}

interface Neighbours {
  /** Latencies in ms since the last taking. */
  take(): readonly number[];
  stop(): Promise<void>;
}

/** A steady load below what the machine can do: latencies, not throughput, tell what a neighbour notices. */
function startNeighbours(sql: Runtime): Neighbours {
  let latencies: number[] = [];
  let isOver = false;
  const one = async (start: number): Promise<void> => {
    for (let turn = start; !isOver; turn++) {
      const tenant = `shop${turn % NEIGHBOURS}`;
      const id = `b${1 + ((turn * 7919) % BOOKS_EACH)}`;
      const began = performance.now();
      if (turn % 10 === 0)
        await sql.query(
          tenant,
          `update books set title = 'written ' || $3 where tenant_id = $1 and id = $2`,
          [tenant, id, turn],
        );
      else
        await sql.query(tenant, 'select id, title from books where tenant_id = $1 and id = $2', [tenant, id]);
      latencies.push(performance.now() - began);
      await new Promise((resolve) => setTimeout(resolve, NEIGHBOUR_PAUSE_MS));
    }
  };
  const running = Promise.all(Array.from({ length: CONNECTIONS / 2 }, (_, index) => one(index * 1_000)));
  return {
    take() {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    async stop() {
      isOver = true;
      await running;
    },
  };
}
