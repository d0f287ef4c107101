/**
 * Tenants by the hundred: made, watched until they are Ready, edited, deleted. The driver's own work is kept small, since
 * it shares the machine with what is measured.
 */
import { EventEmitter, once } from 'node:events';
import { pino } from 'pino';
import { tenants, type TenantObject } from '../../../operator/controllers/kinds.ts';
import type { Client } from '../../../operator/kube/client.ts';
import { namespaces } from '../../../operator/kube/resources.ts';
import { createReflector, type Reflector } from '../../../operator/kube/reflector.ts';
import type { KubeObject } from '../../../operator/kube/types.ts';
import { API_VERSION } from '../../../crds/index.ts';
import { until } from '../../support/wait.ts';

/** Name prefix of the tenants the operator works on. */
export const PREFIX = 'load';

export type Placement = 'pooled' | 'dedicated';

/** The tenant `index` of one kind; `prefix` keeps the operator's and the bare loop's apart. */
export function tenantOf(prefix: string, placement: Placement, index: number): KubeObject {
  const name = `${prefix}-${placement}-${String(index).padStart(4, '0')}`;
  const spec = { displayName: name, placement, hosts: [`${name}.example.test`], deletionPolicy: 'Delete' };
  return { apiVersion: API_VERSION, kind: 'ShopMindTenant', metadata: { name }, spec } as KubeObject;
}

/** When no tenant has changed for so long, something is stuck. */
const QUIET_MS = 60_000;

export interface Crowd {
  /** Creates `count` tenants, 16 at a time. */
  create(prefix: string, placement: Placement, count: number): Promise<void>;
  /** How many are Ready now. */
  readyNow(placement: Placement): number;
  /** Resolves when so many tenants of the placement are Ready for their own generation. */
  ready(placement: Placement, count: number): Promise<void>;
  /** Deletes one of the operator's and resolves when it is gone. */
  remove(placement: Placement, index: number): Promise<void>;
  /** Deletes those of the bare loop with their namespaces, which no operator knows, and resolves when all is gone. */
  forget(prefix: string): Promise<void>;
  readonly reflector: Reflector<TenantObject>;
}

export function crowd(client: Client, signal: AbortSignal): Crowd {
  const reflector = createReflector({ client, type: tenants, log: pino({ level: 'silent' }) });
  const changes = new EventEmitter();
  const ready: Record<Placement, Set<string>> = { pooled: new Set(), dedicated: new Set() };
  reflector.onChange(({ type, object }) => {
    const set = ready[object.spec.placement];
    if (type !== 'deleted' && isReady(object)) set.add(object.metadata.name);
    else set.delete(object.metadata.name);
    changes.emit('change');
  });
  void reflector.run(signal);
  const untilTrue = async (check: () => boolean): Promise<void> => {
    while (!check()) await once(changes, 'change', { signal: AbortSignal.timeout(QUIET_MS) });
  };
  const namespacesOf = async (prefix: string): Promise<string[]> => {
    const { items } = await client.listAll(namespaces);
    return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(`tenant-${prefix}-`));
  };
  return {
    reflector,
    async create(prefix, placement, count) {
      const indices = Array.from({ length: count }, (_, index) => index).values();
      const worker = async (): Promise<void> => {
        for (const index of indices)
          await client.create(tenants, tenantOf(prefix, placement, index) as never);
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    },
    readyNow: (placement) => ready[placement].size,
    ready: (placement, count) =>
      untilTrue(() => ready[placement].size >= count).catch((cause: unknown) => {
        const waiting = [...reflector.cache.values()].find(
          (tenant) => tenant.spec.placement === placement && !isReady(tenant),
        );
        const message = waiting?.status?.conditions?.find(({ type }) => type === 'Ready')?.message;
        throw new Error(`${waiting?.metadata.name} does not become Ready: ${message}`, { cause });
      }),
    async remove(placement, index) {
      const { name } = tenantOf(PREFIX, placement, index).metadata;
      await client.delete(tenants, { name });
      await untilTrue(() => !reflector.cache.has(name));
    },
    async forget(prefix) {
      const names = [...reflector.cache.keys()].filter((name) => name.startsWith(`${prefix}-`)).values();
      const spaces = (await namespacesOf(prefix)).values();
      const worker = async (): Promise<void> => {
        for (const name of names) await client.delete(tenants, { name });
        for (const name of spaces) await client.delete(namespaces, { name });
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      await untilTrue(() => ![...reflector.cache.keys()].some((name) => name.startsWith(`${prefix}-`)));
      await until(async () => (await namespacesOf(prefix)).length === 0 || undefined, {
        withinMs: 300_000,
        everyMs: 500,
        what: `the namespaces of ${prefix} are gone`,
      });
    },
  };
}

function isReady({ metadata, status }: TenantObject): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' && condition.observedGeneration === metadata.generation;
}
