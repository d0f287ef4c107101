/** How a shop's merchant wants it to be searched and listed: synonyms and ranking rules, read together and kept for a moment. */
import type { Clock, Sql, TenantId } from '../../../platform/ports.ts';
import { BROWSING, CACHE_SECONDS } from '../freshness.ts';
import type { RankingRule } from '../ranking/schemas.ts';
import { RULE, toRule, type RuleRow } from '../ranking/store.ts';
import type { SynonymRule } from '../schemas.ts';

export interface SearchSettings {
  /** Of the synonyms; 0: none were ever written. */
  readonly version: number;
  readonly synonyms: readonly SynonymRule[];
  /** Grows with every change of a rule. */
  readonly rulesVersion: number;
  readonly rules: readonly RankingRule[];
}

export interface KeptSettings {
  read(tenant: TenantId): Promise<SearchSettings>;
  /** They are others now. */
  forget(tenant: TenantId): void;
}

/** Shops whose settings a process keeps. */
const MOST_KEPT = 5_000;

/** In this process a change is heeded at once, in others as soon as kept lists are. */
export function createSearchSettings({
  sql,
  clock,
}: {
  readonly sql: Sql;
  readonly clock: Clock;
}): KeptSettings {
  const kept = new Map<TenantId, { readonly settings: Promise<SearchSettings>; readonly until: number }>();
  return {
    read(tenant) {
      const now = clock.now().getTime();
      const present = kept.get(tenant);
      if (present !== undefined && present.until > now) return present.settings;
      // The oldest leaves: they come in the order in which they were read.
      kept.delete(tenant);
      for (const oldest of kept.keys()) {
        if (kept.size < MOST_KEPT) break;
        kept.delete(oldest);
      }
      const settings = readSettings(sql, tenant);
      kept.set(tenant, { settings, until: now + CACHE_SECONDS * 1_000 });
      // Whoever asks hears of the failure; the next one tries again.
      settings.catch(() => {
        if (kept.get(tenant)?.settings === settings) kept.delete(tenant);
      });
      return settings;
    },
    forget: (tenant) => void kept.delete(tenant),
  };
}

export async function readSettings(sql: Sql, tenant: TenantId): Promise<SearchSettings> {
  const { rows } = await sql.query<SettingsRow>(tenant, READ, [tenant], BROWSING);
  const [row] = rows;
  return row === undefined
    ? { version: 0, synonyms: [], rulesVersion: 0, rules: [] }
    : {
        version: row.version,
        synonyms: row.synonyms,
        rulesVersion: row.rules_version,
        rules: (row.rules ?? []).map((rule) =>
          toRule({ ...rule, created_at: new Date(rule.created_at), updated_at: new Date(rule.updated_at) }),
        ),
      };
}

interface SettingsRow {
  readonly version: number;
  readonly synonyms: readonly SynonymRule[];
  readonly rules_version: number;
  readonly rules:
    | readonly (Omit<RuleRow, 'created_at' | 'updated_at'> & { created_at: string; updated_at: string })[]
    | null;
}

// A rule is written together with this row: without the row there is none.
const READ = `
  SELECT s.version, s.synonyms, s.rules_version, CASE WHEN s.rules_version > 0 THEN
    (SELECT jsonb_agg(jsonb_build_object(${RULE}) ORDER BY r.id) FROM catalog_ranking_rules r WHERE r.tenant_id = $1) END AS rules
  FROM catalog_search_settings s WHERE s.tenant_id = $1`;
