/**
 * A runtime with accounts, the catalogue and notifications as a process of its own, for tests that kill it. Where `CRASH` says, it kills
 * itself as `kill -9` would: before people are told of something or once they are.
 */
import { dieAt, live } from '../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../host/testing.ts';
import { createService as createNotifications } from '../../notifications/service.ts';

const env = (name: string): string => process.env[name] ?? '';

const host = await startTestHost(
  {
    databaseUrl: env('DATABASE_URL'),
    secretsKey: env('SECRETS_KEY'),
    domains: ['accounts', 'catalog', 'notifications'],
  },
  {
    // A while after whatever the test has told.
    clock: { now: () => new Date(Date.now() + Number(env('LATER'))) },
    services: {
      accounts: () => import('../../accounts/service.ts'),
      catalog: () => import('../service.ts'),
      notifications: () =>
        Promise.resolve({
          createService: (platform) => {
            const service = createNotifications(platform);
            return {
              ...service,
              operations: {
                ...service.operations,
                async notifyMany(tenant, input) {
                  dieAt('asked');
                  const answer = await service.operations['notifyMany']?.(tenant, input);
                  dieAt('told');
                  return answer;
                },
              },
            };
          },
        }),
    },
  },
);
live(host);
