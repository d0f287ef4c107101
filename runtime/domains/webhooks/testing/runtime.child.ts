/**
 * A runtime with webhooks as a process of its own, for tests that kill it. Where `CRASH` says, it kills itself as `kill -9` would: with a
 * delivery taken and nothing said yet, once the receiver has it, or once the log says so.
 */
import { dieAt, live } from '../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../host/testing.ts';
import type { Outside, Sql } from '../../../platform/ports.ts';
import { createService } from '../service.ts';

const env = (name: string): string | undefined => process.env[name];

const host = await startTestHost(
  {
    databaseUrl: env('DATABASE_URL') ?? '',
    secretsKey: env('SECRETS_KEY') ?? '',
    domains: ['webhooks'],
    outsideLoopback: true,
  },
  {
    services: {
      webhooks: () =>
        Promise.resolve({
          createService: (platform) => {
            const outside: Outside = {
              ...platform.outside,
              async post(address, message) {
                dieAt('taken');
                const answer = await platform.outside.post(address, message);
                dieAt('told');
                return answer;
              },
            };
            const sql: Sql = {
              ...platform.sql,
              async query(tenant, text, values) {
                const answer = await platform.sql.query<never>(tenant, text, values);
                if (text.includes("set state = 'delivered'")) dieAt('noted');
                return answer;
              },
            };
            return createService({ ...platform, outside, sql });
          },
        }),
    },
  },
);
live(host);
