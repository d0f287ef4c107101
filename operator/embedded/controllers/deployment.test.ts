import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Deployment, ReplicaSet } from './machinery/wire.ts';
import { isComplete, limits, planDeployment, portion, REVISION, type Step } from './deployment.ts';
import { ago, deployment, NOW, replicaSet, template } from './testing/objects.ts';

const brief = (steps: readonly Step[]): string[] =>
  steps.map((step) =>
    step.do === 'create'
      ? `create ${step.replicas}`
      : step.do === 'scale'
        ? `scale ${step.set.metadata.name} ${step.replicas}`
        : `${step.do} ${step.set.metadata.name}`,
  );

test('a new Deployment makes its first ReplicaSet with all replicas and revision 1', () => {
  const plan = planDeployment(deployment(), [], 0, NOW);
  assert.deepEqual(brief(plan.steps), ['create 3']);
  assert.equal(plan.revision, '1');
  const [step] = plan.steps;
  assert.equal(step?.do === 'create' && step.annotations[REVISION], '1');
});

const CASES: readonly {
  what: string;
  spec?: Partial<Deployment['spec']>;
  sets: (owner: Deployment) => ReplicaSet[];
  oldPods?: number;
  steps: string[];
}[] = [
  {
    what: 'nothing to do when all is well',
    sets: (d) => [replicaSet(d, '2', 3)],
    spec: { template: template('2') },
    steps: [],
  },
  {
    what: 'a new template begins with as many as the surge allows',
    spec: { template: template('2') },
    sets: (d) => [replicaSet(d, '1', 3)],
    steps: ['create 1'],
  },
  {
    what: 'with a new Pod available an old one goes',
    spec: { template: template('2') },
    sets: (d) => [replicaSet(d, '1', 3), replicaSet(d, '2', 1)],
    steps: ['scale web-1 2'],
  },
  {
    what: 'without a new Pod available no old one goes',
    spec: { template: template('2') },
    sets: (d) => [replicaSet(d, '1', 3), replicaSet(d, '2', 1, 0)],
    steps: [],
  },
  {
    what: 'old Pods that are broken go first',
    spec: {
      template: template('2'),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    },
    sets: (d) => [replicaSet(d, '1', 3, 2), replicaSet(d, '2', 0)],
    steps: ['scale web-1 2'],
  },
  {
    what: 'Recreate takes the old ones down first',
    spec: { template: template('2'), strategy: { type: 'Recreate' } },
    sets: (d) => [replicaSet(d, '1', 3)],
    oldPods: 3,
    steps: ['scale web-1 0'],
  },
  {
    what: 'Recreate waits while old Pods end',
    spec: { template: template('2'), strategy: { type: 'Recreate' } },
    sets: (d) => [replicaSet(d, '1', 0)],
    oldPods: 1,
    steps: [],
  },
  {
    what: 'Recreate begins when none is left',
    spec: { template: template('2'), strategy: { type: 'Recreate' } },
    sets: (d) => [replicaSet(d, '1', 0)],
    steps: ['create 3'],
  },
  {
    what: 'a paused Deployment moves nothing',
    spec: { template: template('2'), paused: true },
    sets: (d) => [replicaSet(d, '1', 3)],
    steps: [],
  },
  {
    what: 'a paused Deployment still takes a new size',
    spec: { paused: true, replicas: 5 },
    sets: (d) => [replicaSet(d, '1', 3, 3, { 'deployment.kubernetes.io/desired-replicas': '3' })],
    steps: ['scale web-1 5'],
  },
  {
    what: 'a new size in the middle of a move is shared in proportion',
    spec: { template: template('2'), replicas: 6 },
    sets: (d) => {
      const before = {
        'deployment.kubernetes.io/desired-replicas': '3',
        'deployment.kubernetes.io/max-replicas': '4',
      };
      return [replicaSet(d, '1', 2, 2, before), replicaSet(d, '2', 2, 2, before)];
    },
    steps: ['scale web-2 4', 'scale web-1 3'],
  },
  {
    what: 'history beyond the limit goes when the move is complete',
    spec: { template: template('4'), revisionHistoryLimit: 1 },
    sets: (d) => [replicaSet(d, '1', 0), replicaSet(d, '2', 0), replicaSet(d, '3', 0), replicaSet(d, '4', 3)],
    steps: ['delete web-1', 'delete web-2'],
  },
  {
    what: 'going back gives the old set a new revision',
    spec: { template: template('1') },
    sets: (d) => [replicaSet(d, '1', 0), replicaSet(d, '2', 3)],
    steps: ['annotate web-1', 'scale web-1 1'],
  },
];

for (const { what, spec, sets, oldPods = 0, steps } of CASES)
  test(what, () => {
    const owner = deployment(spec);
    assert.deepEqual(brief(planDeployment(owner, sets(owner), oldPods, NOW).steps), steps);
  });

