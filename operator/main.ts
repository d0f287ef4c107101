/**
 * The operator as a process: caches, leader lease, controllers, admission, health and metrics.
 * Environment: KUBECONFIG or the Pod's files, POD_IP, PORT (webhook), ADMIN_PORT, POD_NAME, LOG_LEVEL, RUNTIME_IMAGE, RECOVERY_IMAGE,
 * IMAGE_PULL_POLICY, GATEWAY_PORT, TRACES_URL, TRACES_RATIO. What is dear to load is loaded while the caches fill.
 */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { SYSTEM_NAMESPACE } from '../crds/index.ts';
import { createReflectors, type Reflectors } from './controllers/reflectors.ts';
import { tenants } from './controllers/kinds.ts';
import { openSpans } from './controllers/spans.ts';
import { portOf, settingsOf } from './controllers/settings.ts';
import type { AdmissionServer } from './admission/server.ts';
import type { Surroundings } from './admission/review.ts';
import { connect, type Client } from './kube/client.ts';
import { sleep, systemClock } from './kube/clock.ts';
import { createRecorder } from './kube/events.ts';
import { serveHealth } from './kube/health.ts';
import { createElection, mustLead } from './kube/lease.ts';
import { createMetrics } from './kube/metrics.ts';
import { leases, secrets } from './kube/resources.ts';

const env = process.env;
const log = pino({ level: env['LOG_LEVEL'] ?? 'info', base: { service: 'operator' } });
const stopping = new AbortController();
/** Longest way from being told to end, or from a lost lease, to the end. A kubelet kills after 30 s. */
const ENDING_MS = 10_000;
/** How long sockets to servers that hang may keep a process that has ended its work. */
const LINGERING_MS = 3_000;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
// Whoever hangs on its way out does nothing, says nothing, and is started again by nobody.
stopping.signal.addEventListener('abort', () => {
  systemClock.after(ENDING_MS, () => {
    log.fatal({ open: process.getActiveResourcesInfo() }, 'the operator does not end by itself and is ended');
    process.exit(1);
  });
});

try {
  await main();
} catch (cause) {
  log.fatal({ err: cause }, 'the operator cannot go on');
  process.exitCode = 1;
}
setTimeout(() => process.exit(), LINGERING_MS).unref();

async function main(): Promise<void> {
  const host = env['POD_IP'] ?? '127.0.0.1';
  const metrics = createMetrics();
  const spans = openSpans(env, metrics.registry, log);
  const client = await connect({
    userAgent: 'shopmind-operator',
    observe: (request) => metrics.observeRequest(request),
    spans,
  });
  const lease = { namespace: SYSTEM_NAMESPACE, name: 'shopmind-operator' };
  // The lease is what is written last and most often: nothing a server shows may be older than that.
  const reflectors = createReflectors(
    client,
    log,
    async () => (await client.find(leases, lease))?.metadata.resourceVersion,
  );
  const watching = reflectors.run(stopping.signal);
  // The builders and provisioners load while the first lists are on their way.
  const loading = import('./controllers/index.ts');

  let working: string | undefined = 'waits to become leader';
  let missing: string | undefined = 'the webhooks are not installed yet';
  const health = await serveHealth({
    host,
    port: port('ADMIN_PORT', 9090),
    registry: metrics.registry,
    ready: {
      caches: () => {
        const unsynced = reflectors.all.find((reflector) => !reflector.hasSynced());
        if (unsynced === undefined) return undefined;
        const error = unsynced.lastError();
        return `waits for the cache of ${unsynced.type.plural}${error === undefined ? '' : `: ${error.message}`}`;
      },
      admission: () => missing,
      // A standby is ready too: it answers admission, and takes over when the leader goes.
      controllers: () =>
        working === 'waits to become leader' && election.holder() !== undefined ? undefined : working,
    },
  });

  const election = createElection({
    client,
    ...lease,
    // A container that starts again in the same Pod takes its own lease back at once.
    identity: env['POD_NAME'] ?? `${host}_${randomUUID()}`,
    log,
    metrics,
    onLeading: (term) => {
      // A term without controllers is no use to anybody: let another process try.
      lead(term.signal).catch((error: unknown) => {
        log.fatal({ err: error }, 'the controllers failed');
        process.exitCode = 1;
        stopping.abort();
      });
    },
  });

  async function lead(signal: AbortSignal): Promise<void> {
    const { createControllers } = await loading;
    const fenced = client.fenced(election.fence);
    const events = createRecorder({ client: fenced, component: 'shopmind-operator', log });
    const controllers = createControllers({
      client: fenced,
      mayAct: () => mustLead(election.fence),
      reflectors,
      events,
      metrics,
      registry: metrics.registry,
      log,
      spans,
      ...settingsOf(env),
    });
    working = undefined;
    log.info({ milliseconds: Math.round(performance.now()) }, 'controllers work');
    await Promise.all(controllers.all.map((controller) => controller.run(signal)));
    await events.flush();
    await controllers.world.close();
  }

  const admission = standAdmission({ client, host, reflectors }, () => (missing = undefined));

  const ending = await election.run(stopping.signal);
  if (ending === 'lost') process.exitCode = 1;
  stopping.abort();
  await watching;
  await (await admission)?.close();
  await health.close();
  await spans.close();
  client.close();
}

interface AdmissionGround {
  readonly client: Client;
  readonly host: string;
  readonly reflectors: Reflectors;
}

/**
 * Tries until it stands: while it does not, an earlier configuration keeps every tenant from being changed.
 * @returns undefined when the process was told to end before
 */
async function standAdmission(
  ground: AdmissionGround,
  stands: () => void,
): Promise<AdmissionServer | undefined> {
  for (let waitMs = 250; !stopping.signal.aborted; waitMs = Math.min(waitMs * 2, 15_000)) {
    try {
      const server = await admit(ground);
      stands();
      return server;
    } catch (error) {
      if (stopping.signal.aborted) break;
      log.error({ err: error }, 'admission could not be installed; it is tried again');
      await sleep(systemClock, waitMs, stopping.signal).catch(() => undefined);
    }
  }
  return undefined;
}

async function admit({ client, host, reflectors }: AdmissionGround): Promise<AdmissionServer> {
  const [{ installAdmission }, { issueApart }] = await Promise.all([
    import('./admission/install.ts'),
    import('./admission/certificate.ts'),
  ]);
  const around = surroundingsIn(client, reflectors);
  return installAdmission(
    {
      client,
      host,
      port: port('PORT', 9443),
      log,
      issue: issueApart,
      clock: systemClock,
      // Of caches that do not know everything yet nothing is concluded.
      around: () => (reflectors.all.every((reflector) => reflector.hasSynced()) ? around : undefined),
    },
    stopping.signal,
  );
}

/** What a tenant is judged against: others' hosts, the installation's own, the Secrets that are there. */
function surroundingsIn(client: Client, reflectors: Reflectors): Surroundings {
  const setting = (key: string): string | undefined => {
    const [config] = reflectors.platform.config.cache.values();
    return config?.data?.[key];
  };
  return {
    ownerOf: (name) => reflectors.of(tenants).cache.byIndex('host', name)[0]?.metadata.name,
    platformHosts: () => {
      const origin = setting('PAYMENTS_PUBLIC_ORIGIN');
      return origin === undefined || !URL.canParse(origin) ? [] : [new URL(origin).hostname];
    },
    baseDomain: () => setting('BASE_DOMAIN'),
    secretExists: async (namespace, name) => (await client.find(secrets, { namespace, name })) !== undefined,
  };
}

function port(name: string, fallback: number): number {
  return portOf(env, name, fallback);
}
