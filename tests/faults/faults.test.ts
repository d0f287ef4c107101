/**
 * Faults of the operator's surroundings and of the operator itself, one at a time. Under each a dedicated tenant is
 * created, changed and deleted, and must be after each step what it is without the fault.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { shopServices, tenants } from '../../operator/controllers/kinds.ts';
import {
  deployments,
  httpRoutes,
  leases,
  namespaces,
  networkPolicies,
  secrets,
} from '../../operator/kube/resources.ts';
import type { ResourceType } from '../../operator/kube/types.ts';
import { until } from '../support/wait.ts';
import { converge, quiet } from './convergence.ts';
import { DEDICATED, type Step } from './lives.ts';
import { LEASE_LOST } from './operator-process.ts';
import { BOUND_MS, FULL, report, SEED } from './profile.ts';
import { isCounted, type Hooks, type Proxy } from './proxy.ts';
import { isWrite } from './sql-proxy.ts';
import { handedOut, type TenantState } from './state.ts';
import { undisturbed } from './sweep.ts';
import { delayed, flaky, halfOpen, listening, past, seeded, snapshot, unobserved } from './views.ts';
import { createWorld, kill, tail, type Operator, type World } from './world.ts';

const [CREATE, UPGRADE, END] = ['create', 'upgrade', 'delete'].map((name) => {
  const step = DEDICATED.find((one) => one.name === name);
  if (step === undefined) throw new Error(`there is no step ${name}`);
  return step;
}) as [Step, Step, Step];
const LIFE = [CREATE, UPGRADE, END];

let world: World;
let baseline: ReadonlyMap<Step, TenantState>;
let operator: Operator;
let tenant = 0;

before(async () => {
  world = await createWorld();
  const states = await undisturbed(world, LIFE, 'fbase');
  baseline = new Map(LIFE.map((step, at) => [step, states[at] ?? assert.fail()]));
  operator = await started();
});
after(() => world.close());

/** A tenant of its own for each fault; none is left behind. */
const another = (): string => `f${String((tenant += 1)).padStart(3, '0')}`;

/** One step, and that it ends where it ends without a fault. */
async function take(step: Step, name: string, during?: () => Promise<void>): Promise<void> {
  const acting = step.act(world, name);
  await during?.();
  await acting;
  await converge(world, name, baseline.get(step) ?? assert.fail());
  await step.afterwards?.(world, name);
}

async function liveThrough(name: string, during?: () => Promise<void>): Promise<void> {
  for (const step of LIFE) await take(step, name, during);
}

/** As a kubelet would, starts again who is starved of its lease on a machine that does much else. */
const started = (hooks: Hooks = {}): Promise<Operator> => world.startOperator({ hooks, restarts: true });

/** A new operator in place of the old one, which ends as it may. */
async function replaced(hooks: Hooks = {}): Promise<void> {
  await kill(operator);
  operator = await started(hooks);
}

interface FaultOptions {
  /** Left to `--full`: it takes minutes by its nature. */
  readonly long?: boolean;
}

/** A named test of one fault, and its line of the table. */
function fault(
  name: string,
  steps: number,
  run: () => Promise<void>,
  { long = false }: FaultOptions = {},
): void {
  const skip = long && !FULL && 'takes minutes: npm run test:faults -- --full';
  test(name, { timeout: 1_800_000, skip }, async () => {
    const began = performance.now();
    let converged = 0;
    try {
      await run();
      converged = steps;
      operator.proxy.hooks = {};
      assert.equal(operator.process.hasEnded(), false, tail(operator.process));
      assert.deepEqual(operator.process.noise, []);
    } finally {
      report({ scenario: name, tried: steps, converged, seconds: (performance.now() - began) / 1000 });
      operator.proxy.hooks = {};
      world.sql.hooks = {};
      // What one fault leaves in a process shall not help or harm the next test.
      if (operator.process.hasEnded()) operator = await started();
    }
  });
}

