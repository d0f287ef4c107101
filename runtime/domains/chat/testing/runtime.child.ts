/** A runtime with the chat as a process of its own, for tests that kill it and benchmarks that weigh it. Says its port. */
import { live } from '../../../../tests/support/mortal.ts';
import { startTestHost } from '../../../host/testing.ts';

const env = (name: string): string => process.env[name] ?? '';

const host = await startTestHost(
  {
    databaseUrl: env('DATABASE_URL'),
    secretsKey: env('SECRETS_KEY'),
    domains: ['accounts', 'chat'],
    backends: env('CACHE_URL') === '' ? {} : { cache: env('CACHE_URL') },
  },
  { checkAnswers: false, sweepMilliseconds: 2_000 },
);
live(host);
