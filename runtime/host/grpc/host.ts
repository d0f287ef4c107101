/** gRPC of a runtime process. What it can be asked is drawn when it is first asked: most processes never are. */
import { readFile } from 'node:fs/promises';
import { DOMAINS } from '../../domains/index.ts';
import { grpcService } from '../../platform/names/index.ts';
import { createHealth } from './health.ts';
import type { MethodsOptions } from './methods.ts';
import type { Numbers } from './model.ts';
import { createGrpcServer, type GrpcOptions, type GrpcServer, type ServedMethod } from './server.ts';

export interface GrpcHostOptions
  extends Omit<MethodsOptions, 'model'>, Pick<GrpcOptions, 'log' | 'tracer' | 'observe'> {
  /** Whether the process is ready, now. */
  readonly isReady: () => boolean;
}

export interface GrpcHost extends GrpcServer {
  /** Readiness has changed. */
  changed(): void;
}

export function createGrpcHost({ isReady, log, tracer, observe, ...options }: GrpcHostOptions): GrpcHost {
  const health = createHealth(new Set([...options.served].map(grpcService)), isReady);
  let building: Promise<ReadonlyMap<string, ServedMethod>> | undefined;

  async function build(): Promise<ReadonlyMap<string, ServedMethod>> {
    const [{ methodsOf }, { grpcModel }, { readApi }, numbers] = await Promise.all([
      import('./methods.ts'),
      import('./model.ts'),
      import('../shapes/api.ts'),
      readNumbers(),
    ]);
    // Of all domains, whichever are hosted here: a message has one name and one form everywhere.
    const model = grpcModel(await readApi(DOMAINS), DOMAINS, numbers);
    return new Map([...methodsOf({ ...options, model }), ...health.methods]);
  }

  const { server, stop } = createGrpcServer({ methods: () => (building ??= build()), log, tracer, observe });
  return {
    server,
    changed: health.changed,
    stop() {
      health.close();
      return stop();
    },
  };
}

export const NUMBERS = new URL('numbers.generated.json', import.meta.url);

/** Numbers given so far. */
export async function readNumbers(): Promise<Numbers> {
  return JSON.parse(await readFile(NUMBERS, 'utf8')) as Numbers; // written by generate.ts
}
