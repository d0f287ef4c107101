/** How far people have read: the last mark of each counts, so a second's worth of them is one statement. */
import type { Platform } from '../../platform/domain.ts';
import type { TenantId } from '../../platform/ports.ts';
import { markRead } from './store.ts';

export interface Marks {
  /** Written, and told to the others, within a moment. */
  set(tenant: TenantId, room: string, person: string, seq: number): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface MarksOptions {
  readonly platform: Pick<Platform, 'sql' | 'clock' | 'log'>;
  readonly onMarked: (tenant: TenantId, room: string, person: string, seq: number) => void;
}

interface Mark {
  readonly room: string;
  readonly person: string;
  readonly seq: number;
}

const EVERY_MS = 500;
/** Of one statement. */
const MOST = 1_000;

export function createMarks({ platform, onMarked }: MarksOptions): Marks {
  const { sql, clock, log } = platform;
  let waiting = new Map<TenantId, Map<string, Mark>>();
  let flushing: Promise<void> = Promise.resolve();

  async function flushAll(): Promise<void> {
    const taken = waiting;
    waiting = new Map();
    for (const [tenant, marks] of taken) {
      const all = [...marks.values()];
      for (let at = 0; at < all.length; at += MOST) {
        const some = all.slice(at, at + MOST);
        try {
          await markRead(sql, tenant, some, clock.now());
          for (const { room, person, seq } of some) onMarked(tenant, room, person, seq);
        } catch (error) {
          // Whoever reads on marks again; a mark that is lost shows a message as unread.
          log.warn({ err: error, tenant, marks: some.length }, 'read marks could not be written');
        }
      }
    }
  }

  const flush = (): Promise<void> => (flushing = flushing.then(flushAll));
  const timer = setInterval(() => waiting.size > 0 && void flush(), EVERY_MS);
  timer.unref();

  return {
    set(tenant, room, person, seq) {
      const marks = waiting.get(tenant) ?? new Map<string, Mark>();
      waiting.set(tenant, marks);
      const name = `${room}/${person}`;
      if (seq > (marks.get(name)?.seq ?? 0)) marks.set(name, { room, person, seq });
    },
    flush,
    close() {
      clearInterval(timer);
      return flush();
    },
  };
}
