/**
 * One Pod on this node: its volumes, its init containers in order, its containers, its end.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, containerEnv, type Env } from './env.ts';
import { createContainer, type ContainerLife, type RestartPolicy } from './container.ts';
import type { Session } from './exec.ts';
import type { PodPlace } from './fields.ts';
import type { ImageTable, LocalImage } from './images.ts';
import type { LogStore } from './logs.ts';
import type { ProcessTable } from './process.ts';
import { isSidecar, podStatus, type PodFacts } from './status.ts';
import { makeVolumes, volumeEnv, type VolumeSources } from './volumes.ts';
import type { Clock } from '../controllers/machinery/controller.ts';
import { timestamp, type Container, type Pod, type PodStatus } from '../controllers/machinery/wire.ts';

export interface PodWorld {
  readonly place: PodPlace;
  /** The Pod's own folder; removed with the Pod. */
  readonly dir: string;
  readonly images: ImageTable;
  readonly processes: ProcessTable;
  readonly logs: LogStore;
  readonly clock: Clock;
  readonly sources: VolumeSources;
  /** What every process of this Pod sees beside what it declares. */
  baseEnv(container: Container): Promise<Env>;
  note(type: 'Normal' | 'Warning', reason: string, message: string, container?: string): void;
  /** The status may have changed. */
  changed(): void;
}

export interface PodWorker {
  /** Takes a newer version of the object. */
  update(pod: Pod): void;
  status(): PodStatus;
  /** Process ids of the running containers, by name. */
  pids(): Map<string, number>;
  /** As `ContainerLife.exec`. @param container empty for the first */
  exec(container: string, command: readonly string[], tty: boolean): Session;
  /** Ends every container; resolves when none runs. Calling again may shorten the grace. */
  stop(graceSeconds: number): Promise<void>;
  /** Removes what the Pod has on disk, its logs too. */
  clean(): Promise<void>;
}

const VOLUME_RETRY_MS = 500;
export const DEFAULT_GRACE_SECONDS = 30;

