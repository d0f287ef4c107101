/**
 * One container through all its lives: image, environment, start, hooks, probes, end, and whether there is a next life.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createBackoff, type Backoff } from './backoff.ts';
import { ConfigError, type Env } from './env.ts';
import { startSession, type Session, type Surroundings } from './exec.ts';
import {
  commandLine,
  resolveImage,
  unknownImageMessage,
  type ImageTable,
  type LocalImage,
} from './images.ts';
import type { LogSink } from './logs.ts';
import { askHttp, runProbe, type ProbeAnswer, type ProbeKind, type ProbeTarget } from './probes.ts';
import {
  executable,
  parentDeathGuard,
  type Exit,
  type ProcessTable,
  type RunningProcess,
} from './process.ts';
import type { Clock } from '../controllers/machinery/controller.ts';
import {
  timestamp,
  type Container,
  type ContainerState,
  type ContainerStatus,
} from '../controllers/machinery/wire.ts';
import { sleep } from '../sleep.ts';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export interface ContainerWorld {
  readonly container: Container;
  /** For messages: `name_namespace(uid)`. */
  readonly podText: string;
  readonly policy: RestartPolicy;
  readonly images: ImageTable;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  /** Where probes go. */
  readonly host: string;
  /** What an earlier agent said of this container. */
  readonly previous: ContainerStatus | undefined;
  /** Seconds between being asked to end and being ended, when a probe fails. */
  readonly graceSeconds: number;
  readonly backoff?: Backoff;
  /** Everything the container's process sees. @throws ConfigError when something is missing */
  environment(image: LocalImage): Promise<Env>;
  /** The log of the container's n-th life. */
  openLog(attempt: number): LogSink;
  note(type: 'Normal' | 'Warning', reason: string, message: string): void;
  changed(): void;
}

export interface ContainerLife {
  status(): ContainerStatus;
  pid(): number | undefined;
  /** Runs a command beside the process. @throws Error when the container does not run, or the command cannot be started */
  exec(command: readonly string[], tty: boolean): Session;
  start(): void;
  /** Resolves when it will not run again. */
  readonly ended: Promise<void>;
  /** Resolves when it has started for the first time (its startup probe included) or has ended. */
  readonly up: Promise<void>;
  /** Ends it for good. Calling again may shorten the grace. */
  stop(graceSeconds: number, reason?: string): Promise<void>;
  /** Ends this life; the restart policy decides about the next. */
  restart(reason: string): void;
}

const CONFIG_RETRY_MS = 500;
const PULL_BACKOFF = { first: 10_000, max: 300_000 };
const MAX_OUTPUT = 4_096;

