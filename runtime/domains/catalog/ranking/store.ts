/** Ranking rules as rows. Whoever changes one holds the shop's row of settings: their number is bounded, and their version grows. */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { TenantId, Transaction } from '../../../platform/ports.ts';
import { MOST_RULES, type RankingRule, type RankingRuleInput, type RankingRuleUpdate } from './schemas.ts';

export interface RuleRow {
  readonly id: string;
  readonly version: number;
  readonly rule: RankingRuleInput;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Members of an object that is a `RuleRow`, of a rule `r`. */
export const RULE = `'id', r.id, 'version', r.version, 'rule', r.rule, 'created_at', r.created_at, 'updated_at', r.updated_at`;

export function toRule({ id, version, rule, created_at, updated_at }: RuleRow): RankingRule {
  return { id, version, rule, createdAt: created_at.toISOString(), updatedAt: updated_at.toISOString() };
}

type Tools = Pick<Platform, 'sql' | 'clock' | 'newId'>;

export async function listRules(
  { sql }: Pick<Tools, 'sql'>,
  tenant: TenantId,
): Promise<readonly RankingRule[]> {
  const { rows } = await sql.query<RuleRow>(tenant, `${SELECT} ORDER BY id`, [tenant]);
  return rows.map(toRule);
}

/** @throws ShopError `not_found` */
export async function getRule(
  { sql }: Pick<Tools, 'sql'>,
  tenant: TenantId,
  id: string,
): Promise<RankingRule> {
  const { rows } = await sql.query<RuleRow>(tenant, `${SELECT} AND id = $2`, [tenant, id]);
  const [row] = rows;
  if (row === undefined) throw noSuchRule();
  return toRule(row);
}

/** @throws ShopError `conflict` when there are as many as a shop may have; `invalid_input` for products that are not there */
export async function createRule(
  { clock, newId }: Omit<Tools, 'sql'>,
  tx: Transaction,
  tenant: TenantId,
  rule: RankingRuleInput,
): Promise<RankingRule> {
  await holdRules(tx, tenant, clock.now());
  await checkProducts(tx, tenant, rule);
  // Nobody else adds one meanwhile: the settings are held.
  const { rows } = await tx.query<{ rules: number }>(
    'SELECT count(*)::int AS rules FROM catalog_ranking_rules WHERE tenant_id = $1',
    [tenant],
  );
  if ((rows[0]?.rules ?? 0) >= MOST_RULES)
    throw new ShopError('conflict', `A shop has at most ${MOST_RULES} ranking rules.`, {
      remedy: 'Delete those whose time has passed.',
    });
  const made = await tx.query<RuleRow>(
    `INSERT INTO catalog_ranking_rules (tenant_id, id, version, rule, created_at, updated_at)
     VALUES ($1, $2, 1, $3::jsonb, $4, $4) RETURNING ${COLUMNS}`,
    [tenant, newId('rule'), JSON.stringify(rule), clock.now()],
  );
  const [row] = made.rows;
  if (row === undefined) throw new Error('A rule was written without a result.');
  return toRule(row);
}

/** @throws ShopError `not_found`; `conflict` when it is of another version; `invalid_input` for products that are not there */
export async function updateRule(
  { clock }: Pick<Tools, 'clock'>,
  tx: Transaction,
  tenant: TenantId,
  id: string,
  { version, rule }: RankingRuleUpdate,
): Promise<RankingRule> {
  await holdRules(tx, tenant, clock.now());
  await checkProducts(tx, tenant, rule);
  const { rows } = await tx.query<RuleRow>(
    `UPDATE catalog_ranking_rules SET version = version + 1, rule = $4::jsonb, updated_at = $5
     WHERE tenant_id = $1 AND id = $2 AND version = $3::bigint RETURNING ${COLUMNS}`,
    [tenant, id, version, JSON.stringify(rule), clock.now()],
  );
  const [row] = rows;
  if (row !== undefined) return toRule(row);
  const { rowCount } = await tx.query(
    'SELECT 1 FROM catalog_ranking_rules WHERE tenant_id = $1 AND id = $2',
    [tenant, id],
  );
  if (rowCount === 0) throw noSuchRule();
  throw new ShopError('conflict', 'Someone else changed the rule meanwhile.', {
    remedy: 'Read it again, and repeat your change.',
  });
}

/** One that is gone already is no error. */
export async function deleteRule(
  { clock }: Pick<Tools, 'clock'>,
  tx: Transaction,
  tenant: TenantId,
  id: string,
): Promise<void> {
  await holdRules(tx, tenant, clock.now());
  await tx.query('DELETE FROM catalog_ranking_rules WHERE tenant_id = $1 AND id = $2', [tenant, id]);
}

const COLUMNS = 'id, version, rule, created_at, updated_at';
const SELECT = `SELECT ${COLUMNS} FROM catalog_ranking_rules WHERE tenant_id = $1`;

async function holdRules(tx: Transaction, tenant: TenantId, now: Date): Promise<void> {
  await tx.query(
    `INSERT INTO catalog_search_settings AS s (tenant_id, version, synonyms, rules_version, updated_at) VALUES ($1, 0, '[]', 1, $2)
     ON CONFLICT (tenant_id) DO UPDATE SET rules_version = s.rules_version + 1`,
    [tenant, now],
  );
}

async function checkProducts(
  tx: Transaction,
  tenant: TenantId,
  { pins, buries, hides }: RankingRuleInput,
): Promise<void> {
  const named = [
    ...pins.map(({ productId }, n) => ({ id: productId, where: `pins/${n}/productId` })),
    ...buries.map((id, n) => ({ id, where: `buries/${n}` })),
    ...hides.map((id, n) => ({ id, where: `hides/${n}` })),
  ];
  if (named.length === 0) return;
  const { rows } = await tx.query<{ id: string }>(
    'SELECT id FROM products WHERE tenant_id = $1 AND id = ANY ($2::text[])',
    [tenant, named.map(({ id }) => id)],
  );
  const present = new Set(rows.map(({ id }) => id));
  const problems = named
    .filter(({ id }) => !present.has(id))
    .map(({ where }) => ({ where: `body/${where}`, what: 'is no product of this shop' }));
  if (problems.length > 0)
    throw new ShopError('invalid_input', 'The rule names products that are not there.', { problems });
}

function noSuchRule(): ShopError {
  return new ShopError('not_found', 'There is no such ranking rule.');
}
