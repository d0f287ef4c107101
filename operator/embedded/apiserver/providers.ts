/** What the API server serves but does not store: the node agent registers where it comes from. */
import type { Readable, Writable } from 'node:stream';
import type { JsonObject } from './objects.ts';

export interface LogOptions {
  readonly container: string | undefined;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  readonly sinceSeconds: number | undefined;
  readonly sinceTime: Date | undefined;
}

/** A command that runs beside a container's process. */
export interface ExecSession {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** As a shell tells it. */
  readonly exited: Promise<number>;
  kill(): void;
}

export interface Providers {
  /**
   * Runs a command in a running container.
   * @param container empty for the Pod's first
   * @throws {ApiError} or Error when the container does not run or the command cannot be started
   */
  podExec?: (
    namespace: string,
    pod: string,
    container: string,
    command: readonly string[],
    tty: boolean,
  ) => Promise<ExecSession>;
  /**
   * The log of one container of a Pod. Ending the stream ends the answer; it is destroyed when the client goes away.
   * @throws {ApiError} when the container has no log
   */
  podLogs?: (namespace: string, pod: string, options: LogOptions) => Promise<Readable>;
  /** Usage of the pods that have been measured, as `PodMetrics` without kind and apiVersion. */
  podMetrics?: () => readonly JsonObject[];
  /** Usage of the nodes, as `NodeMetrics` without kind and apiVersion. */
  nodeMetrics?: () => readonly JsonObject[];
}
