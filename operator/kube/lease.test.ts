import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createElection, type Election, type Term } from './lease.ts';
import { configMaps, leases } from './resources.ts';
import { manualClock, type ManualClock } from './testing/clock.ts';
import { startFakeServer, type FakeServer } from './testing/fake-server.ts';
import { testLog } from './testing/log.ts';
import { until } from './testing/wait.ts';

const RETRY_MS = 2000;

describe('leader election', () => {
  let server: FakeServer;
  let clock: ManualClock;
  const stops: AbortController[] = [];
  const runs: Promise<unknown>[] = [];
  const candidates: Candidate[] = [];
  /** Whose requests are not answered. */
  let cutOff: Candidate | undefined;

  beforeEach(async () => {
    server = await startFakeServer();
    clock = manualClock();
  });

  afterEach(async () => {
    for (const stop of stops.splice(0)) stop.abort();
    await Promise.all(runs.splice(0));
    candidates.length = 0;
    cutOff = undefined;
    await server.close();
  });

  interface Candidate {
    election: Election;
    stop: AbortController;
    terms: Term[];
    ended: () => string | undefined;
    /** Whether it waits until it asks again. */
    rests: () => boolean;
  }

  const candidate = (identity: string): Candidate => {
    const stop = new AbortController();
    const terms: Term[] = [];
    let outcome: string | undefined;
    let resting = 0;
    // Requests of an election are bounded by the manual clock too, so answers come without it moving.
    const election = createElection({
      client: server.client({ clock, retries: 0 }),
      namespace: 'shop',
      name: 'operator',
      identity,
      log: testLog().log,
      clock: {
        now: clock.now,
        monotonic: clock.monotonic,
        after(ms, work) {
          if (ms !== RETRY_MS) return clock.after(ms, work);
          resting += 1;
          return clock.after(ms, () => {
            resting -= 1;
            work();
          });
        },
      },
      random: () => 0.5,
      retryMs: RETRY_MS,
      onLeading: (term) => terms.push(term),
    });
    stops.push(stop);
    runs.push(election.run(stop.signal).then((result) => (outcome = result)));
    const one = { election, stop, terms, ended: () => outcome, rests: () => resting > 0 };
    candidates.push(one);
    return one;
  };

  const spec = (): Record<string, unknown> =>
    (server.get('leases', 'shop/operator') as unknown as { spec: Record<string, unknown> }).spec;

  const answered = (): Promise<void> =>
    until(
      () => candidates.every((one) => one === cutOff || one.rests() || one.ended() !== undefined),
      'everybody has been answered',
    );

  /** Lets time pass in small steps; however slow the network is, it takes none. */
  const pass = async (ms: number): Promise<void> => {
    await answered();
    for (let passed = 0; passed < ms; passed += 500) {
      await clock.advance(500);
      await answered();
    }
  };

  test('one leads, the other takes over when the first stops, with a larger token', async () => {
    const first = candidate('first');
    await until(() => first.election.isLeader(), 'the first leads');
    const second = candidate('second');
    await pass(6000);
    assert.equal(second.election.isLeader(), false);
    assert.equal(second.election.holder(), 'first');
    first.stop.abort();
    await until(() => first.ended() === 'stopped', 'the first has stopped');
    await pass(4000);
    await until(() => second.election.isLeader(), 'the second leads');
    assert.ok((second.terms[0]?.token ?? 0) > (first.terms[0]?.token ?? 0));
    assert.equal(first.terms[0]?.signal.aborted, true);
  });

  test('a leader that cannot renew stops before another may begin', async () => {
    const first = candidate('first');
    await until(() => first.election.isLeader(), 'the first leads');
    const second = candidate('second');
    await pass(2500);
    cutOff = first;
    server.intercept(({ headers, body, method }) =>
      method === 'PUT' && body.includes('"first"') && headers !== undefined ? { kind: 'hang' } : undefined,
    );
    let overlap = 0;
    for (let step = 0; step < 60; step += 1) {
      await pass(500);
      if (first.election.fence.remainingMs() > 0 && second.election.isLeader()) overlap += 1;
    }
    await until(() => first.ended() === 'lost', 'the first gave up');
    await until(() => second.election.isLeader(), 'the second leads');
    assert.equal(overlap, 0);
    assert.equal(spec()['holderIdentity'], 'second');
  });

  test('what was fenced is refused once the term is over, and bounded while it lasts', async () => {
    const leader = candidate('leader');
    await until(() => leader.election.isLeader(), 'it leads');
    const fenced = server.client().fenced(leader.election.fence);
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } };
    await fenced.create(configMaps, map);
    assert.ok(leader.election.fence.remainingMs() <= 10_000);
    server.intercept(({ path, method }) =>
      method !== 'POST' && path.includes('/leases/') ? { kind: 'reset' } : undefined,
    );
    await pass(11_000);
    await until(() => leader.ended() === 'lost', 'the lease is lost');
    const before = server.requests.length;
    await assert.rejects(fenced.create(configMaps, { ...map, metadata: { name: 'b', namespace: 'shop' } }), {
      reason: 'NotLeader',
    });
    assert.equal(server.requests.length, before);
    // Reading is always allowed.
    assert.equal((await fenced.get(configMaps, { name: 'a', namespace: 'shop' })).metadata.name, 'a');
  });

  test('a machine that slept writes nothing until it has renewed', async () => {
    const leader = candidate('leader');
    await until(() => leader.election.isLeader(), 'it leads');
    clock.turn(60_000);
    assert.ok(leader.election.fence.remainingMs() <= 0);
    await pass(3000);
    await until(() => leader.election.fence.remainingMs() > 0, 'it has renewed');
    assert.equal(leader.election.isLeader(), true);
  });

  test('a wall clock turned back neither prolongs nor ends a term', async () => {
    const leader = candidate('leader');
    await until(() => leader.election.isLeader(), 'it leads');
    clock.turn(-3_600_000);
    assert.ok(leader.election.fence.remainingMs() <= 10_000);
    await pass(3000);
    assert.equal(leader.election.isLeader(), true);
  });

  test('a lease of a dead holder is taken after it has run out by our own clock, whatever its times say', async () => {
    server.put('leases', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'operator', namespace: 'shop' },
      spec: {
        holderIdentity: 'dead',
        leaseDurationSeconds: 15,
        renewTime: '2020-01-01T00:00:00.000000Z',
        leaseTransitions: 41,
      },
    });
    const heir = candidate('heir');
    await pass(10_000);
    assert.equal(heir.election.isLeader(), false);
    await pass(9000);
    await until(() => heir.election.isLeader(), 'it took over');
    assert.equal(heir.terms[0]?.token, 42);
  });

  test('somebody else’s name in the lease ends the term', async () => {
    const leader = candidate('leader');
    await until(() => leader.election.isLeader(), 'it leads');
    const live = structuredClone(server.get('leases', 'shop/operator')) as unknown as {
      spec: { holderIdentity: string };
    };
    live.spec.holderIdentity = 'usurper';
    server.put('leases', live);
    await pass(3000);
    await until(() => leader.ended() === 'lost', 'it stepped down');
  });

  test('refuses limits that cannot work', () => {
    const client = server.client();
    const options = { client, namespace: 'a', name: leases.plural, identity: 'x', log: testLog().log };
    assert.throws(() => createElection({ ...options, renewMs: 20_000 }), RangeError);
  });
});
