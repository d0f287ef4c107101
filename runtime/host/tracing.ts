/** Where work comes into this process, a span begins: consumers, tasks and sockets here, requests in `http.ts` and `grpc/server.ts`. */
import type { Logger } from 'pino';
import type { SocketConnection, SocketHandler } from '../platform/domain.ts';
import type { EventHandler, TaskHandler } from '../platform/ports.ts';
import { traceHandling } from '../platform/tracing/sql.ts';
import { createTracer, type SpanOptions, type Tracer } from '../platform/tracing/tracer.ts';
import type { HostConfig } from './config.ts';

export function openTracer(config: Pick<HostConfig, 'traces' | 'domains' | 'tenant'>, log: Logger): Tracer {
  const { traces, tenant } = config;
  return createTracer({
    url: traces?.url,
    ratio: traces?.ratio ?? 0,
    resource: {
      'service.namespace': 'shopmind',
      'service.name': serviceName(config.domains),
      'service.instance.id': process.env['HOSTNAME'] ?? String(process.pid),
      'shopmind.tenant': tenant,
    },
    onTrouble: (error) => log.warn({ err: error }, 'spans cannot be sent; what does not fit is dropped'),
  });
}

/** A process of one domain is called as the domain is. */
export function serviceName(domains: readonly string[]): string {
  const [only, ...others] = domains;
  return only !== undefined && others.length === 0 ? only : 'runtime';
}

/** An event's consumer goes on with what emitted it. */
export function traceConsumer(domain: string, handle: EventHandler, tracer: Tracer): EventHandler {
  if (!tracer.isOn) return handle;
  return (event, tx) => {
    const { topic, type, tenant } = event;
    const about: SpanOptions = {
      kind: 'consumer',
      parent: event.trace ?? 'none',
      attributes: {
        'messaging.system': 'shopmind.events',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topic,
        'messaging.consumer.group.name': domain,
        'shopmind.event': type,
        'shopmind.tenant': tenant,
        'shopmind.domain': domain,
      },
    };
    return tracer.run(`process ${topic}`, about, () =>
      traceHandling(tx, tenant, tracer, (traced) => handle(event, traced)),
    );
  };
}

/** A task goes on with what enqueued it, unless that was to be done later: then it begins something. */
export function traceTask(domain: string, name: string, handle: TaskHandler, tracer: Tracer): TaskHandler {
  if (!tracer.isOn) return handle;
  return (run) => {
    const about: SpanOptions = {
      kind: 'consumer',
      parent: run.trace ?? 'none',
      attributes: {
        'messaging.system': 'shopmind.tasks',
        'messaging.operation.type': 'process',
        'messaging.destination.name': name,
        'shopmind.attempt': run.attempt,
        'shopmind.tenant': run.tenant,
        'shopmind.domain': domain,
      },
    };
    return tracer.run(`task ${name}`, about, () => handle(run));
  };
}

/** Each message of a client is the beginning of something. @param name of the socket */
export function traceSocket(name: string, handler: SocketHandler, tracer: Tracer): SocketHandler {
  if (!tracer.isOn) return handler;
  const begin = ({ tenant }: SocketConnection, kind: string) =>
    tracer.begin(`${name} ${kind}`, {
      kind: 'server',
      parent: 'none',
      attributes: { 'shopmind.tenant': tenant.id, 'shopmind.socket': name },
    });
  return {
    ...handler,
    heard(connection, message) {
      const span = begin(connection, message.t);
      try {
        const handling = tracer.within(span, () => handler.heard(connection, message));
        if (handling === undefined) return tracer.end(span);
        return handling.then(
          () => tracer.end(span),
          (error: unknown) => {
            tracer.end(span, error);
            throw error;
          },
        );
      } catch (error) {
        tracer.end(span, error);
        throw error;
      }
    },
  };
}
