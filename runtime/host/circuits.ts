/** Which systems this process takes to be away: told in the log when it begins and ends, and to Prometheus as a gauge. */
import type { Logger } from 'pino';
import type { CircuitWatch } from '../platform/circuit/circuit.ts';

export interface Circuits {
  /** @param system as its gauge is labelled @param instead what is done while nobody asks it, for the log */
  watch(system: string, instead: string): CircuitWatch;
  /** Those that are watched, and whether each is open. */
  states(): ReadonlyMap<string, boolean>;
}

export function createCircuits(log: Logger): Circuits {
  const states = new Map<string, boolean>();
  return {
    watch(system, instead) {
      states.set(system, false);
      return {
        opened(cause) {
          states.set(system, true);
          log.warn({ err: cause, system }, `${system} does not answer; ${instead}`);
        },
        closed() {
          states.set(system, false);
          log.info({ system }, `${system} answers again`);
        },
      };
    },
    states: () => states,
  };
}