/** What hands do that have no business there. */
const EDITS: readonly { readonly type: ResourceType; readonly child: string; readonly patch: object }[] = [
  { type: httpRoutes, child: 'TENANT', patch: { spec: { hostnames: ['stolen.example'] } } },
  {
    type: httpRoutes,
    child: 'TENANT',
    patch: { metadata: { annotations: { 'shopmind.ai/requests-per-minute': '1' } } },
  },
  {
    type: deployments as unknown as ResourceType,
    child: 'runtime',
    patch: { spec: { template: { spec: { terminationGracePeriodSeconds: 1 } } } },
  },
  {
    type: shopServices as unknown as ResourceType,
    child: 'runtime',
    patch: { spec: { domains: ['catalog'] } },
  },
  {
    type: networkPolicies as unknown as ResourceType,
    child: 'default-deny',
    patch: { spec: { policyTypes: ['Ingress'] } },
  },
  { type: secrets as unknown as ResourceType, child: 'database', patch: { data: { SECRETS_KEY: 'AAAA' } } },
];

describe('what the operator sees is wrong', () => {
  fault('events come late, each watch at its own pace', 3, async () => {
    operator.proxy.hooks = delayed(seeded(SEED), 400);
    await liveThrough(another());
  });

  fault('events are told together, in-between states never', 3, async () => {
    await replaced({ mergeMs: 1_500 });
    await liveThrough(another());
  });

  fault('watches break off and what happened meanwhile is never told', 3, async () => {
    operator.proxy.hooks = unobserved(seeded(SEED));
    await liveThrough(another());
  });

  const silent = async (): Promise<void> => {
    const name = another();
    const { hooks, begin } = halfOpen();
    await replaced(hooks);
    await take(CREATE, name, async () => begin());
    await take(UPGRADE, name);
    await take(END, name);
  };
  fault('watches are half-open: connected, and silent for ever', 3, silent, { long: true });

  for (const [when, view] of [
    ['before the tenant had anything', 'nothing'],
    ['before it was changed', 'created'],
  ] as const) {
    fault(`a restarted operator sees the world as it was ${when}`, 2, async () => {
      const name = another();
      const urls = new Set<string>();
      await replaced(listening(urls));
      const old = { lists: view === 'nothing' ? await snapshot(world.client, urls) : undefined };
      await take(CREATE, name);
      old.lists ??= await snapshot(world.client, urls);
      await take(UPGRADE, name);
      const keys = await handedOut(world, name);
      const view_ = past(old.lists);
      await replaced(view_.hooks);
      // Long enough to do everything that can be done wrong.
      await quiet(operator);
      view_.catchUp();
      await converge(world, name, baseline.get(UPGRADE) ?? assert.fail());
      assert.deepEqual(await handedOut(world, name), keys, 'what was handed out is what it was');
      await take(END, name);
    });
  }

  fault('a restarted operator sees a deleted tenant as it lived', 1, async () => {
    const name = another();
    const urls = new Set<string>();
    await replaced(listening(urls));
    await take(CREATE, name);
    const lists = await snapshot(world.client, urls);
    await take(END, name);
    const view = past(lists);
    await replaced(view.hooks);
    await quiet(operator);
    view.catchUp();
    await converge(world, name, baseline.get(END) ?? assert.fail());
  });
});

describe('the API server is not itself', () => {
  for (const [nth, share] of [0.1, 0.3].entries()) {
    fault(
      `${share * 100} % of requests fail: 409, 429, 500, 503, 504, cut, or done and unanswered`,
      3,
      async () => {
        await replaced();
        operator.proxy.hooks = flaky(seeded(SEED + nth), share);
        await liveThrough(another());
      },
      { long: share > 0.1 },
    );
  }

  const cutAgainAndAgain = async (): Promise<void> => {
    const cutting = setInterval(() => operator.proxy.cut(), 1_000);
    try {
      await liveThrough(another());
    } finally {
      clearInterval(cutting);
    }
  };
  fault('connections are cut again and again', 3, cutAgainAndAgain, { long: true });

  fault('the API server is restarted in the middle of each step', 3, async () => {
    const { restart } = world.controlPlane;
    assert.ok(restart !== undefined, 'this API server is not ours to restart');
    const name = another();
    for (const step of LIFE) {
      await step.act(world, name);
      await restart();
      await converge(world, name, baseline.get(step) ?? assert.fail());
      await step.afterwards?.(world, name);
    }
  });
});

