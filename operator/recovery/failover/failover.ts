/**
 * The platform goes over to another region, one phase after the other: health checks, traffic away from the former primary, promotion,
 * traffic to the new one, warm-up, notification. Killed anywhere, the same call goes on.
 */
import type { Session } from '../../provisioners/postgres/database.ts';
import { begun, FailoverLostError, isBefore } from './journal.ts';
import type { Facts, Journal, Record, Step } from './journal.ts';
import {
  AnotherServerError,
  bytesAfter,
  closeDatabase,
  hasReplayed,
  observeServer,
  openClosed,
  promote,
} from './servers.ts';
import { bytes, judge, planOf, RefusedError, seconds } from './verdict.ts';
import type { Bounds, Seen, Verdict } from './verdict.ts';

/** What a failover does its work on. */
export interface Surroundings {
  readonly journal: Journal;
  /** The region the platform uses now. */
  region(): Promise<string>;
  /**
   * A session in the maintenance database of a region's server, as a superuser, for no longer than `work` takes.
   * @throws AwayError when it does not answer, or stops answering
   */
  onServer<T>(region: string, work: (session: Session) => Promise<T>): Promise<T>;
  /** Name of the platform's database on both servers. */
  readonly database: string;
  /** Points the platform's configuration to a region; fine when it is. */
  pointTo(region: string): Promise<void>;
  /** Resolves once everything that uses the database uses that region's. */
  arrived(region: string): Promise<void>;
  /** Asks for what shoppers ask for first. */
  warm(): Promise<{ readonly warmed: number; readonly cold: number }>;
  /** May be told twice. */
  notify(record: Record, text: string): Promise<void>;
  /** The operation, for who looks at the database later. */
  remember(record: Record): Promise<void>;
  now(): Date;
  /** Says what it is at. */
  say(text: string): void;
}

/** A server does not answer. */
export class AwayError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'AwayError';
  }
}

export interface Plan {
  readonly lines: readonly string[];
  readonly verdict: Verdict;
}

/** How long the standby may take for what it lacks of the log of a primary that is closed already. */
const CATCH_UP_MS = 60_000;

/** What would be done, and what stands against it. Reads only. */
export async function planFailover(around: Surroundings, to: string, bounds: Bounds): Promise<Plan> {
  const from = await around.region();
  const seen = await look(around, from, to);
  const verdict = judge(seen, bounds);
  return { verdict, lines: planOf(from, to, verdict, 'away' in seen.from) };
}

/**
 * Begins a failover, or goes on with the one that runs. A finished one is only completed: a former primary that was away is closed.
 * @throws RefusedError, FailoverLostError, AnotherServerError, AwayError
 */
export async function failover(around: Surroundings, to: string, bounds: Bounds): Promise<Record> {
  let record = await beginOrGoOn(around, to);
  for (const { step, work } of PHASES) {
    if (!isBefore(record.step, step)) continue;
    const facts = await work(around, record, bounds);
    record = await done(around, record, step, facts);
  }
  record = await closeLater(around, record);
  if (record.state === 'Running') {
    record = { ...record, state: 'Succeeded' };
    await around.journal.write(record);
  }
  await around.remember(record);
  return record;
}

/**
 * Gives up a failover before the promotion: the former primary is opened again.
 * @throws RefusedError once there is no way back
 */
export async function callOff(around: Surroundings): Promise<Record> {
  const record = await around.journal.read();
  // One that was called off and killed before the primary was open again is called off once more.
  const isOver =
    record?.state === 'Succeeded' ||
    (record?.state === 'CalledOff' && (await around.region()) !== record.from);
  if (record === undefined || isOver)
    throw new RefusedError(['no failover is under way'], 'there is nothing to call off');
  if (!isBefore(record.step, 'Promoting'))
    throw new RefusedError(
      [`${record.to} is being promoted, or is the primary already`],
      `go on: failover --to ${record.to}; then fail over to ${record.from}, once it is a standby again`,
    );
  // Written first: whoever goes on with the promotion loses.
  const ended: Record = { ...record, state: 'CalledOff' };
  await around.journal.write(ended);
  await around.onServer(record.from, (session) => openClosed(session, around.database));
  return ended;
}

