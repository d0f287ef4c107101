/**
 * The vector of what somebody searches, by the configured model: out of the cache, or asked for within a moment. A search never waits longer,
 * and what comes later is kept for the next one.
 */
import { createHash } from 'node:crypto';
import type { Platform } from '../../../platform/domain.ts';
import type { TenantId } from '../../../platform/ports.ts';
import { packUnit } from './form.ts';

/** @returns undefined when it is not to be had now; a byte for each number */
export type AskedVectors = (tenant: TenantId, text: string) => Promise<Int8Array | undefined>;

/** How long a search waits for it. */
const PATIENCE_MS = 250;
/** New searches of a shop that are paid for in a minute. */
const PER_MINUTE = 120;
/** Searches whose vectors a process asks for at once. */
const MOST_RUNNING = 32;
const KEPT_SECONDS = 86_400;
/** Letters of a search beyond which it is not a shopper's. */
const MOST_LETTERS = 200;

export function createAskedVectors({
  embeddings,
  cache,
  limits,
  log,
}: Pick<Platform, 'embeddings' | 'cache' | 'limits' | 'log'>): AskedVectors {
  if (embeddings === undefined) return () => Promise.resolve(undefined);
  const model = embeddings;
  const running = new Map<string, Promise<Int8Array | undefined>>();

  async function asked(tenant: TenantId, text: string, key: string): Promise<Int8Array | undefined> {
    const kept = await cache.get(tenant, key);
    if (kept !== undefined) return new Int8Array(Buffer.from(kept, 'base64'));
    if ((await limits.take(tenant, 'embeddings', PER_MINUTE)) > 0) return undefined;
    // Whoever asked may have gone on; the next one has it.
    const [vector] = await model.embed(tenant, [text], new AbortController().signal);
    if (vector === undefined) return undefined;
    const packed = packUnit(vector);
    await cache.set(tenant, key, packed.toString('base64'), KEPT_SECONDS);
    return new Int8Array(packed);
  }

  return async (tenant, said) => {
    const text = said.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase().slice(0, MOST_LETTERS);
    const key = `catalog/embedding/${model.space}/${createHash('sha1').update(text).digest('base64url')}`;
    const id = `${tenant}/${key}`;
    let vector = running.get(id);
    if (vector === undefined) {
      if (running.size >= MOST_RUNNING) return undefined;
      vector = asked(tenant, text, key)
        .catch((error: unknown) => {
          log.debug({ err: error, tenant }, 'a search was not embedded; words and the shop’s own serve');
          return undefined;
        })
        .finally(() => running.delete(id));
      running.set(id, vector);
    }
    return within(vector, PATIENCE_MS);
  };
}

async function within<T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
