/**
 * What the benchmark's processes say to each other. The operator and the bare loop each have a process of their own, so
 * that CPU and memory are theirs alone.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { KubeObject, ResourceType } from '../../../operator/kube/types.ts';
import { own } from '../../support/owned.ts';

/** One apply as the operator sent it. */
export interface Recorded {
  readonly type: ResourceType;
  readonly intent: KubeObject;
  readonly subresource: string | undefined;
}

/** How busy the operator is; asked often, so it must cost nothing. */
export interface Progress {
  /** Keys waiting in the queues. */
  readonly depth: number;
  /** Reconciles that have ended. */
  readonly reconciles: number;
  /** Milliseconds since the process began. */
  readonly upMs: number;
}

export interface Figures {
  /** Bytes after a full collection. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** User and system time since the process began. */
  readonly cpuSeconds: number;
  /** Requests that are not GET, by verb. */
  readonly writes: Readonly<Record<string, number>>;
  readonly reads: number;
}

/** What the bare loop took. */
export interface Bare {
  /** Until the last object was applied. */
  readonly seconds: number;
  /** Until the Pods of the last Deployment were there, as the operator waits for them. */
  readonly servingSeconds: number;
  /** Milliseconds of each apply. */
  readonly latencies: readonly number[];
  readonly cpuSeconds: number;
}

export type Question =
  | { readonly ask: 'figures' }
  | { readonly ask: 'progress' }
  /** Applies the steps of a file. */
  | { readonly ask: 'run'; readonly file: string };

export interface Peer {
  readonly pid: number;
  ask<T>(question: Question): Promise<T>;
  /** Resolves with the next message of that name. */
  message<T>(name: string): Promise<T>;
  stop(): Promise<void>;
}

/** Starts a process of this folder. */
export function startPeer(script: string, env: Readonly<Record<string, string>>): Peer {
  const child: ChildProcess = fork(fileURLToPath(new URL(script, import.meta.url)), {
    env: { ...process.env, ...env },
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  own(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${script} could not be started`);
  const exited = once(child, 'exit');
  const message = <T>(name: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const onMessage = (raw: unknown): void => {
        // Both ends are ours; see `say`.
        const { name: said, value } = raw as { name: string; value: T };
        if (said !== name) return;
        child.off('message', onMessage);
        resolve(value);
      };
      child.on('message', onMessage);
      void exited.then(([code]) =>
        reject(new Error(`${script} ended with ${String(code)} before "${name}"`)),
      );
    });
  return {
    pid,
    message,
    async ask(question) {
      const answer = message<never>(question.ask);
      child.send(question);
      return answer;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** To the process that forked this one. */
export function say(name: string, value: unknown): void {
  process.send?.({ name, value });
}
