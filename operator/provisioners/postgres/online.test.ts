/** Migrations run while shops are open, and Pods of the release before go on: every one of them is held to the rules of that. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCatalogue } from './desired.ts';
import { offences } from './online.ts';

/** Written before the rule, and applied where nobody had many rows; they never change. */
const BEFORE_THE_RULE = ['orders/002-due-orders', 'platform/003-sent-tasks'];

test('no migration does what open shops or the release before could not live with', async () => {
  const catalogue = await loadCatalogue();
  const found = [...catalogue.directory, ...catalogue.pool().migrations]
    .filter(({ domain, name }) => !BEFORE_THE_RULE.includes(`${domain}/${name}`))
    .flatMap(({ domain, name, sql }) => offences(sql).map((offence) => `${domain}/${name}: ${offence}`));
  assert.deepEqual(found, []);
});

test('each rule finds its offence, and what expands offends none', () => {
  const table: readonly (readonly [sql: string, count: number])[] = [
    ['create table a (id int); create index b on a (id); alter table a add constraint c check (id > 0)', 0],
    ['alter table t add column n int', 0],
    ['alter table t add column n int not null default 0, add column m text', 0],
    ['alter table t add constraint c check (n > 0) not valid', 0],
    ['create index concurrently if not exists i on t (n)', 0],
    ['-- contracts: n is unused since 1.2\nalter table t drop column n', 0],
    ["comment on table t is 'drop table; rename'", 0],
    ['alter table t drop column n', 1],
    ['alter table t rename column n to m', 1],
    ['alter table t alter column n type bigint', 1],
    ['alter table t alter column n set not null', 1],
    ['alter table t add column n int not null', 1],
    ['alter table t add constraint c check (n > 0)', 1],
    ['drop table t', 1],
    ['create index i on t (n)', 1],
    ['create index concurrently i on t (n)', 1],
    ['create index concurrently if not exists i on t (n); alter table t add column m int', 1],
  ];
  for (const [sql, count] of table) assert.equal(offences(sql).length, count, sql);
});