interface Phase {
  readonly step: Step;
  readonly work: (around: Surroundings, record: Record, bounds: Bounds) => Promise<Facts>;
}

const PHASES: readonly Phase[] = [
  { step: 'Checked', work: check },
  { step: 'Closed', work: close },
  { step: 'Promoting', work: catchUp },
  { step: 'Promoted', work: takeOver },
  { step: 'Switched', work: switchTraffic },
  { step: 'Arrived', work: waitForTraffic },
  { step: 'Warmed', work: warm },
  { step: 'Notified', work: notify },
];

async function beginOrGoOn(around: Surroundings, to: string): Promise<Record> {
  const last = await around.journal.read();
  if (last?.state === 'Running') {
    // As long as nothing was done, what was looked at is looked at again.
    if (last.to === to) return last.step === 'Checked' ? { ...last, step: 'Begun' } : last;
    throw new RefusedError(
      [`a failover to ${last.to} is under way, at ${last.step}`],
      `go on with it (failover --to ${last.to}), or call it off (failover --call-off)`,
    );
  }
  const from = await around.region();
  if (from === to) {
    if (last?.state === 'Succeeded' && last.to === to) return last;
    throw new RefusedError([`the platform uses ${to} already`], 'name another region');
  }
  const record = begun(from, to, around.now());
  await around.journal.write(record);
  return record;
}

async function done(around: Surroundings, record: Record, step: Step, facts: Facts): Promise<Record> {
  const next: Record = {
    ...record,
    step,
    doneAt: { ...record.doneAt, [step]: around.now().toISOString() },
    facts: { ...record.facts, ...facts },
  };
  await around.journal.write(next);
  return next;
}

async function look(around: Surroundings, from: string, to: string): Promise<Seen> {
  const standby = await around.onServer(to, observeServer);
  try {
    return { to: standby, from: await around.onServer(from, observeServer) };
  } catch (error) {
    if (error instanceof AwayError) return { to: standby, from: { away: error.message } };
    throw error;
  }
}

async function check(around: Surroundings, { from, to }: Record, bounds: Bounds): Promise<Facts> {
  around.say(`looks at the servers in ${from} and ${to}`);
  const seen = await look(around, from, to);
  const { refusals, flags, synchronous, lagBytes } = judge(seen, bounds);
  if (refusals.length > 0) throw new RefusedError(refusals, remedyOf(flags));
  return {
    system: seen.to.system,
    timeline: seen.to.timeline,
    ...(synchronous === undefined ? {} : { synchronous }),
    ...(lagBytes === undefined ? {} : { lagBytes }),
    ...(seen.to.lastTransactionAt === undefined
      ? {}
      : { lastTransactionAt: seen.to.lastTransactionAt.toISOString() }),
  };
}

function remedyOf(flags: readonly string[]): string {
  return flags.length === 0
    ? 'mend that, or name another region'
    : `wait, or say that it shall go on all the same: ${flags.join(' ')}`;
}

async function close(around: Surroundings, record: Record, { unfenced }: Bounds): Promise<Facts> {
  around.say(`closes the primary in ${record.from}`);
  try {
    const end = await around.onServer(record.from, (session) =>
      closeDatabase(session, around.database, expectedOf(record)),
    );
    return { fence: 'closed', ...(end === undefined ? {} : { end }) };
  } catch (error) {
    if (!(error instanceof AwayError)) throw error;
    if (!unfenced)
      throw new RefusedError(
        [`the primary in ${record.from} stopped answering before it was closed (${error.message})`],
        remedyOf(['--unfenced']),
      );
    around.say(`the primary in ${record.from} does not answer: it is closed when it is seen again`);
    return { fence: 'unreachable' };
  }
}

