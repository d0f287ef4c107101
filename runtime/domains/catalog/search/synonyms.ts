/** Words that a shop's merchant knows to mean the same, and the other texts that a search is good for by them. */
import { ShopError } from '../../../platform/errors.ts';
import type { Clock, Sql, TenantId } from '../../../platform/ports.ts';
import { MOST_SYNONYMS, type SynonymRule, type Synonyms, type SynonymsUpdate } from '../schemas.ts';
import { wordsOf } from './words.ts';

/** Other texts of one search. */
export const MOST_TEXTS = 16;

/**
 * Each place where words of a rule stand, the longest first, may have what the rule says they mean instead.
 * @returns other texts than this one; at most 16
 */
export function alsoOf(text: string, rules: readonly SynonymRule[]): readonly string[] {
  const meanings = meaningsOf(rules);
  if (meanings.size === 0) return [];
  const longest = Math.max(...[...meanings.keys()].map((phrase) => wordsOf(phrase).length));
  const words = wordsOf(text);
  let texts: readonly string[] = [''];
  for (let at = 0; at < words.length;) {
    let length = Math.min(longest, words.length - at);
    while (length > 1 && !meanings.has(words.slice(at, at + length).join(' '))) length -= 1;
    const phrase = words.slice(at, at + length).join(' ');
    const choices = [phrase, ...(meanings.get(phrase) ?? [])];
    texts = texts
      .flatMap((before) => choices.map((choice) => (before === '' ? choice : `${before} ${choice}`)))
      .slice(0, MOST_TEXTS + 1);
    at += length;
  }
  const itself = words.join(' ');
  return [...new Set(texts)].filter((other) => other !== itself).slice(0, MOST_TEXTS);
}

function meaningsOf(rules: readonly SynonymRule[]): ReadonlyMap<string, ReadonlySet<string>> {
  const meanings = new Map<string, Set<string>>();
  for (const { words, means } of rules) {
    const phrases = words.map((phrase) => wordsOf(phrase).join(' '));
    const others = means?.map((phrase) => wordsOf(phrase).join(' ')) ?? phrases;
    for (const phrase of phrases) {
      const known = meanings.get(phrase) ?? new Set<string>();
      for (const other of others) if (other !== phrase && other !== '') known.add(other);
      if (phrase !== '') meanings.set(phrase, known);
    }
  }
  return meanings;
}

/**
 * One more, whoever else writes meanwhile; one that is there already stays as it is.
 * @throws ShopError `conflict` when there are as many as a shop may have
 */
export async function addSynonym(
  { sql, clock }: { readonly sql: Sql; readonly clock: Clock },
  tenant: TenantId,
  rule: SynonymRule,
): Promise<Synonyms> {
  const { rows } = await sql.query<Synonyms>(
    tenant,
    `INSERT INTO catalog_search_settings AS s (tenant_id, version, synonyms, updated_at) VALUES ($1, 1, jsonb_build_array($2::jsonb), $3)
     ON CONFLICT (tenant_id) DO UPDATE SET
       version = s.version + 1, updated_at = excluded.updated_at,
       synonyms = CASE WHEN s.synonyms @> excluded.synonyms THEN s.synonyms ELSE s.synonyms || excluded.synonyms END
     WHERE s.synonyms @> excluded.synonyms OR jsonb_array_length(s.synonyms) < ${MOST_SYNONYMS}
     RETURNING version, synonyms`,
    [tenant, JSON.stringify(rule), clock.now()],
  );
  const [row] = rows;
  if (row === undefined)
    throw new ShopError('conflict', `A shop has at most ${MOST_SYNONYMS} synonyms.`, {
      remedy: 'Take away those that nobody searches by.',
    });
  return row;
}

/** @throws ShopError `conflict` when there are others than those of `version` */
export async function writeSynonyms(
  { sql, clock }: { readonly sql: Sql; readonly clock: Clock },
  tenant: TenantId,
  { version, synonyms }: SynonymsUpdate,
): Promise<Synonyms> {
  const { rows } = await sql.query<Synonyms>(
    tenant,
    version === 0
      ? `INSERT INTO catalog_search_settings AS s (tenant_id, version, synonyms, updated_at) VALUES ($1, $2::bigint + 1, $3::jsonb, $4)
         ON CONFLICT (tenant_id) DO UPDATE SET version = s.version + 1, synonyms = excluded.synonyms, updated_at = excluded.updated_at
         WHERE s.version = 0 RETURNING version, synonyms`
      : `UPDATE catalog_search_settings SET version = version + 1, synonyms = $3::jsonb, updated_at = $4
         WHERE tenant_id = $1 AND version = $2::bigint RETURNING version, synonyms`,
    [tenant, version, JSON.stringify(synonyms), clock.now()],
  );
  const [row] = rows;
  if (row === undefined)
    throw new ShopError('conflict', 'Someone else changed the synonyms meanwhile.', {
      remedy: 'Read them again, and repeat your change.',
    });
  return row;
}
