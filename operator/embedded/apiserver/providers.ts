/** What the API server serves but does not store: the node agent registers where it comes from. */
import type { Readable } from 'node:stream';
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

export interface Providers {
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