describe('the database is not itself', () => {
  fault('PostgreSQL is killed in the middle of each step, and comes back', 3, async () => {
    const name = another();
    for (const step of LIFE) {
      let statements = 0;
      const died = Promise.withResolvers<void>();
      world.sql.hooks = {
        async before(statement) {
          if (!isWrite(statement) || (statements += 1) !== 4) return 'pass';
          await world.postgres.kill();
          died.resolve();
          return 'cut';
        },
      };
      await step.act(world, name);
      // A step may have fewer statements than that; then nothing dies.
      await Promise.race([died.promise, sleep(3_000)]);
      world.sql.hooks = {};
      await world.postgres.start();
      await converge(world, name, baseline.get(step) ?? assert.fail());
      await step.afterwards?.(world, name);
    }
  });

  fault('connections to the database are cut at every fortieth statement', 3, async () => {
    let statements = 0;
    world.sql.hooks = { after: () => ((statements += 1) % 40 === 0 ? 'cut' : 'deliver') };
    await liveThrough(another());
  });
});

describe('somebody else is at work', () => {
  fault('the namespace of a tenant is deleted under it', 1, async () => {
    const name = another();
    await take(CREATE, name);
    await take(UPGRADE, name);
    await world.client.delete(namespaces, { name: `tenant-${name}` });
    await converge(world, name, baseline.get(UPGRADE) ?? assert.fail(), { rolled: true });
    await take(END, name);
  });

  fault('each child is deleted by hand', 9, async () => {
    const name = another();
    await take(CREATE, name);
    await take(UPGRADE, name);
    const { status } = await world.client.get(tenants, { name });
    const inventory = (status?.inventory ?? []).filter(({ kind }) => kind !== 'Namespace');
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'runtime',
      namespace: `tenant-${name}`,
    };
    for (const child of [...inventory, deployment]) {
      await world.client.raw('DELETE', await pathOf(child));
      await converge(world, name, baseline.get(UPGRADE) ?? assert.fail(), { rolled: true });
    }
    await take(END, name);
  });

  fault('children are edited by hand', EDITS.length, async () => {
    const name = another();
    await take(CREATE, name);
    await take(UPGRADE, name);
    for (const { type, child, patch } of EDITS) {
      await world.client.patch(
        type,
        { name: child.replace('TENANT', name), namespace: `tenant-${name}` },
        { kind: 'merge', body: patch },
        { fieldManager: 'kubectl-edit' },
      );
      await converge(world, name, baseline.get(UPGRADE) ?? assert.fail(), { rolled: true });
    }
    await take(END, name);
  });

  fault('the operator is down while the tenant is deleted', 1, async () => {
    const name = another();
    await take(CREATE, name);
    await kill(operator);
    await END.act(world, name);
    operator = await started();
    await converge(world, name, baseline.get(END) ?? assert.fail());
  });
});

async function pathOf(child: {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}): Promise<string> {
  const root = child.apiVersion === 'v1' ? '/api/v1' : `/apis/${child.apiVersion}`;
  const { resources } = JSON.parse(await world.client.raw('GET', root)) as {
    resources: { name: string; kind: string }[];
  };
  const plural = resources.find(({ kind, name }) => kind === child.kind && !name.includes('/'))?.name;
  const at = child.namespace === undefined ? '' : `/namespaces/${child.namespace}`;
  return `${root}${at}/${plural}/${child.name}`;
}

/** A leader gives up when it could not renew for 10 s. */
const PAST_RENEWAL_MS = 11_000;
/** And is gone, and started again, well before Node gives up a handshake (120 s). */
const ENDS_WITHIN_MS = 60_000;

const answersReviews = ({ process, address }: Operator): Promise<true> =>
  until(async () => ((await fetch(`http://${address}:9090/readyz`)).ok ? true : undefined), {
    withinMs: BOUND_MS,
    what: `the operator is ready: ${tail(process)}`,
  });

