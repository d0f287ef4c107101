/** What a failover works on, in a cluster: configuration, journal, servers of both regions, Services, gateway, people. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { configMaps } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { createRecorder } from '../../kube/events.ts';
import { AwayError, type Surroundings } from '../../recovery/failover/failover.ts';
import type { Record } from '../../recovery/failover/journal.ts';
import { onServer } from '../../recovery/failover/reach.ts';
import { createOperations } from '../../recovery/operations.ts';
import type { Cli } from '../cli.ts';
import { withDatabase } from '../data/look.ts';
import { wayTo } from '../data/reach.ts';
import { EXIT, Failure } from '../failure.ts';
import { listTenants } from '../tenant/find.ts';
import { notArrived } from './arrival.ts';
import { createJournal } from './journal.ts';
import { platformNow, pointTo, type Region } from './regions.ts';
import { warmShops } from './warm.ts';

export interface SurroundingsOptions {
  readonly from: Region;
  readonly to: Region;
  /** How long Services may take to come over, in ms. */
  readonly timeoutMs: number;
}

/** Longer than the standby may take for the log, and for its promotion. */
const PATIENCE_MS = 150_000;
const POLL_MS = 1_000;
const WARM_MS = 60_000;
const GATEWAY = { host: `gateway.${SYSTEM_NAMESPACE}.svc`, port: 8080 };
const TRIES = 3;

export function createSurroundings(
  cli: Cli,
  client: Client,
  { from, to, timeoutMs }: SurroundingsOptions,
): Surroundings {
  const adminUrlOf = (name: string): string => {
    const [region] = [from, to].filter((one) => one.name === name);
    const url = region?.secret['DATABASE_ADMIN_URL'];
    if (url === undefined) throw new Failure(`region ${name} is none of this failover's`);
    return url;
  };
  return {
    journal: createJournal(client),
    region: async () => (await platformNow(client)).name,
    database: decodeURIComponent(new URL(adminUrlOf(to.name)).pathname.slice(1)),

    async onServer(name, work) {
      const url = new URL(adminUrlOf(name));
      const way = await wayTo(client, url.hostname, Number(url.port || '5432')).catch((error: unknown) => {
        throw error instanceof Failure ? new AwayError(error) : error;
      });
      url.hostname = way.host;
      url.port = String(way.port);
      try {
        return await onServer(url.href, work, PATIENCE_MS);
      } finally {
        way.close();
      }
    },

    pointTo: (name) => pointTo(client, name === to.name ? to : from),

    async arrived() {
      const databaseUrl = to.secret['DATABASE_URL'] ?? adminUrlOf(to.name);
      const late = AbortSignal.timeout(timeoutMs);
      for (let said = ''; ; await sleep(POLL_MS, undefined, { signal: cli.interrupted() })) {
        const waiting = await notArrived(client, databaseUrl);
        if (waiting.length === 0) return;
        if (late.aborted)
          throw new Failure(`${waiting.length} Services have not come over to ${to.name}`, {
            exitCode: EXIT.timeout,
            details: waiting,
            remedy: `They go on by themselves; then repeat the command: ${cli.self} failover --to ${to.name}`,
          });
        const text = `${waiting.length} Services are on their way, ${waiting[0]}`;
        if (text !== said) cli.note(cli.notes.dim(text));
        said = text;
      }
    },

    async warm() {
      const hosts = (await listTenants(client)).flatMap(({ spec, status }) =>
        spec.suspended || status?.endpoints?.storefront === undefined
          ? []
          : [new URL(status.endpoints.storefront).host],
      );
      if (hosts.length === 0) return { warmed: 0, cold: 0 };
      const way = await wayTo(client, GATEWAY.host, GATEWAY.port);
      try {
        return await warmShops({ gateway: way, hosts, withinMs: WARM_MS });
      } finally {
        way.close();
      }
    },

    async notify(record, text) {
      const about = await client.get(configMaps, { namespace: SYSTEM_NAMESPACE, name: 'platform' });
      const recorder = createRecorder({
        client,
        component: 'kubectl-shopmind',
        log: pino({ level: 'silent' }),
      });
      recorder.record(
        { ...about, apiVersion: 'v1', kind: 'ConfigMap' },
        { type: 'Warning', reason: 'FailedOver', message: text },
      );
      await recorder.flush();
      const { NOTIFY_URL: url } = (await platformNow(client)).secret;
      if (url !== undefined) await post(url, { text, failover: record });
    },

    remember: (record) => remember(client, adminUrlOf(to.name), record),
    now: () => new Date(cli.now()),
    say: (text) => cli.note(cli.notes.dim(text)),
  };
}

/** Whom it is told to may be away for a moment. @throws Failure: all else is done */
async function post(url: string, body: object): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(10_000),
      });
      if (answer.ok) return;
      throw new Error(`it answers ${answer.status}`);
    } catch (cause) {
      if (tries >= TRIES)
        throw new Failure(
          `the failover is done, but whoever NOTIFY_URL names was not told: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause, remedy: 'Tell them, or repeat the command, which does nothing else.' },
        );
      await sleep(1_000 * tries);
    }
  }
}

async function remember(client: Client, databaseAdminUrl: string, record: Record): Promise<void> {
  await withDatabase(client, { databaseAdminUrl }, async (database) => {
    const operations = createOperations(database);
    const { id, from, to, doneAt, facts } = record;
    await operations.begin({ kind: 'failover', arguments: { from, to }, id });
    await operations.end(id, 'Succeeded', `from ${from} to ${to}`, { doneAt, facts });
  });
}