test('the progress deadline is counted from the last progress', () => {
  const condition = (seconds: number): Deployment['status'] => ({
    replicas: 4,
    updatedReplicas: 1,
    readyReplicas: 3,
    availableReplicas: 3,
    conditions: [
      {
        type: 'Progressing',
        status: 'True',
        reason: 'ReplicaSetUpdated',
        lastUpdateTime: ago(seconds),
        lastTransitionTime: ago(seconds),
      },
    ],
  });
  const look = (seconds: number) => {
    const owner = deployment({ template: template('2'), progressDeadlineSeconds: 10 }, {
      status: condition(seconds),
    } as Partial<Deployment>);
    const plan = planDeployment(owner, [replicaSet(owner, '1', 3), replicaSet(owner, '2', 1, 0)], 0, NOW);
    return { plan, progressing: plan.status.conditions?.find(({ type }) => type === 'Progressing') };
  };
  assert.equal(look(4).plan.lookAgainIn, 6_000);
  assert.equal(look(4).progressing?.reason, 'ReplicaSetUpdated');
  assert.equal(look(11).progressing?.reason, 'ProgressDeadlineExceeded');
  assert.equal(look(11).progressing?.status, 'False');
});

test('a share of replicas is rounded as Kubernetes rounds it', () => {
  assert.deepEqual(
    [portion('25%', 3, Math.ceil), portion('25%', 3, Math.floor), portion(2, 3, Math.ceil)],
    [1, 0, 2],
  );
  assert.deepEqual(
    limits(
      deployment({
        replicas: 1,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '25%' } },
      }),
    ),
    { surge: 0, unavailable: 1 },
  );
});

test('every move ends, and on its way never has too many Pods nor too few', () => {
  const size = fc.integer({ min: 1, max: 8 });
  fc.assert(
    fc.property(
      size,
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      fc.infiniteStream(fc.nat(100)),
      (replicas, maxSurge, maxUnavailable, changes, luck) => {
        const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
        let sets: ReplicaSet[] = [];
        let version = 1;
        let owner = deployment({ replicas, strategy, template: template('1') });
        for (let step = 0; ; step += 1) {
          assert.ok(step < 500, 'the move ends');
          const plan = planDeployment(owner, sets, 0, NOW);
          owner = { ...owner, status: plan.status };
          sets = plan.steps.reduce((all, one) => carryOut(all, one, owner), sets);
          const { surge, unavailable } = limits(owner);
          const all = sets.reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0);
          assert.ok(all <= replicas + surge, `${all} Pods, ${replicas} + ${surge} allowed`);
          const available = sets.reduce(
            (sum, set) => sum + Math.min(set.status?.availableReplicas ?? 0, set.spec.replicas ?? 0),
            0,
          );
          if (version > 1)
            assert.ok(
              available >= replicas - unavailable,
              `${available} available, ${replicas} - ${unavailable} needed`,
            );
          if (plan.steps.length === 0 && isComplete(owner, plan.status)) {
            if (version > changes) return;
            version += 1;
            owner = deployment({ replicas, strategy, template: template(String(version)) }, {
              metadata: owner.metadata,
              status: plan.status,
            } as Partial<Deployment>);
            continue;
          }
          sets = sets.map((set) => becomeAvailable(set, luck.next().value));
        }
      },
    ),
    { numRuns: 60 },
  );
});

function carryOut(sets: ReplicaSet[], step: Step, owner: Deployment): ReplicaSet[] {
  if (step.do === 'create') {
    const version = step.template.spec?.containers[0]?.image?.slice(4) ?? '';
    return [
      ...sets,
      {
        ...replicaSet(owner, version, step.replicas, 0, step.annotations),
        status: { replicas: 0, availableReplicas: 0 },
      },
    ];
  }
  if (step.do === 'delete')
    return sets.filter((set) => set !== step.set && set.metadata.uid !== step.set.metadata.uid);
  return sets.map((set) => {
    if (set.metadata.uid !== step.set.metadata.uid) return set;
    const annotations = { ...set.metadata.annotations, ...step.annotations };
    const metadata = { ...set.metadata, annotations };
    if (step.do === 'annotate') return { ...set, metadata };
    const available = Math.min(set.status?.availableReplicas ?? 0, step.replicas);
    const status = {
      ...set.status,
      replicas: step.replicas,
      readyReplicas: available,
      availableReplicas: available,
    };
    return { ...set, metadata, spec: { ...set.spec, replicas: step.replicas }, status };
  });
}

/** One more Pod of a set becomes available, with luck. */
function becomeAvailable(set: ReplicaSet, luck: number): ReplicaSet {
  const replicas = set.spec.replicas ?? 0;
  const available = Math.min(replicas, (set.status?.availableReplicas ?? 0) + (luck > 40 ? 1 : 0));
  return { ...set, status: { replicas, readyReplicas: available, availableReplicas: available } };
}
