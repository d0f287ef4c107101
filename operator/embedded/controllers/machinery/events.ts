/**
 * Writes Events, and counts a repeated one up instead of writing it again.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { isNotFound, type Api } from './client.ts';
import type { Clock } from './controller.ts';
import { apiVersionOf, EVENTS, timestamp, type KubeObject, type Resource } from './wire.ts';

export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** For example `spec.containers{web}`. */
  readonly fieldPath?: string;
}

export interface Recorder {
  /** Returns at once; a failure to write is logged and forgotten. */
  event(resource: Resource, object: KubeObject, note: EventNote): void;
  /** A recorder that signs with another name. */
  as(component: string): Recorder;
}

interface Remembered {
  readonly name: string;
  count: number;
  written: Promise<unknown>;
  /** A count that waits to be written. */
  pending: boolean;
}

const REMEMBERED = 500;
/** A repeated event is written at most this often. */
const REPEAT_MS = 2_000;

export function createRecorder(api: Api, clock: Clock, log: Logger, component = 'controllers'): Recorder {
  const memory = new Map<string, Remembered>();
  return sign(component);

  function sign(source: string): Recorder {
    return { as: sign, event: (resource, object, note) => record(source, resource, object, note) };
  }

  function record(source: string, resource: Resource, object: KubeObject, note: EventNote): void {
    const { uid, name, namespace = 'default' } = object.metadata;
    const id = [source, uid, note.type, note.reason, note.message, note.fieldPath].join('\n');
    const known = memory.get(id);
    if (known) {
      memory.delete(id);
      memory.set(id, known);
      known.count += 1;
      if (!known.pending) void countUp(known, namespace);
      return;
    }
    const now = timestamp(clock.now());
    const eventName = `${name.slice(0, 200)}.${randomBytes(8).toString('hex')}`;
    const written = api
      .create(EVENTS, namespace, {
        metadata: { name: eventName, namespace },
        involvedObject: {
          apiVersion: apiVersionOf(resource),
          kind: resource.kind,
          name,
          namespace: object.metadata.namespace,
          uid,
          resourceVersion: object.metadata.resourceVersion,
          fieldPath: note.fieldPath,
        },
        type: note.type,
        reason: note.reason,
        message: note.message.slice(0, 1024),
        source: { component: source },
        reportingComponent: source,
        reportingInstance: '',
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      })
      .catch((error: unknown) => {
        memory.delete(id);
        log.debug({ err: error, reason: note.reason }, 'an event was not written');
      });
    memory.set(id, { name: eventName, count: 1, written, pending: false });
    const oldest = memory.keys().next();
    if (memory.size > REMEMBERED && !oldest.done) memory.delete(oldest.value);
  }

  async function countUp(known: Remembered, namespace: string): Promise<void> {
    known.pending = true;
    await known.written;
    await new Promise((resolve) => setTimeout(resolve, REPEAT_MS).unref());
    known.pending = false;
    known.written = api
      .patch(
        EVENTS,
        { namespace, name: known.name },
        { count: known.count, lastTimestamp: timestamp(clock.now()) },
      )
      .catch((error: unknown) => {
        if (isNotFound(error)) for (const [id, entry] of memory) if (entry === known) memory.delete(id);
      });
  }
}
