/** A failover on two servers made of a few words, killed at each of its calls, before and after it took effect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../../provisioners/postgres/database.ts';
import { AwayError, callOff, failover, planFailover, summaryOf } from './failover.ts';
import type { Surroundings } from './failover.ts';
import { FailoverLostError } from './journal.ts';
import type { Record } from './journal.ts';
import { BOUNDS, RefusedError } from './verdict.ts';

interface ModelServer {
  isStandby: boolean;
  timeline: number;
  end: number;
  open: boolean;
  isDown: boolean;
  ageMs: number;
  /** Sessions whose changes it acknowledges. */
  sessions: number;
  system: string;
  waitsFor: string;
  promotions: number;
}

interface Model {
  readonly servers: { readonly west: ModelServer; readonly east: ModelServer };
  region: 'west' | 'east';
  journal: { version: number; record: Record | undefined };
  readonly told: string[];
  readonly remembered: string[];
  warmed: number;
}

const NOW = Date.parse('2026-01-01T00:00:00Z');

function model(): Model {
  const server = {
    timeline: 4,
    end: 1_000,
    open: true,
    isDown: false,
    ageMs: 0,
    sessions: 0,
    system: '7',
    waitsFor: '',
    promotions: 0,
  };
  return {
    servers: {
      west: { ...server, isStandby: false, sessions: 3 },
      east: { ...server, isStandby: true, end: 990, waitsFor: 'east' },
    },
    region: 'west',
    journal: { version: 0, record: undefined },
    told: [],
    remembered: [],
    warmed: 0,
  };
}

const lsn = (n: number): string => `0/${n.toString(16).toUpperCase()}`;

/** Answers the statements of servers.ts. */
function sessionOf(world: Model, server: ModelServer): Session {
  const { west, east } = world.servers;
  const answer = (text: string): object[] => {
    if (text.includes('as "isStandby"')) {
      // What was written reaches the standby sooner or later.
      if (!west.isDown && east.isStandby) east.end = Math.min(west.end, east.end + 5);
      return [
        {
          ...server,
          end: lsn(server.end),
          now: new Date(NOW),
          lastTransactionAt: server.isStandby ? new Date(NOW - server.ageMs) : null,
          conninfo: server.isStandby ? 'host=west application_name=east' : null,
          cluster: '',
          synchronous: server.isStandby || west.waitsFor === '' ? [] : [west.waitsFor],
        },
      ];
    }
    if (text.includes('allow_connections false')) server.open = false;
    if (text.includes('allow_connections true')) server.open = true;
    if (text.includes('pg_terminate_backend')) {
      assert.equal(server.open, false, 'who is ended would come back');
      const ended = server.sessions;
      server.sessions = 0;
      return Array.from({ length: ended }, () => ({}));
    }
    if (text.includes('pg_promote')) {
      Object.assign(server, { isStandby: false, timeline: server.timeline + 1 });
      server.promotions += 1;
      return [{ promoted: true }];
    }
    if (text.includes('pg_read_file'))
      return [{ text: `3\t0/1\tx\n4\t${lsn(server.end)}\tno recovery target` }];
    if (text.includes(`current_setting('synchronous_standby_names')`)) return [{ names: server.waitsFor }];
    if (text.includes('alter system set synchronous_standby_names')) server.waitsFor = '';
    if (text.includes('datallowconn')) return [{ open: server.open }];
    return [];
  };
  return {
    async query<Row>(text: string) {
      if (server.isDown) throw new AwayError(new Error('connection refused'));
      // The caller names the shape of what it asks for.
      return answer(text) as unknown as readonly Row[];
    },
  };
}

