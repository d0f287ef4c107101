/**
 * Deliveries decided without any cluster: a table of turns, then laws over whatever a cluster and people may do.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Canary, CanaryStatus } from '../../../../crds/index.ts';
import type { Figures } from '../../traffic/traffic.ts';
import { ACKNOWLEDGE_MS, decide, DRAIN_MS, podsFor } from './decide.ts';
import type { Situation } from './decide.ts';

const CANARY: Canary = {
  provider: 'builtin',
  steps: [5, 25, 50, 100].map((weight) => ({ weight, durationSeconds: 60 })),
  intervalSeconds: 20,
  gates: { maxErrorRate: '1%', maxP99Milliseconds: 500, minRequests: 100, failureLimit: 2 },
};
const START = Date.parse('2026-11-25T12:00:00Z');
const GOOD: Figures = { requests: 1000, errors: 1, p99Ms: 80, missing: undefined };
const BAD: Figures = { requests: 1000, errors: 500, p99Ms: 80, missing: undefined };
const SLOW: Figures = { requests: 1000, errors: 0, p99Ms: 900, missing: undefined };
const FEW: Figures = { requests: 3, errors: 3, p99Ms: 80, missing: undefined };
const NONE: Figures = { requests: 0, errors: 0, p99Ms: undefined, missing: 'no gateway answers' };
const PARTIAL: Figures = { ...GOOD, missing: 'the figures of gateway 10.0.0.2 cannot be read' };

/** A cluster in miniature: it does what is decided, Pods take as long as they are told to, the gateway is quick. */
function createModel(options: { readonly pods?: number; readonly autoscaled?: boolean } = {}) {
  const pods = options.pods ?? 4;
  const model = {
    now: START,
    desired: 'a',
    canary: CANARY as Canary | undefined,
    command: undefined as string | undefined,
    figures: GOOD,
    isHibernated: false,
    status: undefined as CanaryStatus | undefined,
    stable: undefined as { revision: string; settled: boolean } | undefined,
    test: undefined as { revision: string; settled: boolean; pods: number } | undefined,
    liveWeight: 0,
    acknowledged: true,
    failing: undefined as string | undefined,
    requeueAfterMs: undefined as number | undefined,
    ignored: undefined as string | undefined,

    situation(figures: Figures | undefined = undefined): Situation {
      return {
        canary: model.canary,
        desired: model.desired,
        before: model.status,
        stable: {
          revision: model.stable?.revision,
          available: model.stable === undefined ? 0 : pods,
          isSettled: model.stable?.settled ?? false,
        },
        test: {
          revision: model.test?.revision,
          available: model.test?.settled === true ? model.test.pods : 0,
          isSettled: model.test?.settled ?? false,
          failing: model.failing,
        },
        isHibernated: model.isHibernated,
        pods,
        most: pods,
        liveWeight: model.liveWeight,
        isAcknowledged: model.acknowledged,
        command: model.command,
        figures,
        now: new Date(model.now),
      };
    },

    decide() {
      const first = decide(model.situation());
      return first.needsFigures === true ? decide(model.situation(model.figures)) : first;
    },

    /** One reconcile. @param crash after the status was written */
    step(crash = false): void {
      const { status, requeueAfterMs, ignored } = model.decide();
      model.status = status;
      model.requeueAfterMs = requeueAfterMs;
      model.ignored = ignored ?? model.ignored;
      if (crash) return;
      const stable = status?.stable ?? model.desired;
      if (model.stable?.revision !== stable) {
        model.stable = { revision: stable, settled: model.stable === undefined };
      }
      const weight = status?.canary === undefined ? 0 : (status.weight ?? 0);
      if (weight !== model.liveWeight) {
        model.liveWeight = weight;
        model.acknowledged = false;
      }
      if (status?.canary === undefined) model.test = undefined;
      else if (status.canary === model.desired) {
        const wanted = podsFor(status, model.canary, pods);
        if (model.test?.revision !== status.canary) {
          model.test = { revision: status.canary, settled: false, pods: wanted };
        } else if (model.test.pods !== wanted) {
          model.test = { ...model.test, pods: wanted, settled: wanted < model.test.pods };
        }
      }
    },

    /** Pods become ready, the gateway takes the route. */
    settle(): void {
      if (model.stable !== undefined) model.stable.settled = true;
      if (model.test !== undefined && model.failing === undefined) model.test.settled = true;
      model.acknowledged = true;
    },

    /** Reconciles, letting time pass as asked for, until nothing changes. @returns phases and weights on the way */
    run(limit = 200): string[] {
      const seen: string[] = [];
      let quiet = 0;
      for (let n = 0; n < limit && quiet < 6; n += 1) {
        const before = JSON.stringify([model.status, model.stable, model.test, model.liveWeight]);
        model.step();
        const { phase = 'none', weight = 0 } = model.status ?? {};
        const said = `${phase} ${weight}`;
        if (seen.at(-1) !== said) seen.push(said);
        model.settle();
        const isSame = before === JSON.stringify([model.status, model.stable, model.test, model.liveWeight]);
        quiet = isSame ? quiet + 1 : 0;
        // What happens in the cluster is noticed at once; only where nothing does, time must pass.
        if (isSame) model.now += model.requeueAfterMs ?? 0;
      }
      return seen;
    },

    /** Reconciles, letting time pass as asked for, until it has come so far. */
    runUntil(isSo: () => boolean): void {
      for (let turns = 0; !isSo(); turns += 1) {
        assert.ok(turns < 200, `${String(isSo)}: never; instead: ${JSON.stringify(model.status)}`);
        model.step();
        model.settle();
        model.now += model.requeueAfterMs ?? 0;
      }
    },
  };
  return model;
}

