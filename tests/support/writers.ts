/**
 * Tenants that are written all the time, as runtimes write them: each transaction asks at the fence, and what was acknowledged, and
 * when, is known afterwards.
 */
import pg from 'pg';
import type { DirectoryRow } from '../../operator/provisioners/postgres/directory.ts';

export interface Acknowledged {
  readonly id: string;
  readonly sentAt: number;
  /** When the server had answered COMMIT; by the clock of this machine, in ms with fractions. */
  readonly at: number;
}

export interface Writer {
  readonly acknowledged: readonly Acknowledged[];
  /** Transactions that were refused by the fence, or met a server that was away. */
  refused(): number;
  /** Resolves when so many more were acknowledged. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** A tenant of the domain `shelf`, for the directory. */
export function directoryRow(id: string, schema = 'shop'): DirectoryRow {
  return {
    id,
    display_name: id,
    plan: 'starter',
    placement: schema === 'shop' ? 'pooled' : 'dedicated',
    schema_name: schema,
    hosts: [],
    locales: [],
    currencies: [],
    branding: {},
    domains: ['shelf'],
    quotas: {},
    suspended: false,
  };
}

/** Now, finer than `Date.now()`. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * Writes one transaction after the other: a journal that only grows, a row that changes, rows that come and go.
 * @param url a superuser's: what is written matters here, not by whom
 */
export function startWriter(url: string, tenant: string, pauseMs = 15): Writer {
  const acknowledged: Acknowledged[] = [];
  const waiting = new Set<{ readonly count: number; readonly done: () => void }>();
  let refused = 0;
  let isStopped = false;
  let client: pg.Client | undefined;

  const connected = async (): Promise<pg.Client> => {
    if (client !== undefined) return client;
    const fresh = new pg.Client({ connectionString: url });
    fresh.on('error', () => (client = undefined));
    await fresh.connect();
    // As the pool's role of the tenant's schema: the fence goes by who asks.
    await fresh.query('set role shop_runtime; set search_path = shop, public');
    client = fresh;
    return fresh;
  };

  const write = async (number: number): Promise<void> => {
    const id = `j${String(number).padStart(8, '0')}`;
    const sentAt = now();
    const session = await connected();
    await session.query(`begin; set local app.tenant = '${tenant}'; select platform.enter('${tenant}');
      insert into journal values ('${tenant}', '${id}');
      insert into oddments (tenant_id, name, body, bytes, tags, price, at) values ('${tenant}', '${id}',
        '{"text": "line\\u2028separator, \\"quotes\\", ünïcode", "n": ${number}}', sha256('${id}'), array['a', null, '{x,y}'], ${number}.10, clock_timestamp());
      delete from oddments where tenant_id = '${tenant}' and name = 'j${String(number - 40).padStart(8, '0')}';
      insert into counters values ('${tenant}', 1) on conflict (tenant_id) do update set count = counters.count + 1;
      commit`);
    acknowledged.push({ id, sentAt, at: now() });
    for (const one of waiting) if (acknowledged.length >= one.count) one.done();
  };

  const loop = (async () => {
    for (let number = 1; !isStopped; number++) {
      try {
        await write(number);
      } catch {
        refused += 1;
        await client?.query('rollback').catch(() => undefined);
        await pause(20);
      }
      if (pauseMs > 0) await pause(pauseMs);
    }
    await client?.end().catch(() => undefined);
  })();

  return {
    acknowledged,
    refused: () => refused,
    async more(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const one = { count: acknowledged.length + count, done: resolve };
      waiting.add(one);
      await promise;
      waiting.delete(one);
    },
    async stop() {
      isStopped = true;
      await loop;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