/** @param dies asked at each call, before and after it took effect */
function around(world: Model, dies: () => void = () => undefined): Surroundings {
  let version = -1;
  const mortal = async <T>(work: () => T | Promise<T>): Promise<T> => {
    dies();
    const result = await work();
    dies();
    return result;
  };
  const serverOf = (region: string): ModelServer => {
    const { west, east } = world.servers;
    return region === 'west' ? west : east;
  };
  return {
    database: 'shopmind',
    journal: {
      read: () =>
        mortal(() => {
          version = world.journal.version;
          return world.journal.record;
        }),
      write: (record) =>
        mortal(() => {
          if (version !== world.journal.version) throw new FailoverLostError('written by somebody else');
          world.journal = { version: ++version, record: structuredClone(record) };
        }),
    },
    region: async () => world.region,
    async onServer(region, work) {
      const session = sessionOf(world, serverOf(region));
      return work({ query: (text) => mortal(() => session.query(text)) });
    },
    pointTo: (region) =>
      mortal(() => {
        assert.equal(serverOf(region).isStandby, false, 'nobody is sent to a standby');
        world.region = region as 'west' | 'east'; // the only regions there are
      }),
    arrived: () => mortal(() => undefined),
    warm: () => mortal(() => ({ warmed: (world.warmed = 7), cold: 0 })),
    notify: (_record, text) => mortal(() => void world.told.push(text)),
    remember: (record) => mortal(() => void world.remembered.push(record.state)),
    now: () => new Date(NOW),
    say: () => undefined,
  };
}

class Killed extends Error {}

function assertOver(world: Model): void {
  const { west, east } = world.servers;
  assert.deepEqual(
    [west.open, west.sessions, east.isStandby, east.open, east.promotions, east.waitsFor],
    [false, 0, false, true, 1, ''],
  );
  assert.equal(east.end, west.end, 'the standby had all of the log before it took over');
  assert.deepEqual([world.region, world.warmed], ['east', 7]);
  assert.equal(world.journal.record?.state, 'Succeeded');
  assert.equal(world.journal.record?.facts.lostBytes, 0);
  assert.ok(world.told.length > 0 && world.remembered.length > 0);
}

test('a failover closes the old primary, waits for the log, promotes, and brings everything over', async () => {
  const world = model();
  const record = await failover(around(world), 'east', BOUNDS);
  assertOver(world);
  assert.equal(world.told.length, 1);
  assert.match(world.told[0] ?? '', /from west to east.*Nothing is lost.*west lets nobody in/s);
  assert.deepEqual(await failover(around(world), 'east', BOUNDS), record, 'once more changes nothing');
  assert.equal(world.told.length, 1);
});

test('killed at any call, before or after it took effect, the same command goes on and ends the same', async () => {
  let kills = 0;
  for (let at = 1; ; at++) {
    const world = model();
    let left = at;
    const mortal = around(world, () => {
      if (--left === 0) throw new Killed();
    });
    let wasKilled = false;
    await failover(mortal, 'east', BOUNDS).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
      wasKilled = true;
    });
    if (!wasKilled) break;
    kills += 1;
    await failover(around(world), 'east', BOUNDS);
    assertOver(world);
  }
  assert.ok(kills > 60, `${kills} places`);
});

test('called off before the promotion, killed anywhere, the old primary is open; afterwards there is no way back', async () => {
  for (let at = 1; at < 20; at++) {
    const world = model();
    world.servers.east.end = 0;
    let left = 14;
    // Dies while it waits for the log: the old primary is closed by then.
    await assert.rejects(
      failover(
        around(world, () => {
          if (--left === 0) throw new Killed();
        }),
        'east',
        BOUNDS,
      ),
      Killed,
    );
    left = at;
    await callOff(
      around(world, () => {
        if (--left === 0) throw new Killed();
      }),
    ).catch((error: unknown) => assert.ok(error instanceof Killed));
    await callOff(around(world));
    assert.deepEqual([world.servers.west.open, world.servers.east.isStandby], [true, true]);
    assert.equal(world.journal.record?.state, 'CalledOff');
  }
  const over = model();
  await failover(around(over), 'east', BOUNDS);
  await assert.rejects(callOff(around(over)), RefusedError);
});

