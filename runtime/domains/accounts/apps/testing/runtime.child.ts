/**
 * A runtime of accounts as a process of its own, for tests that kill it. In the route that `CRASH_IN` names it kills itself, as `kill -9`
 * would, after the `CRASH_AT`-th thing from its first statement in a transaction on: each statement, each commit, and that the handler is
 * through, of which nobody has heard yet.
 */
import { live } from '../../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../../host/testing.ts';
import type { CreateService } from '../../../../platform/domain.ts';
import type { Sql } from '../../../../platform/ports.ts';
import { createService } from '../../service.ts';

const env = (name: string): string => process.env[name] ?? '';
const [crashIn, crashAt] = [env('CRASH_IN'), Number(env('CRASH_AT'))];
let isIn = false;
let done = 0;

function step(): void {
  if (isIn && (done += 1) === crashAt) process.kill(process.pid, 'SIGKILL');
}

const mortalSql = (sql: Sql): Sql => ({
  ...sql,
  async query(...asked) {
    const answer = await sql.query<never>(...asked);
    if (done > 0) step();
    return answer;
  },
  async transaction(tenant, work) {
    const answer = await sql.transaction(tenant, (tx) =>
      work({
        ...tx,
        async query(...asked) {
          const rows = await tx.query<never>(...asked);
          step();
          return rows;
        },
      }),
    );
    step();
    return answer;
  },
});

const createMortal: CreateService = (platform) => {
  const service = createService({ ...platform, sql: mortalSql(platform.sql) });
  const route = service.routes[crashIn];
  if (route === undefined) return service;
  return {
    ...service,
    routes: {
      ...service.routes,
      async [crashIn](request) {
        isIn = true;
        const answer = await route(request);
        step();
        return answer;
      },
    },
  };
};

const host = await startTestHost(
  {
    databaseUrl: env('DATABASE_URL'),
    secretsKey: env('SECRETS_KEY'),
    domains: ['accounts'],
    publicPort: 8080,
  },
  { services: { accounts: () => Promise.resolve({ createService: createMortal }) } },
);
live(host);