export function createContainer(world: ContainerWorld): ContainerLife {
  const { container, policy, clock } = world;
  const backoff = world.backoff ?? createBackoff();
  const ended = Promise.withResolvers<void>();
  const up = Promise.withResolvers<void>();
  const stopping = new AbortController();
  let running: RunningProcess | undefined;
  let surroundings: Surroundings | undefined;
  /** Commands that run beside the process; they end with it. */
  const sessions = new Set<Session>();
  let stopGrace: number | undefined;
  let status = initialStatus(world);
  let began = false;
  let attempt = status.restartCount;

  function update(change: Partial<ContainerStatus>): void {
    status = { ...status, ...change };
    world.changed();
  }

  async function live(): Promise<void> {
    if (status.state?.terminated && !restarts(policy, status.state.terminated.exitCode)) return;
    while (!stopping.signal.aborted) {
      const image = await pull();
      if (!image) return;
      const env = await environment(image);
      if (!env) return;
      const lived = await oneLife(image, env);
      if (stopping.signal.aborted || !restarts(policy, status.state?.terminated?.exitCode ?? 0)) return;
      const delay = backoff.next(lived);
      if (delay > 0) {
        const message = `back-off ${duration(delay)} restarting failed container=${container.name} pod=${world.podText}`;
        const ended = status.state?.terminated;
        update({
          state: { waiting: { reason: 'CrashLoopBackOff', message } },
          ...(ended === undefined ? {} : { lastState: { terminated: ended } }),
        });
        world.note('Warning', 'BackOff', message[0]?.toUpperCase() + message.slice(1));
        await sleep(delay, stopping.signal);
      }
      attempt += 1;
    }
  }

  /** Resolves the image, again and again while it is unknown; undefined when told to stop. */
  async function pull(): Promise<LocalImage | undefined> {
    for (
      let delay = PULL_BACKOFF.first;
      !stopping.signal.aborted;
      delay = Math.min(delay * 2, PULL_BACKOFF.max)
    ) {
      const image = resolveImage(world.images, container.image ?? '');
      if (image) {
        world.note('Normal', 'Pulled', `Container image "${container.image}" already present on machine`);
        return image;
      }
      const message = unknownImageMessage(world.images, container.image ?? '');
      update({ state: { waiting: { reason: 'ErrImagePull', message } } });
      world.note('Warning', 'Failed', message);
      await sleep(1_000, stopping.signal);
      const backing = `Back-off pulling image "${container.image}": ${message}`;
      update({ state: { waiting: { reason: 'ImagePullBackOff', message: backing } } });
      world.note('Normal', 'BackOff', `Back-off pulling image "${container.image}"`);
      await sleep(delay, stopping.signal);
    }
    return undefined;
  }

  async function environment(image: LocalImage): Promise<Env | undefined> {
    while (!stopping.signal.aborted) {
      try {
        return await world.environment(image);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const reason = error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError';
        update({ state: { waiting: { reason, message } } });
        world.note('Warning', 'Failed', `Error: ${message}`);
        await sleep(CONFIG_RETRY_MS, stopping.signal);
      }
    }
    return undefined;
  }

  /** From start to end. @returns milliseconds it lived */
  async function oneLife(image: LocalImage, env: Env): Promise<number> {
    const id = randomBytes(16).toString('hex');
    const containerID = `shopmind://${id}`;
    const last = status.state?.terminated ?? status.lastState?.terminated;
    const lastState = last === undefined ? {} : { lastState: { terminated: last } };
    let log: LogSink | undefined;
    const cwd = container.workingDir ?? image.cwd ?? '/';
    const startedAt = clock.now();
    try {
      log = world.openLog(attempt);
      running = world.processes.start({
        id,
        command: commandLine(image, container, env),
        env,
        cwd,
        stopSignal: stopSignalOf(container) ?? image.stopSignal ?? 'SIGTERM',
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log?.write('stderr', message);
      log?.close();
      world.note('Warning', 'Failed', `Error: ${message}`);
      const at = timestamp(clock.now());
      const terminated = {
        exitCode: 128,
        reason: 'StartError',
        message,
        startedAt: at,
        finishedAt: at,
        containerID,
      };
      update({ ...lastState, restartCount: attempt, ready: false, started: false, state: { terminated } });
      return 0;
    }
    const current = running;
    surroundings = { env, cwd };
    log.take('stdout', current.stdout);
    log.take('stderr', current.stderr);
    log.close();
    world.note('Normal', 'Created', `Created container: ${container.name}`);
    world.note('Normal', 'Started', `Started container ${container.name}`);
    const started = container.startupProbe === undefined && container.lifecycle?.postStart === undefined;
    update({
      ...lastState,
      restartCount: attempt,
      containerID,
      state: { running: { startedAt: timestamp(startedAt) } },
      started,
      ready: started && container.readinessProbe === undefined,
    });
    const over = new AbortController();
    const exec = (command: readonly string[], ms: number): Promise<CommandResult> =>
      runBeside(command, env, cwd, ms);
    const target: ProbeTarget = { host: world.host, container, exec };
    void watch(current, target, over.signal).catch((error: unknown) => {
      world.note('Warning', 'Failed', `Error: ${error instanceof Error ? error.message : String(error)}`);
    });
    if (stopGrace !== undefined) void end(current, stopGrace);
    const exit = await current.exited;
    over.abort();
    running = undefined;
    surroundings = undefined;
    for (const session of sessions) session.kill();
    const terminated = terminatedState(exit, startedAt, containerID);
    update({ restartCount: attempt, ready: false, started: false, state: { terminated } });
    return exit.at.getTime() - startedAt.getTime();

    /** The hook after the start, then the probes. */
    async function watch(process: RunningProcess, target: ProbeTarget, signal: AbortSignal): Promise<void> {
      const { postStart } = container.lifecycle ?? {};
      if (postStart) {
        const answer = await hook(postStart, target, world.graceSeconds * 1e3);
        if (signal.aborted) return;
        if (!answer.ok) {
          world.note('Warning', 'FailedPostStartHook', `PostStartHook failed: ${answer.message}`);
          process.stop(world.graceSeconds * 1e3);
          return;
        }
      }
      if (container.startupProbe) {
        await probe('startup', container.startupProbe, target, signal, (ok, answer) => {
          if (!ok) kill('startup', answer);
        });
        if (signal.aborted) return;
      }
      update({ started: true, ready: container.readinessProbe === undefined });
      up.resolve();
      if (container.readinessProbe)
        void probe('readiness', container.readinessProbe, target, signal, (ready) => update({ ready }));
      if (container.livenessProbe)
        void probe('liveness', container.livenessProbe, target, signal, (ok, answer) => {
          if (!ok) kill('liveness', answer);
        });
    }

    function probe(
      kind: ProbeKind,
      probe: NonNullable<Container['livenessProbe']>,
      target: ProbeTarget,
      signal: AbortSignal,
      onVerdict: (ok: boolean, answer: ProbeAnswer) => void,
    ): Promise<void> {
      return runProbe({
        kind,
        probe,
        target,
        signal,
        onVerdict,
        onFailure: ({ message }) =>
          world.note(
            'Warning',
            'Unhealthy',
            `${kind[0]?.toUpperCase()}${kind.slice(1)} probe failed: ${message}`,
          ),
      });
    }

    function kill(kind: 'startup' | 'liveness', _answer: ProbeAnswer): void {
      const seconds =
        container[kind === 'startup' ? 'startupProbe' : 'livenessProbe']?.terminationGracePeriodSeconds ??
        world.graceSeconds;
      world.note('Normal', 'Killing', `Container ${container.name} failed ${kind} probe, will be restarted`);
      void end(current, seconds);
    }
  }

  /** The hook before the end, then the signal, then the end; the hook's time counts as grace. */
  async function end(process: RunningProcess, graceSeconds: number): Promise<void> {
    const { preStop } = container.lifecycle ?? {};
    const began = performance.now();
    if (preStop && graceSeconds > 0) {
      const image = resolveImage(world.images, container.image ?? '');
      const env = image ? await world.environment(image).catch((): Env => ({})) : {};
      const cwd = container.workingDir ?? image?.cwd ?? '/';
      const target = {
        host: world.host,
        container,
        exec: (c: readonly string[], ms: number) => runBeside(c, env, cwd, ms),
      };
      const answer = await hook(preStop, target, graceSeconds * 1e3);
      if (!answer.ok) world.note('Warning', 'FailedPreStopHook', `PreStopHook failed: ${answer.message}`);
    }
    const left = graceSeconds * 1e3 - (performance.now() - began);
    // As kubelet: a hook that took all the time leaves two seconds.
    process.stop(graceSeconds <= 0 ? 0 : preStop ? Math.max(left, 2_000) : left);
  }

  return {
    ended: ended.promise,
    up: up.promise,
    status: () => status,
    pid: () => running?.pid,
    exec(command, tty) {
      if (!surroundings) throw new Error(`container ${container.name} is not running`);
      const session = startSession(command, surroundings, tty);
      sessions.add(session);
      void session.exited.finally(() => sessions.delete(session));
      return session;
    },
    start() {
      if (began) return;
      began = true;
      void live()
        .catch((error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          update({ state: { waiting: { reason: 'RunContainerError', message } } });
          world.note('Warning', 'Failed', `Error: ${message}`);
        })
        .finally(() => {
          up.resolve();
          ended.resolve();
        });
    },
    async stop(graceSeconds) {
      const shorter = stopGrace === undefined || graceSeconds < stopGrace;
      stopGrace = Math.min(stopGrace ?? graceSeconds, graceSeconds);
      stopping.abort();
      if (!began) {
        began = true;
        up.resolve();
        ended.resolve();
      } else if (running && shorter) void end(running, graceSeconds);
      await ended.promise;
    },
    restart(reason) {
      world.note('Normal', 'Killing', `Container ${container.name} ${reason}`);
      if (running) void end(running, world.graceSeconds);
    },
  };
}

export function restarts(policy: RestartPolicy, exitCode: number): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** What a container is before this agent has done anything for it. */
function initialStatus({ container, previous, policy }: ContainerWorld): ContainerStatus {
  const image = container.image ?? '';
  const fresh: ContainerStatus = {
    name: container.name,
    image,
    imageID: `shopmind://local/${image}`,
    ready: false,
    started: false,
    restartCount: previous?.restartCount ?? 0,
    state: { waiting: { reason: 'ContainerCreating' } },
  };
  const lastState = previous?.lastState?.terminated ? { lastState: previous.lastState } : {};
  if (previous?.state?.terminated) {
    const { terminated } = previous.state;
    return restarts(policy, terminated.exitCode)
      ? { ...fresh, restartCount: fresh.restartCount + 1, lastState: { terminated } }
      : { ...fresh, ...lastState, state: { terminated } };
  }
  if (!previous?.state?.running) {
    const lived = previous?.lastState?.terminated !== undefined;
    return { ...fresh, ...lastState, restartCount: fresh.restartCount + (lived ? 1 : 0) };
  }
  // It ran when the node went down, and ended with it.
  const lost = {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The node was restarted while the container ran',
    startedAt: previous.state.running.startedAt ?? '',
    finishedAt: timestamp(new Date()),
    ...(previous.containerID === undefined ? {} : { containerID: previous.containerID }),
  };
  return policy === 'Never'
    ? { ...fresh, ...lastState, state: { terminated: lost } }
    : { ...fresh, restartCount: fresh.restartCount + 1, lastState: { terminated: lost } };
}

function terminatedState(
  exit: Exit,
  startedAt: Date,
  containerID: string,
): NonNullable<ContainerState['terminated']> {
  return {
    exitCode: exit.code,
    reason: exit.code === 0 ? 'Completed' : 'Error',
    startedAt: timestamp(startedAt),
    finishedAt: timestamp(exit.at),
    containerID,
    ...(exit.signal === undefined ? {} : { signal: exit.signal }),
  };
}

type Hook = NonNullable<NonNullable<Container['lifecycle']>['preStop']>;

async function hook(handler: Hook, target: ProbeTarget, timeoutMs: number): Promise<ProbeAnswer> {
  if (handler.exec) {
    const { code, output } = await target.exec(handler.exec.command ?? [], timeoutMs);
    return { ok: code === 0, message: `command exited with ${code}: ${output}` };
  }
  if (handler.httpGet) return askHttp(handler.httpGet, target, timeoutMs);
  if (handler.sleep)
    await sleep(Math.min(handler.sleep.seconds * 1e3, timeoutMs), new AbortController().signal);
  return { ok: true, message: '' };
}

interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a command with a container's environment and folder. Never rejects. */
function runBeside(
  command: readonly string[],
  env: Env,
  cwd: string,
  timeoutMs: number,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    let file: string;
    try {
      file = executable(command[0] ?? '', env['PATH'] ?? '', cwd);
    } catch (error) {
      resolve({ code: 126, output: error instanceof Error ? error.message : String(error) });
      return;
    }
    const [name = file, ...args] = [...parentDeathGuard(), file, ...command.slice(1)];
    const child = spawn(name, args, {
      cwd,
      env,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      if (output.length < MAX_OUTPUT) output += chunk.toString('utf8').slice(0, MAX_OUTPUT - output.length);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (error) => resolve({ code: 126, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 124, output }));
  });
}

/** `lifecycle.stopSignal`, which the published types do not all have yet. */
function stopSignalOf(container: Container): NodeJS.Signals | undefined {
  const signal = (container.lifecycle as { stopSignal?: string } | undefined)?.stopSignal; // wider than the type
  return signal !== undefined && signal.startsWith('SIG') ? (signal as NodeJS.Signals) : undefined; // checked by the API server
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1e3);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
