/**
 * Entry of the runtime image: reads the environment, hosts the named domains, leaves in good order on SIGTERM.
 * With argument `backup` it exports its tenants instead, and ends.
 */
import { setFlagsFromString } from 'node:v8';
import { pino } from 'pino';
import { systemClock } from '../platform/clock.ts';
import { ShopError } from '../platform/errors.ts';
import type { Host } from './host.ts';
import { underWatch } from './reload.ts';

// What outlives the youngest objects is looked through once it has grown by half. Left alone, V8 waits until a small heap is several times what
// lives in it: 237 MB instead of 160 while orders are placed, for no less CPU. Here, because NODE_OPTIONS takes no such flag.
setFlagsFromString('--heap-growing-percent=50');

/** Endpoints learn of our end while we still answer. */
const GRACE_MS = 300;

underWatch(import.meta.filename);

let running: Host | undefined;
const log = pino({
  level: process.env['LOG_LEVEL'] ?? 'info',
  base: { service: 'runtime', pod: process.env['HOSTNAME'], tenant: process.env['SHOPMIND_TENANT'] },
  // Absent while nothing is traced.
  mixin: () => running?.tracer.logFields() ?? {},
  redact: {
    paths: [
      '*.authorization',
      '*.cookie',
      '*.password',
      '*.token',
      '*.clientSecret',
      '*.privateKey',
      '*.email',
      'err.cause.detail',
    ],
    censor: '[hidden]',
  },
});

try {
  const [work] = process.argv.slice(2);
  if (work === undefined) await serve();
  else if (work === 'backup') await backUpAll();
  else throw new Error(`there is no ${work}: give no argument to serve, or backup`);
} catch (error) {
  tell(error);
  process.exit(1);
}

async function serve(): Promise<void> {
  // Not before: a watcher needs none of it, nor does a backup.
  const [{ createHost }, { readConfig }] = await Promise.all([import('./host.ts'), import('./config.ts')]);
  const host = await createHost(readConfig(process.env), log);
  running = host;
  leaveInGoodOrder(host);
  await host.start();
  log.info(
    { domains: process.env['SHOPMIND_DOMAINS'], startedInMilliseconds: Math.round(performance.now()) },
    'runtime is ready',
  );
}

async function backUpAll(): Promise<void> {
  const { backUp } = await import('./backup.ts');
  process.exitCode = (await backUp(process.env, log, systemClock)) === 0 ? 0 : 1;
}

function leaveInGoodOrder(host: Host): void {
  let leaving = false;
  const leave = (signal: NodeJS.Signals) => {
    if (leaving) return;
    leaving = true;
    log.info({ signal }, 'runtime is stopping');
    setTimeout(() => {
      host.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping failed');
          process.exit(1);
        },
      );
    }, GRACE_MS);
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  process.on('unhandledRejection', (error) =>
    log.error({ err: error }, 'a promise failed and nobody looked: a bug'),
  );
}

function tell(error: unknown): void {
  if (error instanceof ShopError)
    log.fatal({ problems: error.problems, remedy: error.remedy }, error.message);
  else log.fatal({ err: error }, 'the runtime cannot start');
}
