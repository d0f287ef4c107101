/** `grpc.health.v1.Health`: whether the process serves, for those that balance calls. */
import { ShopError } from '../../platform/errors.ts';
import { HEALTH } from './known.ts';
import type { ServedMethod } from './server.ts';

export interface Health {
  readonly methods: ReadonlyMap<string, ServedMethod>;
  /** Tells whoever watches. */
  changed(): void;
  /** Tells them for the last time. */
  close(): void;
}

/**
 * @param services that are known; each is as well as the process
 * @param isServing now, without waiting
 */
export function createHealth(services: ReadonlySet<string>, isServing: () => boolean): Health {
  const watchers = new Set<() => void>();
  let isClosed = false;

  function statusOf(service: unknown): string {
    if (service !== '' && !services.has(String(service))) return 'SERVICE_UNKNOWN';
    return isServing() ? 'SERVING' : 'NOT_SERVING';
  }

  const answers: Readonly<Record<string, ServedMethod['answer']>> = {
    async *Check(_, messages) {
      for await (const { service } of messages) {
        const status = statusOf(service);
        if (status === 'SERVICE_UNKNOWN')
          throw new ShopError('not_found', `There is no service ${String(service)}.`);
        yield { status };
      }
    },
    async *Watch({ signal }, messages) {
      for await (const { service } of messages) {
        let told: string | undefined;
        while (!signal.aborted) {
          const status = statusOf(service);
          if (status !== told) yield { status: (told = status) };
          else if (isClosed) return;
          else await nextChange(signal);
        }
      }
    },
  };

  function nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        watchers.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      watchers.add(done);
      signal.addEventListener('abort', done);
    });
  }

  function changed(): void {
    for (const tell of watchers) tell();
  }

  return {
    methods: servedBy(HEALTH.services, answers, 'health'),
    changed,
    close() {
      isClosed = true;
      changed();
    },
  };
}

const SMALL = 4_096;

/** Methods of services that the host serves itself. */
export function servedBy(
  services: typeof HEALTH.services,
  answers: Readonly<Record<string, ServedMethod['answer']>>,
  name: string,
): Map<string, ServedMethod> {
  return new Map(
    services.flatMap(({ fullName, methods }) =>
      methods.flatMap((method): [string, ServedMethod][] => {
        const answer = answers[method.name];
        if (answer === undefined) throw new Error(`${fullName} has no ${method.name}.`);
        const operation = `${name}.${method.name}`;
        return [[`/${fullName}/${method.name}`, { method, operation, messageBytes: SMALL, answer }]];
      }),
    ),
  );
}
