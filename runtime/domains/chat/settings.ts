/** A shop's chat settings as this process knows them: read again after half a minute, so that sending asks nobody. */
import type { Platform } from '../../platform/domain.ts';
import type { TenantId } from '../../platform/ports.ts';
import type { Settings } from './schemas.ts';
import { settingsOf } from './store.ts';
import { testOf } from '../../platform/words.ts';

export interface KnownSettings extends Settings {
  readonly isBlocked: ((text: string) => boolean) | undefined;
}

export interface SettingsKeeper {
  get(tenant: TenantId): Promise<KnownSettings>;
  /** What was read last, if anything was. */
  last(tenant: TenantId): KnownSettings | undefined;
  forget(tenant: TenantId): void;
}

const FRESH_MS = 30_000;
const MOST = 10_000;

export function createSettings({ sql, log }: Pick<Platform, 'sql' | 'log'>): SettingsKeeper {
  const kept = new Map<TenantId, { readonly settings: KnownSettings; until: number }>();

  async function read(tenant: TenantId): Promise<KnownSettings> {
    const settings = await settingsOf(sql, tenant);
    const known = { ...settings, isBlocked: testOf(settings.blockedWords) };
    if (kept.size > MOST) kept.clear();
    kept.set(tenant, { settings: known, until: performance.now() + FRESH_MS });
    return known;
  }

  return {
    async get(tenant) {
      const found = kept.get(tenant);
      return found !== undefined && found.until > performance.now() ? found.settings : read(tenant);
    },
    last(tenant) {
      const found = kept.get(tenant);
      if (found === undefined) return undefined;
      if (found.until <= performance.now()) {
        // For the next one; who asks now goes by what was so half a minute ago.
        found.until = performance.now() + 1_000;
        read(tenant).catch((error: unknown) =>
          log.warn({ err: error, tenant }, 'chat settings cannot be read'),
        );
      }
      return found.settings;
    },
    forget: (tenant) => void kept.delete(tenant),
  };
}
