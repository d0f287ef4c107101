/**
 * Progressive delivery: what a new revision must show before it gets every request, and how far it has come.
 * `Service.spec.traffic.canary` and `ShopMindTenant.spec.rollout` share the schema.
 */
import { defaulted, integer, list, object, oneOf, optional, string } from './schema.ts';
import type { Infer } from './schema.ts';

const RATE = '^(100|[0-9]{1,2}([.][0-9]{1,2})?)%$';
const revision = (description: string) => string(description, { min: 1, max: 63 });

const step = object('One share of the requests, and how long it is watched.', {
  weight: integer('Percent of the requests that the new revision gets.', { min: 1, max: 100 }),
  durationSeconds: defaulted(
    integer(
      'Shortest time at this weight, in seconds. It becomes longer while requests are too few to judge.',
      {
        min: 1,
        max: 604_800,
      },
    ),
    300,
  ),
});

const gates = object('What the new revision must show at every step.', {
  maxErrorRate: defaulted(
    string('Largest share of requests that may fail (answer 5xx, or none), for example 0.5%.', {
      max: 6,
      pattern: RATE,
    }),
    '1%',
  ),
  maxP99Milliseconds: defaulted(
    integer('Longest time within which 99 of 100 requests must be answered.', { min: 1, max: 30_000 }),
    1000,
  ),
  minRequests: defaulted(
    integer('Requests that the new revision must have answered before it is judged.', {
      min: 1,
      max: 1_000_000,
    }),
    100,
  ),
  failureLimit: defaulted(
    integer('Failed analyses within one step after which it is rolled back.', { min: 1, max: 100 }),
    2,
  ),
});

/** How new revisions are delivered: by growing shares of the requests, each step gated. */
export const canary = (description: string) =>
  object(description, {
    provider: defaulted(
      oneOf(
        "builtin: the operator shifts weights by itself. argo: an Argo Rollout does (its controller must be installed, and the platform's PROMETHEUS_URL set).",
        ['builtin', 'argo'],
      ),
      'builtin',
    ),
    steps: defaulted(
      list(
        'Shares of the requests, rising. After the last one the new revision becomes the stable one.',
        step,
        {
          min: 1,
          max: 10,
          rules: [
            {
              rule: 'self.map(s, s.weight).isSorted() && self.all(a, self.exists_one(b, a.weight == b.weight))',
              message: 'weights must rise from step to step: sort them and remove duplicates',
            },
          ],
        },
      ),
      [{ weight: 5 }, { weight: 25 }, { weight: 50 }, { weight: 100 }],
    ),
    intervalSeconds: defaulted(
      integer('Time between two analyses within a step, in seconds.', { min: 1, max: 3600 }),
      30,
    ),
    gates: defaulted(gates, {}),
  });

const analysis = object('What the gateways counted of the new revision since its step began.', {
  at: string('When it was looked at.', { max: 40, format: 'date-time' }),
  requests: integer('Requests it answered.', { min: 0, max: 9007199254740991 }),
  errors: integer('Of these, requests that failed.', { min: 0, max: 9007199254740991 }),
  errorRate: string('Share of failed requests.', { max: 8 }),
  p99Milliseconds: optional(
    integer('Time within which 99 of 100 requests were answered; absent without requests.', {
      min: 0,
      max: 9007199254740991,
    }),
  ),
  verdict: oneOf('Whether the gates let it through. Waiting: too little is known.', [
    'Passed',
    'Failed',
    'Waiting',
  ]),
  message: string('Why.', { max: 512 }),
});

export const canaryStatus = object('How far the delivery of a new revision has come.', {
  phase: oneOf(
    'Idle: nothing to deliver. Progressing: weights rise. Paused: held by a person or for lack of figures. Promoting: the new revision becomes the stable one. RolledBack: it failed, and is not tried again until the spec changes or a person says so.',
    ['Idle', 'Progressing', 'Paused', 'Promoting', 'RolledBack'],
  ),
  stable: revision('Revision of the Pods that serve what the new one does not.'),
  previous: optional(revision('Revision that was stable before; what a rollback goes back to.')),
  canary: optional(revision('Revision under test; absent: none.')),
  step: optional(integer('Step it is at, counted from 1.', { min: 1, max: 10 })),
  steps: optional(integer('Steps there are.', { min: 1, max: 10 })),
  weight: integer('Percent of the requests that the new revision gets now.', { min: 0, max: 100 }),
  since: optional(string('When this weight was set.', { max: 40, format: 'date-time' })),
  quietSince: optional(
    string('Since when no gateway sends the new revision requests, while its last ones end.', {
      max: 40,
      format: 'date-time',
    }),
  ),
  failures: optional(integer('Failed analyses in this step.', { min: 0, max: 100 })),
  floor: optional(
    integer('Fewest Pods that must serve until the delivery has ended.', { min: 0, max: 1000 }),
  ),
  refused: optional(revision('Revision that was rolled back, as long as the spec still asks for it.')),
  analysis: optional(analysis),
  command: optional(string('Value of annotation shopmind.ai/canary that was acted on last.', { max: 256 })),
  message: string('What is the case, and what to do when something is wrong.', { max: 1024 }),
});

export type Canary = Infer<ReturnType<typeof canary>>;
export type CanaryGates = Canary['gates'];
export type CanaryStatus = Infer<typeof canaryStatus>;
export type CanaryAnalysis = NonNullable<CanaryStatus['analysis']>;
