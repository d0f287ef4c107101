/**
 * What containers use, read from /proc: processor time and resident memory of each container's process tree.
 */
import { availableParallelism, totalmem, freemem, loadavg } from 'node:os';
import {
  allProcesses,
  residentMemoryOf,
  TICKS_PER_SECOND,
  type ProcessFigures,
  type Resident,
} from './identity.ts';
import { memoryQuantity, nanoCpuQuantity } from '../controllers/machinery/quantity.ts';

export interface ContainerUsage {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Cores, over the last window. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly at: Date;
  readonly windowMs: number;
}

export interface MeasuredContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly pid: number;
}

/** Ticks seen by process; a pid counts as the same process while its start does not change. */
interface Sample {
  readonly at: number;
  readonly ticks: ReadonlyMap<string, number>;
}

export interface Meter {
  /** Takes a sample; figures appear with the second one of a container. */
  sample(): void;
  containers(): readonly ContainerUsage[];
}

/** Files and shared memory are the same pages in every process of a container: they count once. */
export function memoryOf(tree: readonly Resident[]): number {
  const own = tree.reduce((sum, resident) => sum + resident.own, 0);
  return (
    own + Math.max(0, ...tree.map(({ file }) => file)) + Math.max(0, ...tree.map(({ shared }) => shared))
  );
}

export function createMeter(
  running: () => readonly MeasuredContainer[],
  processes = allProcesses,
  residentOf = residentMemoryOf,
): Meter {
  let usage: readonly ContainerUsage[] = [];
  let last: Sample | undefined;
  return {
    containers: () => usage,
    sample() {
      const all = processes();
      const children = Map.groupBy(all, ({ parent }) => parent);
      const byPid = new Map(all.map((figures) => [figures.pid, figures]));
      const at = performance.now();
      const ticks = new Map<string, number>();
      const before = last;
      const next: ContainerUsage[] = [];
      for (const { pid, ...names } of running()) {
        const tree = treeOf(pid, byPid, children);
        if (tree.length === 0) continue;
        let used = 0;
        let known = false;
        for (const figures of tree) {
          const id = `${figures.pid} ${figures.startTicks}`;
          ticks.set(id, figures.cpuTicks);
          const earlier = before?.ticks.get(id);
          if (earlier !== undefined && figures.pid === pid) known = true;
          if (before) used += figures.cpuTicks - (earlier ?? 0);
        }
        if (!before || !known) continue;
        const windowMs = at - before.at;
        next.push({
          ...names,
          cpu: used / TICKS_PER_SECOND / (windowMs / 1e3),
          memory: memoryOf(
            tree.map(({ pid }) => residentOf(pid)).filter((resident) => resident !== undefined),
          ),
          at: new Date(),
          windowMs,
        });
      }
      last = { at, ticks };
      usage = next;
    },
  };
}

function treeOf(
  root: number,
  byPid: ReadonlyMap<number, ProcessFigures>,
  children: ReadonlyMap<number, readonly ProcessFigures[]>,
): ProcessFigures[] {
  const tree: ProcessFigures[] = [];
  const queue = [byPid.get(root)];
  for (let figures = queue.pop(); figures; figures = queue.pop()) {
    tree.push(figures);
    queue.push(...(children.get(figures.pid) ?? []));
  }
  return tree;
}

/** `PodMetrics` of metrics.k8s.io, without kind and version. */
export function podMetrics(usage: readonly ContainerUsage[]): Record<string, unknown>[] {
  return [...Map.groupBy(usage, ({ namespace, pod }) => `${namespace}/${pod}`).values()].flatMap(
    (containers) => {
      const [first] = containers;
      if (!first) return [];
      return [
        {
          metadata: {
            name: first.pod,
            namespace: first.namespace,
            creationTimestamp: first.at.toISOString(),
          },
          timestamp: first.at.toISOString(),
          window: `${(first.windowMs / 1e3).toFixed(3)}s`,
          containers: containers.map(({ container, cpu, memory }) => ({
            name: container,
            usage: { cpu: nanoCpuQuantity(cpu), memory: memoryQuantity(memory) },
          })),
        },
      ];
    },
  );
}

/** `NodeMetrics` of the machine. */
export function nodeMetrics(name: string, now: Date): Record<string, unknown> {
  return {
    metadata: { name, creationTimestamp: now.toISOString() },
    timestamp: now.toISOString(),
    window: '60s',
    usage: {
      cpu: nanoCpuQuantity(Math.min(loadavg()[0] ?? 0, availableParallelism())),
      memory: memoryQuantity(totalmem() - freemem()),
    },
  };
}