export function startPod(first: Pod, world: PodWorld): PodWorker {
  let pod = first;
  let final = false;
  let failure: PodFacts['failure'];
  let volumes: ReadonlyMap<string, string> = new Map();
  const stopping = new AbortController();
  const startTime = timestamp(world.clock.now());
  const policy = (pod.spec.restartPolicy ?? 'Always') as RestartPolicy; // the API server allows these three
  const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  const init = (pod.spec.initContainers ?? []).map((container) => make(container, true));
  const main = pod.spec.containers.map((container) => make(container, false));
  let deadline: NodeJS.Timeout | undefined;

  function make(container: Container, isInit: boolean): ContainerLife {
    const statuses = isInit ? pod.status?.initContainerStatuses : pod.status?.containerStatuses;
    const previous = statuses?.find(({ name }) => name === container.name);
    return createContainer({
      container,
      podText: `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`,
      policy: isInit
        ? isSidecar(container)
          ? 'Always'
          : policy === 'Never'
            ? 'Never'
            : 'OnFailure'
        : policy,
      images: world.images,
      processes: world.processes,
      clock: world.clock,
      host: world.place.podIP,
      // Init containers run again after a restart of the node, as the Pod is set up anew.
      previous: isInit && previous && !isSidecar(container) ? rerun(previous) : previous,
      graceSeconds,
      environment: (image) => environment(container, image),
      openLog: (attempt) =>
        world.logs.open(
          {
            namespace: pod.metadata.namespace,
            pod: pod.metadata.name,
            uid: pod.metadata.uid,
            container: container.name,
          },
          attempt,
        ),
      note: (type, reason, message) => world.note(type, reason, message, container.name),
      changed: world.changed,
    });
  }

  async function environment(container: Container, image: LocalImage): Promise<Env> {
    const base = await world.baseEnv(container);
    const own = {
      ...image.env,
      ...volumeEnv(container, volumes),
      ...containerEnv(pod, container, world.place, world.sources),
    };
    const nodeOptions = [base['NODE_OPTIONS'], own['NODE_OPTIONS' as keyof typeof own]]
      .filter(Boolean)
      .join(' ');
    return { ...base, ...own, ...(nodeOptions ? { NODE_OPTIONS: nodeOptions } : {}) };
  }

  async function run(): Promise<void> {
    await mkdir(world.dir, { recursive: true });
    if (!(await mount())) return;
    for (const [at, life] of init.entries()) {
      if (stopping.signal.aborted) return;
      life.start();
      if (isSidecar(pod.spec.initContainers?.[at] ?? { name: '' })) {
        await life.up;
        continue;
      }
      await life.ended;
      if (life.status().state?.terminated?.exitCode !== 0) {
        await endSidecars(graceSeconds);
        return;
      }
    }
    if (stopping.signal.aborted) return;
    for (const life of main) life.start();
    await Promise.all(main.map((life) => life.ended));
    await endSidecars(graceSeconds);
  }

  /** Makes the volumes, again and again while a source is missing; false when told to stop. */
  async function mount(): Promise<boolean> {
    while (!stopping.signal.aborted) {
      try {
        volumes = await makeVolumes(pod, world.place, join(world.dir, 'volumes'), world.sources);
        return true;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        world.note('Warning', 'FailedMount', `MountVolume.SetUp failed: ${message}`);
        if (!(error instanceof ConfigError) && !isSystemError(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, VOLUME_RETRY_MS));
      }
    }
    return false;
  }

  /** In the reverse of the order they were started in. */
  async function endSidecars(seconds: number): Promise<void> {
    for (const life of init.toReversed()) await life.stop(seconds);
  }

  async function stop(seconds: number): Promise<void> {
    stopping.abort();
    clearTimeout(deadline);
    await Promise.all(main.map((life) => life.stop(seconds)));
    await endSidecars(seconds);
    final = true;
    world.changed();
  }

  function watchDeadline(): void {
    const limit = pod.spec.activeDeadlineSeconds;
    if (limit === undefined) return;
    const since = new Date(pod.status?.startTime ?? startTime).getTime();
    const left = since + limit * 1e3 - world.clock.now().getTime();
    deadline = setTimeout(
      () => {
        failure = {
          reason: 'DeadlineExceeded',
          message: 'Pod was active on the node longer than the specified deadline',
        };
        world.note('Normal', 'DeadlineExceeded', failure.message);
        void stop(graceSeconds);
      },
      Math.min(Math.max(left, 0), 2 ** 31 - 1),
    );
  }

  watchDeadline();
  void run().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    failure = { reason: 'StartError', message };
    world.note('Warning', 'FailedCreatePodSandBox', message);
    world.changed();
  });

  return {
    update(newer) {
      pod = newer;
    },
    status: () =>
      podStatus({
        spec: pod.spec,
        present: pod.status,
        init: init.map((life) => life.status()),
        main: main.map((life) => life.status()),
        podIP: world.place.podIP,
        hostIP: world.place.hostIP,
        startTime,
        now: world.clock.now(),
        final,
        failure,
      }),
    pids: () =>
      new Map(
        [...init, ...main].flatMap((life) => {
          const pid = life.pid();
          return pid === undefined ? [] : [[life.status().name, pid] as const];
        }),
      ),
    exec(container, command, tty) {
      const lives = [...main, ...init];
      const life = container === '' ? main[0] : lives.find((one) => one.status().name === container);
      if (!life) throw new Error(`container ${container} is not valid for pod ${pod.metadata.name}`);
      return life.exec(command, tty);
    },
    stop,
    async clean() {
      await rm(world.dir, { recursive: true, force: true });
      world.logs.remove({ namespace: pod.metadata.namespace, pod: pod.metadata.name, uid: pod.metadata.uid });
    },
  };
}

function rerun(status: NonNullable<PodStatus['initContainerStatuses']>[number]): typeof status {
  const { state, ...rest } = status;
  return state?.terminated ? { ...rest, lastState: { terminated: state.terminated } } : status;
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;
