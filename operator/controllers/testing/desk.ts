/**
 * A desk in memory: operations begin, and are at whatever the test says; nobody works on them.
 */
import type { Desk, Wish } from '../../recovery/desk.ts';
import type { ArchiveState } from '../../recovery/archive/verdict.ts';
import type { Operation } from '../../recovery/operations.ts';

export interface FakeDesk extends Desk {
  readonly operations: Map<string, Operation>;
  /** What a worker would have written down. */
  change(id: string, change: Partial<Operation>): void;
  /** What the archiver would have written down. */
  found: ArchiveState | undefined;
  /** How often the archiver's slot was to go: the first time the archiver is still there. */
  retired: number;
  /** Tenants that another operation has. */
  readonly busy: Set<string>;
}

export function createFakeDesk(now: () => Date): FakeDesk {
  const operations = new Map<string, Operation>();
  const get = (id: string): Operation => {
    const found = operations.get(id);
    if (found === undefined) throw new Error(`there is no operation ${id}`);
    return found;
  };
  const put = (wish: Wish, change: Partial<Operation>): Operation => {
    const operation: Operation = {
      id: wish.id,
      kind: wish.kind,
      tenant: wish.tenant ?? null,
      arguments: wish.arguments,
      state: 'Running',
      step: 'Begun',
      message: '',
      result: {},
      startedAt: now(),
      updatedAt: now(),
      endedAt: null,
      frozenMs: 0,
      ...change,
    };
    operations.set(wish.id, operation);
    return operation;
  };
  const end = (id: string, state: 'Succeeded' | 'Failed', message: string): Operation => {
    if (get(id).state === 'Running') operations.set(id, { ...get(id), state, message, endedAt: now() });
    return get(id);
  };
  const refuse = (wish: Wish, message: string): Promise<Operation> =>
    Promise.resolve(put(wish, { state: 'Failed', step: 'Refused', message, endedAt: now() }));
  const desk: FakeDesk = {
    operations,
    busy: new Set(),
    found: undefined,
    retired: 0,
    change: (id, change) => void operations.set(id, { ...get(id), ...change }),
    find: async (id) => operations.get(id),
    begin: async (wish) =>
      desk.busy.has(wish.tenant ?? '') ? refuse(wish, 'another has the tenant') : put(wish, {}),
    refuse,
    async swap(id) {
      operations.set(id, { ...get(id), arguments: { ...get(id).arguments, mode: 'swap' } });
      return get(id);
    },
    abort: async (id, why) => end(id, 'Failed', why),
    succeed: async (id, message) => end(id, 'Succeeded', message),
    lastDrill: async () =>
      [...operations.values()].findLast(({ kind, state }) => kind === 'drill' && state !== 'Running'),
    archive: async () => desk.found,
    ensureArchiver: async () => [],
    retireArchiver: async () => {
      desk.retired += 1;
      return desk.retired > 1;
    },
    forgetErased: async () => undefined,
    close: async () => undefined,
  };
  return desk;
}
