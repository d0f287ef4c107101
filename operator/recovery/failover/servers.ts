/**
 * What a failover asks of the two servers, and does to them, in SQL. Each statement may be repeated. Spoken to by the maintenance
 * database: the one that is closed lets nobody in, us neither.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ident } from '../../provisioners/postgres/database.ts';
import type { Session } from '../../provisioners/postgres/database.ts';
import { parseLsn } from '../archive/lsn.ts';
import type { Server } from './verdict.ts';

/** Which server is meant: another one, or the same after another failover, is left alone. */
export interface Expected {
  readonly system: string;
  readonly timeline: number;
}

/** It is not the server that was looked at before. */
export class AnotherServerError extends Error {
  readonly remedy =
    'nothing was done to it; see which server that address leads to, and whether another failover has been since';
  constructor(what: string) {
    super(what);
    this.name = 'AnotherServerError';
  }
}

const POLL_MS = 50;
/** Sessions that are told to end do so at their next breath. */
const END_MS = 10_000;
const PROMOTE_S = 60;

export async function observeServer(session: Session): Promise<Server> {
  const [row] = await session.query<Row>(
    `select pg_is_in_recovery() as "isStandby", (select system_identifier::text from pg_control_system()) as system,
       case when pg_is_in_recovery()
         then coalesce((select received_tli from pg_stat_wal_receiver), (select timeline_id from pg_control_checkpoint()))
         -- The control file is behind after a promotion, until the next checkpoint.
         else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end as timeline,
       case when pg_is_in_recovery() then coalesce(pg_last_wal_replay_lsn(), '0/0') else pg_current_wal_flush_lsn() end::text as "end",
       clock_timestamp() as now, pg_last_xact_replay_timestamp() as "lastTransactionAt",
       current_setting('primary_conninfo', true) as conninfo, current_setting('cluster_name', true) as cluster,
       array(select application_name from pg_stat_replication where sync_state in ('sync', 'quorum')) as synchronous`,
  );
  if (row === undefined) throw new Error('the server does not say what it is');
  const { lastTransactionAt, conninfo, cluster, ...same } = row;
  return {
    ...same,
    lastTransactionAt: row.isStandby ? (lastTransactionAt ?? undefined) : undefined,
    name: row.isStandby ? nameIn(conninfo ?? '', cluster ?? '') : undefined,
  };
}

/**
 * Lets nobody into the database, superusers neither, and ends who is in it: durable over a restart, and nothing is acknowledged there
 * any more once this resolves. A server that is a standby by now takes no changes anyway.
 * @returns end of its log; of one that is a standby by now, nothing
 */
export async function closeDatabase(
  session: Session,
  database: string,
  expected: Expected,
): Promise<string | undefined> {
  const server = await observeServer(session);
  if (server.system !== expected.system || (!server.isStandby && server.timeline !== expected.timeline))
    throw new AnotherServerError(
      `what should be the former primary is on timeline ${server.timeline} of ${server.system}, not on ${expected.timeline} of ${expected.system}`,
    );
  if (server.isStandby) return undefined;
  // A standby that is waited for may be away.
  await session.query('set synchronous_commit = local');
  await session.query(`alter database ${ident(database)} with allow_connections false`);
  const deadline = performance.now() + END_MS;
  for (;;) {
    const ending = await session.query(
      // Of vacuum's workers nothing is acknowledged to anybody, and no setting keeps them out.
      `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = $1 and pid <> pg_backend_pid() and backend_type <> 'autovacuum worker'`,
      [database],
    );
    if (ending.length === 0) break;
    if (performance.now() > deadline)
      throw new Error(`${ending.length} sessions of the former primary do not end within ${END_MS / 1000} s`);
    await sleep(POLL_MS);
  }
  return (await observeServer(session)).end;
}

/** The other way round, for a failover that is called off, and for a copy of a closed database. */
export async function openClosed(session: Session, database: string): Promise<void> {
  await session.query('set synchronous_commit = local');
  const [row] = await session.query<{ open: boolean }>(
    'select datallowconn as open from pg_database where datname = $1',
    [database],
  );
  if (row?.open === false)
    await session.query(`alter database ${ident(database)} with allow_connections true`);
}