test('what stands against a failover is said, with the flag that would let it go on', async () => {
  const cases: readonly (readonly [string, (world: Model) => void, RegExp, string | undefined])[] = [
    ['primary away', (w) => (w.servers.west.isDown = true), /does not answer/, '--unfenced'],
    [
      'old standby',
      (w) => {
        w.servers.west.isDown = true;
        w.servers.east.ageMs = 61_000;
      },
      /61\.0 s old/,
      '--accept-loss',
    ],
    ['far behind', (w) => (w.servers.west.end = 1 << 30), /behind/, '--accept-loss'],
    ['another cluster', (w) => (w.servers.east.system = '8'), /system identifiers/, undefined],
    ['another history', (w) => (w.servers.east.timeline = 3), /parted/, undefined],
    ['no standby', (w) => (w.servers.east.isStandby = false), /primary already/, undefined],
  ];
  for (const [name, change, why, flag] of cases) {
    const world = model();
    change(world);
    const { verdict } = await planFailover(around(world), 'east', BOUNDS);
    assert.match(verdict.refusals.join('\n'), why, name);
    assert.equal(verdict.flags.includes(flag ?? ''), flag !== undefined, name);
    await assert.rejects(failover(around(world), 'east', BOUNDS), (error) => {
      assert.ok(error instanceof RefusedError);
      assert.match(error.message, why);
      return flag === undefined || error.remedy.includes(flag);
    });
    assert.equal(world.servers.west.open, true, 'nothing was touched');
  }
});

test('a primary that is away is gone on without when told so, and closed when it is seen again; then the loss is known', async () => {
  const world = model();
  world.servers.west.isDown = true;
  const first = await failover(around(world), 'east', { ...BOUNDS, unfenced: true });
  assert.equal(first.facts.fence, 'unreachable');
  assert.equal(first.facts.lostBytes, undefined);
  assert.match(summaryOf(first), /known when west is seen again.*could not be closed/s);
  Object.assign(world.servers.west, { isDown: false, end: 1_500 });
  const second = await failover(around(world), 'east', BOUNDS);
  assert.deepEqual([second.facts.fence, second.facts.lostBytes], ['closed', 1_500 - world.servers.east.end]);
  assert.equal(world.servers.west.open, false);
});

test('who was frozen while others failed over and back closes nobody: the server is on another history by then', async () => {
  const world = model();
  let release = (): void => undefined;
  const frozen = new Promise<void>((resolve) => (release = resolve));
  const slow = around(world);
  const late = failover(
    {
      ...slow,
      async onServer(region, work) {
        if (region === 'west' && world.journal.record?.step === 'Checked') await frozen;
        return slow.onServer(region, work);
      },
    },
    'east',
    BOUNDS,
  );
  for (let turn = 0; world.journal.record?.step !== 'Checked'; turn++) {
    assert.ok(turn < 1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await failover(around(world), 'east', BOUNDS);
  // West is rebuilt as a standby of east, and takes over again.
  const { west, east } = world.servers;
  Object.assign(west, { isStandby: true, timeline: 5, open: true, end: east.end });
  Object.assign(west, { isStandby: false, timeline: 6, sessions: 2 });
  world.region = 'west';
  release();
  await assert.rejects(late, /timeline 6/);
  assert.deepEqual([west.open, west.sessions], [true, 2]);
});

test('of two that begin at once one goes on; another region is refused while one is under way', async () => {
  const world = model();
  const results = await Promise.allSettled([
    failover(around(world), 'east', BOUNDS),
    failover(around(world), 'east', BOUNDS),
  ]);
  assert.ok(results.some(({ status }) => status === 'fulfilled'));
  for (const result of results)
    if (result.status === 'rejected') assert.ok(result.reason instanceof FailoverLostError);
  assertOver(world);
  const busy = model();
  busy.servers.west.isDown = true;
  await assert.rejects(failover(around(busy), 'east', BOUNDS), RefusedError);
  await assert.rejects(failover(around(busy), 'north', BOUNDS), /under way/);
});
