/**
 * Answers to shoppers, kept for a moment: whoever comes at once asks the database once, and what is dear to work out is kept longer, so
 * that a list over a hundred thousand products takes no more of a processor than one over a thousand.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Platform, RouteResponse } from '../../platform/domain.ts';
import type { TenantId } from '../../platform/ports.ts';
import { freshSeconds, STALE_SHARE } from './freshness.ts';

export interface KeptAnswers {
  /**
   * What `load` answered a moment ago, unless this process changed something since, as text that need not be written again. Once it is no
   * longer fresh it is still answered while it is loaded anew, for as long as `freshness.ts` says; who fails to load it makes it gone, so
   * that the next to ask hears why.
   */
  read(tenant: TenantId, key: string, load: () => Promise<unknown>): Promise<RouteResponse>;
  changed(tenant: TenantId): void;
}

/**
 * One generation per tenant is part of every key: a change makes all that was kept unreachable. It is drawn, not counted: where processes
 * share a cache, another's count would bring back what it kept before this one's change.
 */
export function createKeptAnswers({
  cache,
  clock,
  log,
}: Pick<Platform, 'cache' | 'clock' | 'log'>): KeptAnswers {
  const generations = new Map<TenantId, string>();
  const loading = new Map<string, Promise<string>>();
  const now = (): number => clock.now().getTime();

  async function load(tenant: TenantId, key: string, work: () => Promise<unknown>): Promise<string> {
    const begun = now();
    const text = JSON.stringify(await work());
    const fresh = freshSeconds((now() - begun) / 1_000);
    const kept = pack(now() + fresh * 1_000, text);
    await cache.set(tenant, key, kept, fresh * (1 + STALE_SHARE));
    return kept;
  }

  /** Whoever asks for the same meanwhile waits for the same. */
  function loadOnce(tenant: TenantId, key: string, work: () => Promise<unknown>): Promise<string> {
    const id = `${tenant}/${key}`;
    let running = loading.get(id);
    if (running === undefined) {
      running = load(tenant, key, work).finally(() => loading.delete(id));
      loading.set(id, running);
    }
    return running;
  }

  function renew(tenant: TenantId, key: string, work: () => Promise<unknown>): void {
    void loadOnce(tenant, key, work).catch(async (error: unknown) => {
      log.warn(
        { err: error, tenant },
        'an answer that is kept could not be loaded anew, and is kept no longer',
      );
      await cache.delete(tenant, key);
    });
  }

  return {
    async read(tenant, key, work) {
      const full = `catalog/${generations.get(tenant) ?? ''}/${key}`;
      const kept = await cache.get(tenant, full);
      if (kept === undefined) return unpack(await loadOnce(tenant, full, work));
      if (freshUntil(kept) <= now()) renew(tenant, full, work);
      return unpack(kept);
    },
    changed(tenant) {
      generations.set(tenant, randomUUID());
    },
  };
}

/** Milliseconds since 1970 in base 36, until long after this is read. */
const MOMENT_LENGTH = 9;
/** SHA-1 in base64url. */
const TAG_LENGTH = 27;

function pack(until: number, text: string): string {
  const moment = Math.round(until).toString(36).padStart(MOMENT_LENGTH, '0');
  return `${moment}${createHash('sha1').update(text).digest('base64url')}${text}`;
}

function freshUntil(kept: string): number {
  return Number.parseInt(kept.slice(0, MOMENT_LENGTH), 36);
}

function unpack(kept: string): RouteResponse {
  const text = MOMENT_LENGTH + TAG_LENGTH;
  return { jsonText: kept.slice(text), headers: { etag: `"${kept.slice(MOMENT_LENGTH, text)}"` } };
}
