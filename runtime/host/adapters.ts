/**
 * What stands behind each port of this process: a system of its own where its address names one, the database or the process itself
 * where nothing does. An adapter is loaded when it is chosen: nobody pays for a client that is not used.
 */
import { fileURLToPath } from 'node:url';
import type { Port } from '../platform/backends/index.ts';
import { variableOf } from '../platform/backends/index.ts';
import { createFileBlobs } from '../platform/blobs/files.ts';
import { createMemoryCache } from '../platform/cache/memory.ts';
import { ShopError } from '../platform/errors.ts';
import { createEventLog } from '../platform/events/log.ts';
import type { EventLog, EventLogOptions } from '../platform/events/log.ts';
import type { Blobs, Cache, Clock } from '../platform/ports.ts';
import { createTaskQueue } from '../platform/tasks/queue.ts';
import type { TaskQueue, TaskQueueOptions } from '../platform/tasks/queue.ts';
import type { HostConfig } from './config.ts';

/** @throws ShopError `invalid_input` when nothing here speaks the address's scheme */
export async function openEvents(config: HostConfig, options: EventLogOptions): Promise<EventLog> {
  const address = config.backends.events;
  if (address === undefined) return createEventLog(options);
  return refuse('events', address);
}

/** @throws ShopError `invalid_input` when nothing here speaks the address's scheme */
export async function openTasks(config: HostConfig, options: TaskQueueOptions): Promise<TaskQueue> {
  const address = config.backends.tasks;
  if (address === undefined) return createTaskQueue(options);
  return refuse('tasks', address);
}

/** @throws ShopError `invalid_input` when nothing here speaks the address's scheme */
export async function openCache(config: HostConfig, clock: Clock): Promise<Cache> {
  const address = config.backends.cache;
  if (address === undefined) return createMemoryCache({ clock });
  return refuse('cache', address);
}

/** Files, or an object store. */
export async function openBlobs(config: HostConfig): Promise<Blobs> {
  if (config.blobsUrl.startsWith('file:')) return createFileBlobs(fileURLToPath(config.blobsUrl));
  const { createS3Blobs } = await import('../platform/blobs/s3.ts');
  return createS3Blobs(config.blobsUrl);
}

function refuse(port: Port, address: string): never {
  const scheme = /^[^:]*/.exec(address)?.[0] ?? '';
  throw new ShopError('invalid_input', 'A backend that is configured cannot be used.', {
    problems: [{ where: variableOf(port), what: `no adapter speaks ${scheme}://` }],
    remedy: `Take ${variableOf(port)} out of the platform’s configuration, or update the runtime’s image.`,
  });
}