async function catchUp(around: Surroundings, record: Record, { acceptLoss }: Bounds): Promise<Facts> {
  const { end } = record.facts;
  if (end === undefined) return {};
  around.say(`waits until ${record.to} has all of the log`);
  const isWhole = await around.onServer(record.to, (session) => hasReplayed(session, end, CATCH_UP_MS));
  if (!isWhole && !acceptLoss)
    throw new RefusedError(
      [`${record.to} does not get the rest of the log within ${seconds(CATCH_UP_MS)}`],
      'go on without it (--accept-loss), or open the former primary again (failover --call-off)',
    );
  return {};
}

async function takeOver(around: Surroundings, record: Record): Promise<Facts> {
  around.say(`promotes ${record.to}`);
  const { switchedAt, waitsForNobody } = await around.onServer(record.to, (session) =>
    promote(session, around.database, expectedOf(record)),
  );
  const { end } = record.facts;
  return {
    switchedAt,
    waitsForNobody,
    ...(end === undefined ? {} : { lostBytes: bytesAfter(end, switchedAt) }),
  };
}

async function switchTraffic(around: Surroundings, record: Record): Promise<Facts> {
  around.say(`points the platform to ${record.to}`);
  await around.pointTo(record.to);
  return {};
}

async function waitForTraffic(around: Surroundings, record: Record): Promise<Facts> {
  around.say(`waits until every Service uses ${record.to}`);
  await around.arrived(record.to);
  return {};
}

async function warm(around: Surroundings): Promise<Facts> {
  around.say('warms the shops');
  return around.warm();
}

async function notify(around: Surroundings, record: Record): Promise<Facts> {
  await around.notify(record, summaryOf(record));
  return {};
}

/** A former primary that was away may be back: it is closed now, and tells what is lost. */
async function closeLater(around: Surroundings, record: Record): Promise<Record> {
  const { fence, switchedAt } = record.facts;
  if (fence !== 'unreachable') return record;
  try {
    const end = await around.onServer(record.from, (session) =>
      closeDatabase(session, around.database, expectedOf(record)),
    );
    const facts: Facts = {
      ...record.facts,
      fence: 'closed',
      ...(switchedAt === undefined || end === undefined
        ? {}
        : { end, lostBytes: bytesAfter(end, switchedAt) }),
    };
    const next = { ...record, facts };
    await around.journal.write(next);
    return next;
  } catch (error) {
    if (!(error instanceof AwayError)) throw error;
    around.say(
      `the former primary in ${record.from} still does not answer. When it does, close it: repeat the same command`,
    );
    return record;
  }
}

function expectedOf({ facts: { system, timeline } }: Record): { system: string; timeline: number } {
  if (system === undefined || timeline === undefined)
    throw new FailoverLostError('it says nothing of the server that was looked at');
  return { system, timeline };
}

/** What came of it, in sentences. */
export function summaryOf({ from, to, startedAt, doneAt, facts }: Record): string {
  const took = (step: Step): string => {
    const at = doneAt[step];
    return at === undefined ? '' : seconds(Date.parse(at) - Date.parse(startedAt));
  };
  const lost =
    facts.lostBytes === 0
      ? 'Nothing is lost.'
      : facts.lostBytes === undefined
        ? `What is lost is known when ${from} is seen again; the standby's last transaction was of ${facts.lastTransactionAt ?? 'an unknown time'}.`
        : `${bytes(facts.lostBytes)} of the former primary's log are lost.`;
  return [
    `The platform went over from ${from} to ${to}: promoted after ${took('Promoted')}, every Service there after ${took('Arrived')}.`,
    lost,
    facts.fence === 'closed' ? `${from} lets nobody in.` : `${from} could not be closed: it did not answer.`,
    ...(facts.waitsForNobody === true
      ? ['Commits wait for no standby now: attach one, and set synchronous_standby_names.']
      : []),
    ...(facts.cold === undefined || facts.cold === 0
      ? []
      : [`${facts.cold} shops did not answer when they were warmed.`]),
  ].join(' ');
}

export { AnotherServerError, FailoverLostError, RefusedError };