function settledOn(revision: string, options: Parameters<typeof createModel>[0] = {}) {
  const model = createModel(options);
  model.desired = revision;
  model.run();
  assert.deepEqual([model.status?.phase, model.status?.stable], ['Idle', revision]);
  return model;
}

describe('a delivery', () => {
  test('goes up step by step, takes the Deployment, and leaves nothing behind', () => {
    const model = settledOn('a');
    model.desired = 'b';
    assert.deepEqual(model.run(), [
      'Progressing 0',
      'Progressing 5',
      'Progressing 25',
      'Progressing 50',
      'Progressing 100',
      'Promoting 100',
      'Promoting 0',
      'Idle 0',
    ]);
    const { stable, previous, canary, floor } = model.status ?? {};
    assert.deepEqual(
      [stable, previous, canary, floor, model.test],
      ['b', 'a', undefined, undefined, undefined],
    );
  });

  test('lasts as long as its steps, and asks to be woken exactly then', () => {
    const model = settledOn('a');
    model.desired = 'b';
    const began = model.now;
    model.run();
    assert.equal(model.now - began, 4 * 60_000 + DRAIN_MS);
  });

  for (const [what, figures, said] of [
    ['errors', BAD, /50% of 1000 requests failed, at most 1% may/],
    ['slowness', SLOW, /took up to 900 ms, at most 500 ms/],
  ] as const) {
    test(`ends with the weight at 0 and the stable template untouched after ${what}`, () => {
      const model = settledOn('a');
      model.desired = 'b';
      model.figures = figures;
      const began = model.now;
      assert.deepEqual(model.run(), ['Progressing 0', 'Progressing 5', 'RolledBack 0']);
      assert.equal(model.stable?.revision, 'a');
      assert.deepEqual(
        [model.test, model.status?.refused, model.status?.canary],
        [undefined, 'b', undefined],
      );
      assert.match(model.status?.message ?? '', said);
      // Two failed analyses, not the whole step.
      assert.equal(model.now - began, 2 * 20_000 + DRAIN_MS);
    });
  }

  test('a revision that was rolled back is not tried again, whatever time passes, until the spec changes', () => {
    const model = settledOn('a');
    model.desired = 'b';
    model.figures = BAD;
    model.run();
    model.figures = GOOD;
    model.now += 7 * 24 * 3_600_000;
    assert.deepEqual(model.run(), ['RolledBack 0']);
    model.desired = 'c';
    assert.equal(model.run().at(-1), 'Idle 0');
    assert.equal(model.stable?.revision, 'c');
  });

  for (const [what, figures] of [
    ['nobody answers', NONE],
    ['too few requests', FEW],
    ['a gateway that cannot be read', PARTIAL],
  ] as const) {
    test(`is held, never promoted, with ${what}; and goes on by itself`, () => {
      const model = settledOn('a');
      model.desired = 'b';
      model.figures = figures;
      assert.equal(model.run(60).at(-1), 'Paused 5');
      assert.match(model.status?.message ?? '', /held at 5 %: .*promote@b/);
      model.figures = GOOD;
      assert.equal(model.run().at(-1), 'Idle 0');
      assert.equal(model.stable?.revision, 'b');
    });
  }

  test('Pods that never become ready get no request', () => {
    const model = settledOn('a');
    model.desired = 'b';
    model.failing = 'exceeded its progress deadline';
    const seen = model.run();
    assert.deepEqual(seen, ['Progressing 0', 'RolledBack 0']);
    assert.match(model.status?.message ?? '', /do not become ready: exceeded its progress deadline/);
  });

  test('Pods that are all gone at two looks are a failure', () => {
    const model = settledOn('a');
    model.desired = 'b';
    model.step();
    model.settle();
    model.step();
    assert.equal(model.status?.weight, 5);
    for (let look = 0; look < 2; look += 1) {
      model.test = { revision: 'b', settled: false, pods: 1 };
      model.now += 20_000;
      model.step();
    }
    assert.equal(model.status?.phase, 'RolledBack');
    assert.match(model.status?.message ?? '', /none of its Pods is ready/);
  });

  test('a newer template takes its place from the first step, after the requests of the older one have ended', () => {
    const model = settledOn('a');
    model.desired = 'b';
    model.runUntil(() => model.status?.weight === 25);
    model.desired = 'c';
    model.step();
    assert.deepEqual([model.status?.canary, model.status?.weight, model.test?.revision], ['b', 0, 'b']);
    assert.equal(model.run().at(-1), 'Idle 0');
    assert.deepEqual([model.stable?.revision, model.status?.previous], ['c', 'a']);
  });

  test('going back to the stable template ends it without a word of failure', () => {
    const model = settledOn('a');
    model.desired = 'b';
    model.run(8);
    model.desired = 'a';
    assert.equal(model.run().at(-1), 'Idle 0');
    assert.deepEqual(
      [model.status?.refused, model.test, model.stable?.revision],
      [undefined, undefined, 'a'],
    );
  });

  test('a template that comes while another is promoted waits for it', () => {
    const model = settledOn('a');
    model.desired = 'b';
    model.runUntil(() => model.status?.phase === 'Promoting');
    model.desired = 'c';
    model.step();
    assert.deepEqual([model.status?.phase, model.status?.stable], ['Promoting', 'b']);
    assert.equal(model.run().at(-1), 'Idle 0');
    assert.deepEqual([model.status?.stable, model.status?.previous], ['c', 'b']);
  });

  test('without a gateway its Pods are stopped after a while all the same', () => {
    const model = settledOn('a');
    model.desired = 'b';
    model.runUntil(() => model.status?.weight === 5);
    model.desired = 'a';
    model.step();
    model.acknowledged = false;
    model.now += ACKNOWLEDGE_MS - 1;
    model.step();
    assert.equal(model.status?.canary, 'b');
    model.now += 1;
    model.step();
    assert.equal(model.status?.canary, undefined);
  });

  test('a Service that sleeps delivers when it wakes; one without canary at once', () => {
    const model = settledOn('a');
    model.isHibernated = true;
    model.desired = 'b';
    assert.deepEqual(model.run(), ['Idle 0']);
    assert.equal(model.stable?.revision, 'a');
    model.isHibernated = false;
    assert.equal(model.run().at(-1), 'Idle 0');
    assert.equal(model.stable?.revision, 'b');
    model.canary = undefined;
    model.desired = 'c';
    assert.deepEqual(model.run(), ['none 0']);
    assert.equal(model.stable?.revision, 'c');
  });

  test('a lost status is found again in what runs', () => {
    const model = settledOn('a');
    model.desired = 'b';
    model.runUntil(() => model.status?.weight === 25);
    model.status = undefined;
    const seen = model.run();
    assert.deepEqual(seen.slice(0, 2), ['Progressing 25', 'Progressing 50']);
    assert.equal(seen.at(-1), 'Idle 0');
  });
});

