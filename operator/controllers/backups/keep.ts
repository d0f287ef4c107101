/**
 * Keeps the archiver and the drill where the platform names an archive, and takes them away where it does not; remembers what is known
 * of the archive for the conditions of everybody, and counts it for Prometheus.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { InventoryItem } from '../../../crds/index.ts';
import { POOL_SCOPE } from '../../../runtime/platform/names/index.ts';
import type { Reconcile, ReconcileContext, Result } from '../../kube/controller.ts';
import { inventoryOf } from '../../kube/inventory.ts';
import { keyOf } from '../../kube/types.ts';
import type { KubeObject } from '../../kube/types.ts';
import { archiverLogin } from '../../recovery/archive/login.ts';
import { lossMs, verdictOf } from '../../recovery/archive/verdict.ts';
import type { ArchiveState, Verdict } from '../../recovery/archive/verdict.ts';
import type { Operation } from '../../recovery/operations.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import { archiver, ARCHIVER, DRILL, drillSchedule } from '../../resources/recovery.ts';
import { addressWith, loginsOf, secretRevision } from '../credentials.ts';
import { resourceOf, secrets, shopServices } from '../kinds.ts';
import { applyAll, prune } from '../objects.ts';
import { credentialsSeen } from '../rotation.ts';
import { troubleOf } from '../troubles.ts';
import type { World } from '../world.ts';

/** The one key of this controller. */
export const PLATFORM_KEY = `${SYSTEM_NAMESPACE}/platform`;

const LOOK_MS = 5_000;
const DAY_MS = 86_400_000;

/** What is known of the archive. Lives in memory: it is read again by whoever starts. */
export interface ArchiveNews {
  /** `undefined`: the platform has none, or it was not looked at yet. */
  verdict(): Verdict | undefined;
  state(): ArchiveState | undefined;
  drill(): Operation | undefined;
  /** @returns whether anything changed that a condition says */
  learn(news: {
    readonly verdict: Verdict | undefined;
    readonly state: ArchiveState | undefined;
    readonly drill: Operation | undefined;
  }): boolean;
}

export function createArchiveNews(): ArchiveNews {
  let known: Parameters<ArchiveNews['learn']>[0] = { verdict: undefined, state: undefined, drill: undefined };
  const said = ({ verdict, state, drill }: typeof known): string =>
    JSON.stringify([verdict, state?.bases, state?.since, drill?.id, drill?.state]);
  return {
    verdict: () => known.verdict,
    state: () => known.state,
    drill: () => known.drill,
    learn(news) {
      const changed = said(news) !== said(known);
      known = news;
      return changed;
    },
  };
}

/** Where the figures go. */
export interface ArchiveMetrics {
  archive(figures: {
    readonly lossSeconds: number | undefined;
    readonly ok: boolean;
    readonly drill?: {
      readonly ok: boolean;
      readonly at: Date;
      readonly rpoSeconds?: number;
      readonly rtoSeconds?: number;
    };
  }): void;
}

const MADE: readonly InventoryItem[] = [
  { apiVersion: 'apps/v1', kind: 'Deployment', namespace: SYSTEM_NAMESPACE, name: ARCHIVER },
  { apiVersion: 'batch/v1', kind: 'CronJob', namespace: SYSTEM_NAMESPACE, name: DRILL },
];
const LOGIN: InventoryItem = {
  apiVersion: 'v1',
  kind: 'Secret',
  namespace: SYSTEM_NAMESPACE,
  name: ARCHIVER,
};

