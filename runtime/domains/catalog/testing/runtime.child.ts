/**
 * A runtime with accounts, the catalogue and notifications as a process of its own, for tests that kill it. Where `CRASH` says, it kills
 * itself as `kill -9` would: before people are told of something or once they are.
 */
import { live } from '../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../host/testing.ts';
import { mortalNotifications } from '../../notifications/testing/mortal.ts';

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
      notifications: () => mortalNotifications('notifyMany'),
    },
  },
);
live(host);