describe('a person', () => {
  const at = (weight: number) => {
    const model = settledOn('a');
    model.desired = 'b';
    model.runUntil(() => model.status?.weight === weight);
    return model;
  };

  test('promotes at once', () => {
    const model = at(5);
    model.command = 'promote@b';
    assert.deepEqual(model.run(), ['Promoting 5', 'Promoting 0', 'Idle 0']);
    assert.equal(model.stable?.revision, 'b');
  });

  test('aborts, tries again, and each word acts once', () => {
    const model = at(5);
    model.command = 'abort@b';
    assert.deepEqual(model.run(), ['RolledBack 0']);
    model.command = 'retry@b';
    model.figures = BAD;
    assert.deepEqual(model.run(), ['Progressing 0', 'Progressing 5', 'RolledBack 0']);
    assert.deepEqual(model.run(), ['RolledBack 0']);
    model.command = 'retry@b#2';
    model.figures = GOOD;
    assert.equal(model.run().at(-1), 'Idle 0');
    assert.equal(model.stable?.revision, 'b');
    assert.equal(model.ignored, undefined);
  });

  test('pauses at a weight, at which it is still watched, and lets it go on', () => {
    const model = at(25);
    model.command = 'pause@b';
    assert.equal(model.run(40).at(-1), 'Paused 25');
    assert.match(model.status?.message ?? '', /resume@b goes on/);
    model.command = undefined;
    assert.equal(model.run().at(-1), 'Idle 0');
    const other = at(25);
    other.command = 'pause@b';
    other.run(10);
    other.figures = BAD;
    assert.equal(other.run().at(-1), 'RolledBack 0');
  });

  test('goes back to the revision before, and later forward again', () => {
    const model = at(100);
    model.run();
    model.command = 'rollback@b';
    assert.deepEqual(model.run(), ['RolledBack 0']);
    assert.deepEqual([model.stable?.revision, model.status?.refused], ['a', 'b']);
    assert.match(model.status?.message ?? '', /a person rolled back revision b to a; .*retry@b/);
    model.command = 'retry@b';
    assert.equal(model.run().at(-1), 'Idle 0');
    assert.equal(model.stable?.revision, 'b');
  });

  test('stops a promotion under way', () => {
    const model = at(5);
    model.command = 'promote@b';
    model.step();
    assert.equal(model.status?.phase, 'Promoting');
    model.command = 'abort@b';
    assert.deepEqual(model.run(), ['RolledBack 0']);
    assert.equal(model.stable?.revision, 'a');
  });

  for (const [command, said] of [
    ['promote@x', /promote@x does not fit: Progressing, stable a, canary b/],
    ['rollback@a', /does not fit/],
    ['retry@b', /does not fit/],
    ['faster', /"faster" is no command: write <verb>@<revision>/],
  ] as const) {
    test(`is told why "${command}" does nothing`, () => {
      const model = at(25);
      model.command = command;
      model.step();
      assert.match(model.ignored ?? '', said);
      assert.deepEqual([model.status?.phase, model.status?.weight], ['Progressing', 25]);
      model.ignored = undefined;
      model.step();
      assert.equal(model.ignored, undefined, 'it is told once');
    });
  }
});

