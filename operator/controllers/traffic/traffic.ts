/**
 * What was counted of the requests to one backend: the port through which a delivery asks for its figures.
 */

/** A stretch of time whose requests are counted together. */
export interface Window {
  /** Port of a Service, `namespace/name:port`, as gateways name it. */
  readonly backend: string;
  /** Names the window: with a new one, counting begins anew. */
  readonly id: string;
  readonly startedAt: Date;
}

export interface Figures {
  readonly requests: number;
  /** Answered 5xx, not at all, or broken off. */
  readonly errors: number;
  /** Time within which 99 of 100 were answered; `undefined` without requests. */
  readonly p99Ms: number | undefined;
  /** Why the figures may lack requests: whoever judges by them must not let anything pass. */
  readonly missing: string | undefined;
}

export interface Traffic {
  /**
   * Figures of the window up to now. Asked for the first time, a window may begin just then: nothing counted before the
   * first question is ever taken for later. Never rejects; what could not be asked is said in `missing`.
   */
  read(window: Window, signal: AbortSignal): Promise<Figures>;
  /** Lets go of what is kept of a backend. */
  forget(backend: string): void;
}
