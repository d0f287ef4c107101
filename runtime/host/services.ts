/** The domains of a process: loaded, held against their definitions, and set to work on what they hear and have to do. */
import type { CreateService, DomainService, Platform } from '../platform/domain.ts';
import { ShopError, type Problem } from '../platform/errors.ts';
import type { EventLog } from '../platform/events/log.ts';
import { PERSONAL_DATA, personalDataOf } from '../platform/personal.ts';
import type { EventHandler } from '../platform/ports.ts';
import type { TaskQueue } from '../platform/tasks/queue.ts';
import type { Tracer } from '../platform/tracing/tracer.ts';
import type { Route } from './routes.ts';
import { traceConsumer, traceTask } from './tracing.ts';

/** By the domain's name: where its code is. */
export type KnownServices = Readonly<Record<string, () => Promise<{ createService: CreateService }>>>;

/** @throws ShopError `invalid_input` that names everything that is missing at once */
export async function loadServices(
  names: readonly string[],
  known: KnownServices,
  platform: Platform,
): Promise<ReadonlyMap<string, DomainService>> {
  const services = new Map<string, DomainService>();
  const problems: Problem[] = [];
  for (const name of names) {
    const load = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!load) {
      problems.push({ where: name, what: `is no domain; there are ${Object.keys(known).join(', ')}` });
      continue;
    }
    const { createService } = await load();
    const service = createService(platform);
    problems.push(...gapsOf(service));
    const personalData = personalDataOf(service.definition, platform.sql);
    services.set(name, { ...service, operations: { ...service.operations, [PERSONAL_DATA]: personalData } });
  }
  if (problems.length === 0) return services;
  throw new ShopError('invalid_input', 'The domains named in SHOPMIND_DOMAINS cannot be hosted.', {
    problems,
    remedy: 'Every route, consumer and task of a definition needs a handler, and nothing else may have one.',
  });
}

function gapsOf(service: DomainService): Problem[] {
  const { definition } = service;
  const compare = (
    kind: string,
    wanted: readonly string[],
    present: Readonly<Record<string, unknown>>,
  ): Problem[] => [
    ...wanted
      .filter((key) => !Object.hasOwn(present, key))
      .map((key) => ({ where: `${definition.name} ${kind} ${key}`, what: 'has no handler' })),
    ...Object.keys(present)
      .filter((key) => !wanted.includes(key))
      .map((key) => ({ where: `${definition.name} ${kind} ${key}`, what: 'is in no definition' })),
  ];
  return [
    ...compare(
      'route',
      definition.routes.map(({ id }) => id),
      service.routes,
    ),
    ...compare('socket', definition.sockets?.map(({ id }) => id) ?? [], service.sockets ?? {}),
    ...compare('consumer', definition.consumes, service.consumers),
    ...compare(
      'task',
      definition.tasks.map(({ name }) => name),
      service.tasks,
    ),
    ...[...definition.routes, ...(definition.sockets ?? [])]
      .filter(
        ({ path }) =>
          !path.startsWith(`/api/${definition.name}/`) &&
          !path.startsWith(`/api/admin/${definition.name}/`) &&
          !path.startsWith('/.well-known/'),
      )
      .map(({ id, path }) => ({
        where: `${definition.name} route or socket ${id}`,
        what: `${path} does not begin with the domain’s prefix`,
      })),
  ];
}

export function domainRoutes(services: ReadonlyMap<string, DomainService>): Route[] {
  return [...services.values()].flatMap((service) =>
    service.definition.routes.map((definition) => {
      const handler = service.routes[definition.id];
      if (!handler) throw new Error(`Route ${definition.id} has no handler.`);
      return {
        domain: service.definition.name,
        definition,
        handler,
        operationId: `${service.definition.name}.${definition.id}`,
      };
    }),
  );
}

/** Where the work of domains comes from. */
export interface Sources {
  readonly events: Pick<EventLog, 'subscribe'>;
  readonly tasks: Pick<TaskQueue, 'work'>;
  readonly tracer: Tracer;
}

export async function startWorkers(
  services: Iterable<DomainService>,
  { events, tasks, tracer }: Sources,
): Promise<void> {
  for (const service of services) {
    const { name: domain } = service.definition;
    for (const [name, handler] of Object.entries(service.tasks))
      tasks.work(name, traceTask(domain, name, handler, tracer));
    const topics = service.definition.consumes;
    if (topics.length === 0) continue;
    const handle: EventHandler = async (event, tx) => {
      const consumer = service.consumers[event.topic];
      if (!consumer) throw new Error(`${domain} has no consumer for ${event.topic}.`);
      await consumer(event, tx);
    };
    await events.subscribe(domain, topics, traceConsumer(domain, handle, tracer), {
      apart: service.hearsApart === true,
    });
  }
}