// ── laws ─────────────────────────────────────────────────────────────────────────────────────────

type Model = ReturnType<typeof createModel>;
type Act = (model: Model) => void;

const acts: fc.Arbitrary<readonly [name: string, act: Act]> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(['reconcile', (model: Model) => model.step()] as const) },
  {
    weight: 2,
    arbitrary: fc.constant(['crash after the status', (model: Model) => model.step(true)] as const),
  },
  {
    weight: 6,
    arbitrary: fc.constant(['Pods and gateway follow', (model: Model) => model.settle()] as const),
  },
  {
    weight: 6,
    arbitrary: fc
      .integer({ min: 0, max: 70_000 })
      .map((ms) => [`${ms} ms pass`, (model: Model) => void (model.now += ms)] as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('a', 'b', 'c')
      .map(
        (revision) =>
          [`the spec asks for ${revision}`, (model: Model) => void (model.desired = revision)] as const,
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(GOOD, GOOD, BAD, SLOW, FEW, NONE, PARTIAL)
      .map(
        (figures) =>
          [`figures ${JSON.stringify(figures)}`, (model: Model) => void (model.figures = figures)] as const,
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('promote', 'abort', 'pause', 'resume', 'rollback', 'retry'),
        fc.constantFrom('a', 'b', 'c'),
        fc.nat({ max: 3 }),
      )
      .map(([verb, revision, nonce]) => {
        const command = `${verb}@${revision}#${nonce}`;
        return [command, (model: Model) => void (model.command = command)] as const;
      }),
  },
  {
    weight: 1,
    arbitrary: fc
      .boolean()
      .map(
        (sleeps) => [`hibernated: ${sleeps}`, (model: Model) => void (model.isHibernated = sleeps)] as const,
      ),
  },
  {
    weight: 1,
    arbitrary: fc.constant([
      'the status is lost',
      (model: Model) => void (model.status = undefined),
    ] as const),
  },
);

const history = fc.array(acts, { minLength: 5, maxLength: 80 });

test('weights rise only from step to step or drop to 0, and only with Pods to carry them', () => {
  fc.assert(
    fc.property(history, (history) => {
      const model = settledOn('a');
      for (const [name, act] of history) {
        const before = model.status;
        const wasReady = model.test?.settled === true && model.test.pods > 0;
        act(model);
        const after = model.status;
        if (before === undefined || after === undefined || before === after) continue;
        const risen = after.weight > before.weight;
        if (risen) {
          const weights = [0, ...CANARY.steps.map(({ weight }) => weight)];
          assert.equal(after.weight, weights[weights.indexOf(before.weight) + 1], name);
          assert.ok(wasReady && model.test?.revision === after.canary, name);
          assert.equal(after.canary, model.desired, name);
        } else if (after.weight < before.weight) {
          assert.equal(after.weight, 0, name);
        }
        if (after.canary === undefined) assert.equal(after.weight, 0, name);
      }
    }),
    { numRuns: 500 },
  );
});

test('the stable template changes only by a promotion or by going back, and never to one that was rolled back', () => {
  fc.assert(
    fc.property(history, (history) => {
      const model = settledOn('a');
      for (const [name, act] of history) {
        const before = model.status;
        act(model);
        const after = model.status;
        if (before === undefined || after === undefined || after.stable === before.stable) continue;
        const isPromotion = after.previous === before.stable && after.stable === model.desired;
        const isWayBack = after.stable === before.previous && after.phase === 'RolledBack';
        assert.ok(isPromotion || isWayBack, `${name}: ${JSON.stringify([before, after])}`);
        assert.notEqual(after.stable, after.refused, name);
      }
    }),
    { numRuns: 500 },
  );
});

test('nothing is promoted without figures of its own at every step, unless a person says so', () => {
  fc.assert(
    fc.property(history, (history) => {
      const model = settledOn('a');
      for (const [name, act] of history) {
        const before = model.status;
        act(model);
        const after = model.status;
        if (before === undefined || before.phase === 'Promoting' || after?.phase !== 'Promoting') continue;
        const isOrdered = model.command?.startsWith('promote@') === true;
        assert.ok(isOrdered || (after.analysis?.verdict === 'Passed' && before.weight === 100), name);
      }
    }),
    { numRuns: 500 },
  );
});

test('a canary in traffic keeps its Pods until its requests have ended', () => {
  fc.assert(
    fc.property(history, (history) => {
      const model = settledOn('a');
      let lastWeighted = -Infinity;
      let lastServed = -Infinity;
      for (const [name, act] of history) {
        const had = model.test?.revision;
        const now = model.now;
        act(model);
        if (model.status === undefined) continue;
        if (had !== undefined && model.test?.revision !== had) {
          // Nobody having taken the route for so long, nobody routes at all.
          const isAbandoned = now - lastWeighted >= ACKNOWLEDGE_MS;
          const passed = now - lastServed;
          assert.ok(
            passed >= DRAIN_MS || isAbandoned,
            `${name}: Pods of ${had} went ${passed} ms after a request`,
          );
        }
        if (model.liveWeight > 0) lastWeighted = model.now;
        if (model.liveWeight > 0 || !model.acknowledged) lastServed = model.now;
      }
    }),
    { numRuns: 500 },
  );
});

test('deciding twice changes nothing', () => {
  fc.assert(
    fc.property(history, (history) => {
      const model = settledOn('a');
      for (const [, act] of history) act(model);
      model.step();
      const once = model.status;
      const { status } = model.decide();
      // Time stands still, so the second look finds what the first has left, or what follows from it by itself.
      model.status = status;
      for (let n = 0; n < 6; n += 1) model.step();
      const settled = model.status;
      model.step();
      assert.deepEqual(model.status, settled);
      assert.equal(once?.stable === undefined, settled?.stable === undefined);
    }),
    { numRuns: 500 },
  );
});

test('whatever happened, it ends: on the wanted revision when that is good, on the stable one when it is not', () => {
  fc.assert(
    fc.property(history, fc.boolean(), (history, isGood) => {
      const model = settledOn('a');
      for (const [, act] of history) act(model);
      model.command = undefined;
      model.isHibernated = false;
      model.run();
      const stable = model.status?.stable;
      model.desired = 'd';
      model.figures = isGood ? GOOD : BAD;
      // Whatever is being promoted when d comes is promoted.
      const promoting = model.status?.phase === 'Promoting';
      assert.equal(promoting, false);
      assert.equal(model.run(400).at(-1), isGood ? 'Idle 0' : 'RolledBack 0');
      assert.deepEqual(
        [model.stable?.revision, model.test, model.liveWeight],
        [isGood ? 'd' : stable, undefined, 0],
      );
    }),
    { numRuns: 500 },
  );
});