/** @returns false when the standby does not get there in time */
export async function hasReplayed(session: Session, end: string, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const server = await observeServer(session);
    if (!server.isStandby || parseLsn(server.end) >= parseLsn(end)) return true;
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
}

export interface Promotion {
  /** Where its own history begins. */
  readonly switchedAt: string;
  readonly waitsForNobody: boolean;
}

/** Makes it the primary, open to all; one that is already stays it. */
export async function promote(session: Session, database: string, expected: Expected): Promise<Promotion> {
  const before = await observeServer(session);
  if (before.system !== expected.system)
    throw new AnotherServerError('the standby is of another cluster than the one that was looked at');
  if (before.isStandby) {
    if (before.timeline !== expected.timeline)
      throw new AnotherServerError(
        `the standby follows timeline ${before.timeline} now, not ${expected.timeline}`,
      );
    const [row] = await session.query<{ promoted: boolean }>(
      `select pg_promote(true, ${PROMOTE_S}) as promoted`,
    );
    if (row?.promoted !== true) throw new Error(`the standby was not promoted within ${PROMOTE_S} s`);
  }
  const { timeline } = await observeServer(session);
  const switchedAt = await branchOf(session, timeline, expected.timeline);
  const waitsForNobody = await stopWaiting(session);
  await openClosed(session, database);
  return { switchedAt, waitsForNobody };
}

/** Bytes of log that a server has after `switchedAt`. */
export function bytesAfter(end: string, switchedAt: string): number {
  return Math.max(0, Number(parseLsn(end) - parseLsn(switchedAt)));
}

interface Row {
  readonly isStandby: boolean;
  readonly system: string;
  readonly timeline: number;
  readonly end: string;
  readonly now: Date;
  readonly lastTransactionAt: Date | null;
  readonly conninfo: string | null;
  readonly cluster: string | null;
  readonly synchronous: readonly string[];
}

/** The history file has a line for each former timeline: number, where it was left, why. */
async function branchOf(session: Session, timeline: number, former: number): Promise<string> {
  const file = `pg_wal/${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;
  const [row] = await session.query<{ text: string }>('select pg_read_file($1) as text', [file]);
  const [, number, at] =
    /^(\d+)\t([0-9A-F]+\/[0-9A-F]+)/.exec(row?.text.trim().split('\n').at(-1) ?? '') ?? [];
  if (at === undefined || Number(number) !== former)
    throw new AnotherServerError(
      `its timeline ${timeline} does not follow on ${former}: somebody else has promoted it`,
    );
  return at;
}

/**
 * A copy of a primary that waited for standbys would wait for the same ones, and acknowledge nothing. Whoever attaches a new standby
 * says again that it is waited for.
 */
async function stopWaiting(session: Session): Promise<boolean> {
  const names = async (): Promise<string> =>
    (
      await session.query<{ names: string }>(`select current_setting('synchronous_standby_names') as names`)
    )[0]?.names ?? '';
  const attached = await session.query(`select 1 from pg_stat_replication where state = 'streaming'`);
  if ((await names()) === '' || attached.length > 0) return false;
  await session.query(`alter system set synchronous_standby_names = ''`);
  await session.query('select pg_reload_conf()');
  // The reload is a signal on its way.
  for (const deadline = performance.now() + END_MS; (await names()) !== ''; await sleep(POLL_MS))
    if (performance.now() > deadline)
      throw new Error(
        'the new primary waits for standbys there are none of: its command line or an included file sets synchronous_standby_names',
      );
  return true;
}

/** As it is told apart in `pg_stat_replication`; without a name of its own, by its cluster's, else as every receiver. */
function nameIn(conninfo: string, cluster: string): string {
  const [, quoted, plain] = /application_name\s*=\s*(?:'([^']*)'|(\S+))/.exec(conninfo) ?? [];
  return quoted ?? plain ?? (cluster === '' ? 'walreceiver' : cluster);
}