/** @param onNews told when conditions of tenants and of the pool are to be drawn anew */
export function createArchiveKeeper(
  world: World,
  options: { readonly metrics?: ArchiveMetrics; readonly onNews: () => void; readonly wake: () => void },
): Reconcile {
  let forgottenAt = -Infinity;
  return async (_key, context): Promise<Result> => {
    try {
      const platform = world.platform();
      const [pool] = world
        .cacheOf(shopServices)
        .inNamespace(SYSTEM_NAMESPACE)
        .filter(({ spec }) => spec.domains !== undefined && spec.tenant === undefined);
      const credentials = credentialsSeen(world, SYSTEM_NAMESPACE);
      const { archive } = platform;
      if (archive === undefined) {
        if (world.archive.learn({ verdict: undefined, state: undefined, drill: undefined })) options.onNews();
        return await retire(world, context, platform);
      }
      // The server's roles and the directory come with the pool.
      if (pool === undefined || credentials === undefined) return { requeueAfterMs: LOOK_MS };
      const desk = await world.desk(platform);
      const logins = loginsOf(credentials).map(({ password }) => archiverLogin(POOL_SCOPE, password));
      const current = archiverLogin(POOL_SCOPE, credentials.current.password);
      const done = await desk.ensureArchiver({ logins, walKeep: `${archive.walKeepGigabytes}GB` });
      if (done.length > 0) context.log.info({ actions: done }, 'the archiver may enter');
      const databaseUrl = addressWith(platform.databaseUrl, current);
      const revision = secretRevision({ databaseUrl, archive: archive.url });
      const input = { archive, images: world.images };
      const objects = [...archiver({ ...input, databaseUrl, revision }), ...drillSchedule(input)];
      await applyAll(world, context, pool, objects);
      // Manifests are plain objects of Kubernetes.
      await prune(
        world,
        context,
        seen(world),
        inventoryOf(objects as readonly unknown[] as readonly KubeObject[]),
      );
      const keepMs = archive.keepDays * DAY_MS;
      const state = await desk.archive();
      const verdict = verdictOf(state, { rpoMs: archive.rpoSeconds * 1000, keepMs });
      const drill = await desk.lastDrill();
      options.metrics?.archive({
        lossSeconds: secondsOf(lossMs(state)),
        ok: verdict.ok,
        ...figuresOf(drill),
      });
      if (world.archive.learn({ verdict, state, drill })) options.onNews();
      if (world.clock.monotonic() - forgottenAt > DAY_MS) {
        await desk.forgetErased(new Date(world.clock.now().getTime() - keepMs - DAY_MS));
        forgottenAt = world.clock.monotonic();
      }
      return { requeueAfterMs: LOOK_MS };
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble === undefined) throw error;
      context.log.warn({ err: error }, trouble.message);
      if (!trouble.passes) {
        const verdict = { ok: false, reason: trouble.reason, message: `archive: ${trouble.message}` };
        if (world.archive.learn({ verdict, state: undefined, drill: undefined })) options.onNews();
      } else world.whenUp(options.wake, trouble.system);
      return { requeueAfterMs: LOOK_MS };
    }
  };
}

/** What stands of it: the server need not be asked again and again for what was never made. */
function seen(world: World): readonly InventoryItem[] {
  return MADE.filter((item) => world.cacheOf(resourceOf(item)).has(keyOf(item)));
}

/** The Secret goes last: as long as it is there, the database may have a slot that keeps its log for nobody. */
async function retire(world: World, context: ReconcileContext, platform: PlatformConfig): Promise<Result> {
  if (world.cacheOf(secrets).get(`${SYSTEM_NAMESPACE}/${ARCHIVER}`) === undefined) return {};
  await prune(world, context, MADE, []);
  const desk = await world.desk(platform);
  if (!(await desk.retireArchiver())) return { requeueAfterMs: LOOK_MS };
  await prune(world, context, [LOGIN], []);
  return {};
}

function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function figuresOf(drill: Operation | undefined): Pick<Parameters<ArchiveMetrics['archive']>[0], 'drill'> {
  const at = drill?.endedAt ?? undefined;
  if (drill === undefined || at === undefined) return {};
  const { rpoSeconds, rtoSeconds } = drill.result;
  return {
    drill: {
      ok: drill.state === 'Succeeded',
      at,
      ...(typeof rpoSeconds === 'number' ? { rpoSeconds } : {}),
      ...(typeof rtoSeconds === 'number' ? { rtoSeconds } : {}),
    },
  };
}
