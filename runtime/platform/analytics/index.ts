/** What both analytics stores and the operator, who lays them out, agree on. */

/** Facts themselves: for funnels, sessions, cohorts, different subjects and export. */
export const FACT_DAYS = 400;
/** Counts and sums by quarters of an hour: for series and tops. No time zone is off by less, so that days of any are whole. */
export const ROLLUP_DAYS = 1_100;

/** Tables of a scope's database in ClickHouse, and what carries the one into the other. */
export const CLICKHOUSE_FACTS = 'facts';
export const CLICKHOUSE_ROLLUPS = 'rollups';
export const CLICKHOUSE_ROLLING = 'rolling';

/**
 * The setting by which a query says whose it is: row policies and constraints go by it, and the server's query log tells by it
 * who cost how much. A setting of our own would need `custom_settings_prefixes` in every server's configuration.
 */
export const CLICKHOUSE_TENANT_SETTING = 'log_comment';
