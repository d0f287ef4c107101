/**
 * A runtime with notifications as a process of its own, for tests that kill it. Where `CRASH` says, it kills itself as `kill -9` would:
 * with the next mail in its hands, once the provider has taken it, or once the log says so.
 */
import { dieAt, live } from '../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../host/testing.ts';
import type { Mail, Sql } from '../../../platform/ports.ts';
import { createNotifications } from '../service.ts';

const env = (name: string): string | undefined => process.env[name];

const host = await startTestHost(
  {
    databaseUrl: env('DATABASE_URL') ?? '',
    secretsKey: env('SECRETS_KEY') ?? '',
    domains: ['accounts', 'notifications'],
    mailProviders: env('MAIL_PROVIDERS'),
  },
  {
    services: {
      accounts: () => import('../../accounts/service.ts'),
      notifications: () =>
        Promise.resolve({
          createService: (platform) => {
            const mail: Mail = {
              async send(tenant, message) {
                dieAt('before');
                const sent = await platform.mail.send(tenant, message);
                dieAt('taken');
                return sent;
              },
            };
            const sql: Sql = {
              ...platform.sql,
              async query(tenant, text, values) {
                const answer = await platform.sql.query<never>(tenant, text, values);
                if (text.startsWith('update notifications_deliveries set state')) dieAt('noted');
                return answer;
              },
            };
            return createNotifications({ ...platform, mail, sql });
          },
        }),
    },
  },
);
live(host);
