/**
 * Stops each of several tenants at a write of its own, and everything of it that comes later: to each of them it is as if the
 * operator had died there. When it then dies, once, that was a crash point of every one.
 */
import { isCounted, type Hooks, type Seen } from './proxy.ts';
import { isWrite, type SqlHooks } from './sql-proxy.ts';

/** Where the operator dies: when a write was applied and before it learns of that, or just before it is applied. */
export type Moment = 'after an API write' | 'before an API write' | 'after an SQL write';

/** Stands for writes that name no tenant, or several: those of the pool and of the operator itself. Nobody is stopped at them. */
const POOL = 'the pool';

export interface Holding {
  readonly hooks: Hooks;
  readonly sqlHooks: SqlHooks;
  /** The write at which a tenant stands; `undefined` while it goes on. */
  heldAt(name: string): string | undefined;
  /** When somebody who is to be stopped wrote last, on the clock of `performance.now()`. */
  lastWriteAt(): number;
  /** The operator is dead: nothing that waits here is answered any more. */
  bury(): void;
}

/**
 * @param indices at which of its writes from now, from 1, each tenant is to be stopped; by name
 * @param names tenants whose writes are told from those of the pool
 */
export function holdAt(
  moment: Moment,
  indices: ReadonlyMap<string, number>,
  names: readonly string[],
): Holding {
  const whose = namedIn(names);
  const counts = new Map<string, number>();
  const held = new Map<string, string>();
  const buried = Promise.withResolvers<void>();
  let lastWriteAt = performance.now();

  /** @returns whether it is the write that its tenant is to be stopped at */
  const isFatal = (name: string): boolean => {
    const index = indices.get(name);
    if (index === undefined || held.has(name)) return false;
    lastWriteAt = performance.now();
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count === index;
  };
  const hold = async (): Promise<'cut'> => {
    await buried.promise;
    return 'cut';
  };

  const fatal = new WeakSet<Seen>();
  const hooks: Hooks = {
    before(seen) {
      if (!isCounted(seen)) return 'pass';
      const name = whose(seen.url, seen.body.toString('utf8')) ?? POOL;
      if (held.has(name)) return hold();
      if (moment === 'after an SQL write' || !isFatal(name)) return 'pass';
      if (moment === 'before an API write') {
        held.set(name, `${seen.method} ${seen.what}`);
        return hold();
      }
      fatal.add(seen);
      return 'pass';
    },
    after(seen) {
      if (!fatal.has(seen)) return 'deliver';
      const name = whose(seen.url, seen.body.toString('utf8')) ?? POOL;
      held.set(name, `${seen.method} ${seen.what}`);
      return hold();
    },
  };

  /** Who a connection works for, until its transaction ends: not every statement of it names a tenant. */
  const owners = new Map<number, string>();
  const sqlHooks: SqlHooks = {
    after(statement, { connection, said, isOpen }) {
      const name = whose(said) ?? owners.get(connection) ?? POOL;
      if (isOpen) owners.set(connection, name);
      else owners.delete(connection);
      if (moment !== 'after an SQL write' || !isWrite(statement) || !isFatal(name)) return 'deliver';
      held.set(name, statement.replaceAll(/\s+/g, ' ').trim().slice(0, 80));
      return hold();
    },
  };
  return {
    hooks,
    sqlHooks,
    heldAt: (name) => held.get(name),
    lastWriteAt: () => lastWriteAt,
    bury: () => buried.resolve(),
  };
}

/** Finds the one tenant that texts name; a name is a word of its own wherever it appears. */
function namedIn(names: readonly string[]): (...texts: readonly string[]) => string | undefined {
  if (names.length === 0) return () => undefined;
  const pattern = new RegExp(`(?<![a-z0-9])(?:${names.join('|')})(?![a-z0-9])`, 'g');
  return (...texts) => {
    const found = new Set(texts.flatMap((text) => text.match(pattern) ?? []));
    const [only] = found;
    return found.size === 1 ? only : undefined;
  };
}
