/**
 * `shopmind start`: the embedded cluster, everything installed in it and the tenants, in one foreground process.
 * Reads as the list of its phases; each is resumable, so a second start picks up where the first one was.
 */
import { join } from 'node:path';
import pino from 'pino';
import { startEmbeddedCluster, type EmbeddedCluster } from '../../embedded/cluster.ts';
import { createClient, type Client } from '../../kube/client.ts';
import { loadConnection } from '../../kube/kubeconfig.ts';
import { describeFailure, Interrupted } from '../failure.ts';
import { localImages } from './images.ts';
import { applyManifests, install } from './install.ts';
import { lockDataDir } from './lock.ts';
import { loadManifests, type Manifest } from './manifests.ts';
import { parseStartFlags, refuseUsedPort, type StartFlags, type StartOptions } from './options.ts';
import { SYSTEM_NAMESPACE } from './platform.ts';
import { createReport, type Report } from './report.ts';
import { listenForSignals, type Interruption } from './signals.ts';
import { prepareStorefront } from './storefront.ts';
import type * as System from './system.ts';
import { awaitPods, awaitTenants } from './wait.ts';

/** What every phase is given. */
interface Run {
  readonly options: StartOptions;
  readonly manifests: readonly Manifest[];
  readonly report: Report;
  readonly interruption: Interruption;
}

/** Runs until a signal ends it. @throws Failure before anything was changed, or after everything was stopped again. */
export async function start(flags: StartFlags): Promise<void> {
  const options = parseStartFlags(flags);
  const report = createReport({
    json: options.json,
    stdout: process.stdout,
    stderr: process.stderr,
    now: () => performance.now(),
    noColour: process.env['NO_COLOR'] !== undefined,
  });
  const manifests = await loadManifests(options.tenants);
  await refuseUsedPort(options.port);
  const unlock = await lockDataDir(options.dataDir);
  const interruption = listenForSignals();
  try {
    await runCluster({ options, manifests, report, interruption });
  } catch (error) {
    if (!interruption.signal.aborted && !(error instanceof Interrupted)) throw error;
  } finally {
    report.close();
    interruption.dispose();
    await unlock();
  }
}

async function runCluster(run: Run): Promise<void> {
  const { options, report, interruption } = run;
  const booted = report.step('cluster');
  // Loading the manifest builders takes as long as booting; together they cost one of the two.
  const [cluster, { systemObjects }] = await Promise.all([boot(options), import('./system.ts')]);
  const client = createClient({
    connection: await loadConnection({ KUBECONFIG: cluster.kubeconfigPath }),
    userAgent: 'shopmind-start',
  });
  try {
    booted(cluster.url);
    const pages = options.storefront ? prepareStorefront(report, interruption.signal) : undefined;
    // Awaited after the tenants; a failure before that must not count as unhandled.
    pages?.catch(() => undefined);
    await Promise.race([
      bringUp(run, client, systemObjects).then(() => openShopWindows(run, client, pages)),
      interruption.whenInterrupted,
    ]);
    report.say(`KUBECONFIG=${cluster.kubeconfigPath} kubectl get shopmind -A   ·   Ctrl-C stops everything`);
    await interruption.whenInterrupted;
  } finally {
    await shutDown(run, cluster, client);
  }
}

async function bringUp(
  { options, manifests, report, interruption: { signal } }: Run,
  client: Client,
  systemObjects: typeof System.systemObjects,
): Promise<void> {
  const installed = report.step('installation');
  await install(client, await systemObjects(client, options));
  installed();

  await Promise.all(
    ['postgres', 'processor', 'operator', 'gateway'].map(async (name) => {
      const up = report.step(name);
      await awaitPods(client, name, { namespace: SYSTEM_NAMESPACE, atLeast: 1 }, report, signal);
      up();
    }),
  );

  await applyManifests(client, manifests, signal);
  // On a second start the tenants are Ready as of the last run until the runtimes are up again.
  await awaitPods(client, 'runtime', { atLeast: 0 }, report, signal);
  const names = manifests
    .filter(({ object }) => object.kind === 'ShopMindTenant')
    .map(({ object }) => object.metadata.name);
  report.tenants(await awaitTenants(client, names, report, signal));
}

async function openShopWindows(
  { report, interruption }: Run,
  client: Client,
  pages: Promise<void> | undefined,
): Promise<void> {
  if (pages === undefined) return;
  try {
    await pages;
  } catch (error) {
    interruption.signal.throwIfAborted();
    // The shops' APIs are up and stay up; only their pages are missing, and this says why.
    report.say(describeFailure(error).trimEnd());
    return;
  }
  const serving = report.step('storefront');
  await awaitPods(
    client,
    'storefront',
    { namespace: SYSTEM_NAMESPACE, atLeast: 1 },
    report,
    interruption.signal,
  );
  serving();
  report.reached('storefront', 'the shops are open');
}

async function shutDown({ report }: Run, cluster: EmbeddedCluster, client: Client): Promise<void> {
  const stopped = report.step('stopping');
  client.close();
  await cluster.close();
  stopped();
  report.reached('stopped', 'everything has stopped; `npm start` resumes with all data');
}

function boot(options: StartOptions): Promise<EmbeddedCluster> {
  const destination = pino.destination({
    dest: join(options.dataDir, 'cluster.log'),
    mkdir: true,
    sync: false,
  });
  return startEmbeddedCluster({
    dataDir: join(options.dataDir, 'cluster'),
    kubeconfigPath: join(options.dataDir, 'kubeconfig'),
    images: localImages(),
    log: pino({ level: process.env['LOG_LEVEL'] ?? 'info' }, destination),
  });
}
