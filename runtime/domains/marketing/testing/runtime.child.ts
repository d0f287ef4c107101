/**
 * A runtime with marketing and notifications as a process of its own, for tests that kill it. Where `CRASH` says, it kills itself as
 * `kill -9` would: in the middle of a campaign's page, before a message is asked for or once it is; or once the page is noted.
 */
import { dieAt, live } from '../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../host/testing.ts';
import type { Sql } from '../../../platform/ports.ts';
import { mortalNotifications } from '../../notifications/testing/mortal.ts';
import { createService as createMarketing } from '../service.ts';

const env = (name: string): string => process.env[name] ?? '';
/** Which message of its life it is that it dies of. */
const FATAL = 3;
let asked = 0;

const host = await startTestHost(
  {
    databaseUrl: env('DATABASE_URL'),
    secretsKey: env('SECRETS_KEY'),
    domains: ['marketing', 'notifications'],
  },
  {
    services: {
      marketing: () =>
        Promise.resolve({
          createService: (platform) => {
            const sql: Sql = {
              ...platform.sql,
              async transaction(tenant, work) {
                let isPage = false;
                const result = await platform.sql.transaction(tenant, (tx) =>
                  work({
                    ...tx,
                    query(text, values) {
                      isPage ||= text.startsWith('update marketing_campaigns');
                      return tx.query<never>(text, values);
                    },
                  }),
                );
                if (isPage) dieAt('noted');
                return result;
              },
            };
            return createMarketing({ ...platform, sql });
          },
        }),
      notifications: () => mortalNotifications('notify', () => (asked += 1) === FATAL),
    },
  },
);
live(host);