describe('two operators', () => {
  /** The second of two, which waits until the first is gone. */
  async function standby(): Promise<Operator> {
    const second = await world.startOperator({ podName: 'operator-1', until: 'started' });
    await answersReviews(second);
    return second;
  }
  const leads = ({ process }: Operator): Promise<true> =>
    until(() => (process.log.some(({ msg }) => msg === 'controllers work') ? true : undefined), {
      withinMs: BOUND_MS,
      what: 'the other operator leads',
    });

  // A lease has to expire each time.
  const deaths = FULL ? LIFE : [CREATE];
  fault('the leader dies in the middle of its work, and a standby takes over', deaths.length, async () => {
    const name = another();
    for (const step of deaths) {
      const second = await standby();
      const first = operator;
      let writes = 0;
      const dead = Promise.withResolvers<void>();
      first.proxy.hooks = {
        after(seen) {
          if (!isCounted(seen) || (writes += 1) !== 3) return 'deliver';
          void kill(first).then(dead.resolve);
          return 'cut';
        },
      };
      await step.act(world, name);
      await dead.promise;
      await leads(second);
      operator = second;
      await converge(world, name, baseline.get(step) ?? assert.fail());
      await step.afterwards?.(world, name);
      // The next standby is the first of this one.
      await replaced();
    }
    if (!FULL) await take(END, name);
  });

  fault('whoever has lost the lease ends, though somebody holds a connection to it', 1, async () => {
    const name = another();
    const { process, address } = operator;
    await answersReviews(operator);
    // As an API server does that is starved itself: connected, and never through with its handshake.
    const mute = connect(9443, address);
    mute.on('error', () => undefined);
    const times = (what: string): number => process.log.filter(({ msg }) => msg === what).length;
    const [terms, losses] = [times('controllers work'), times(LEASE_LOST)];
    process.freeze();
    await sleep(PAST_RENEWAL_MS);
    process.wake();
    const waits = (what: string, before: number): Promise<true> =>
      until(() => (times(what) > before ? true : undefined), { withinMs: ENDS_WITHIN_MS, what });
    await waits(LEASE_LOST, losses);
    await waits('controllers work', terms);
    mute.destroy();
    await take(CREATE, name);
    await take(END, name);
  });

  for (const [where, index] of [
    ['between two writes to the API server', 4],
    ['in the middle of a migration', 12],
  ] as const) {
    const frozenAndWoken = async (): Promise<void> => {
      const name = another();
      await kill(operator);
      // Whoever loses the lease here has to stay away.
      const first = await world.startOperator();
      operator = first;
      const second = await standby();
      const late = recordWrites({ first: first.proxy, second: second.proxy });
      const frozen =
        where === 'in the middle of a migration' ? frozenInSql(first, index) : frozenAtWrite(first, index);
      await CREATE.act(world, name);
      await frozen;
      await leads(second);
      operator = second;
      await converge(world, name, baseline.get(CREATE) ?? assert.fail());
      const before = await handedOut(world, name);
      first.process.wake();
      await until(() => (first.process.hasEnded() ? true : undefined), {
        withinMs: BOUND_MS,
        what: `a leader that lost its lease ends: ${tail(first.process)}`,
      });
      assert.equal(first.process.exitCode(), 1, tail(first.process));
      await quiet(second);
      assert.deepEqual(late(), [], 'nothing was written by two at once');
      assert.deepEqual(await handedOut(world, name), before);
      await converge(world, name, baseline.get(CREATE) ?? assert.fail());
      const { spec } = await world.client.get(leases, {
        namespace: 'shopmind-system',
        name: 'shopmind-operator',
      });
      assert.equal(spec?.holderIdentity, 'operator-1');
      await first.proxy.close();
      await take(END, name);
      await replaced();
    };
    fault(`the leader freezes ${where} past its lease, and is woken again`, 1, frozenAndWoken, {
      long: where === 'in the middle of a migration',
    });
  }

  /** Stops the process with its n-th write not yet sent on, and lets go of that write. */
  function frozenAtWrite(victim: Operator, index: number): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    let writes = 0;
    const own = victim.proxy.hooks;
    victim.proxy.hooks = {
      before(seen) {
        void own.before?.(seen);
        if (isCounted(seen) && (writes += 1) === index) {
          victim.process.freeze();
          stopped.resolve();
        }
        return 'pass';
      },
    };
    return stopped.promise;
  }

  function frozenInSql(victim: Operator, index: number): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    let statements = 0;
    world.sql.hooks = {
      after(statement) {
        if (isWrite(statement) && (statements += 1) === index) {
          victim.process.freeze();
          stopped.resolve();
        }
        return 'deliver';
      },
    };
    return stopped.promise;
  }

  /** @returns writes of the first that came after the second had begun to write */
  function recordWrites(proxies: { readonly first: Proxy; readonly second: Proxy }): () => readonly string[] {
    let secondWrites = false;
    const late: string[] = [];
    proxies.second.hooks = {
      before(seen) {
        if (isCounted(seen) && !seen.resource.startsWith('validatingwebhook')) secondWrites = true;
        return 'pass';
      },
    };
    proxies.first.hooks = {
      before(seen) {
        if (isCounted(seen) && secondWrites) late.push(`${seen.method} ${seen.what}`);
        return 'pass';
      },
    };
    return () => late;
  }
});
