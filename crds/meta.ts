/**
 * What both kinds share: group, version, labels, annotations, conditions and the inventory.
 * The names here are the contract with kubectl, with other controllers and with people's scripts.
 */
import { defaulted, integer, list, object, oneOf, optional, string } from './schema.ts';
import type { Infer } from './schema.ts';

export const GROUP = 'shopmind.ai';
/** The version that is stored, that discovery prefers, and that everything here speaks. */
export const VERSION = 'v1beta1';
/** Served beside it, by conversion (`conversion.ts`). */
export const OLD_VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const FIELD_MANAGER = 'shopmind';
export const FINALIZER = 'shopmind.ai/teardown';
export const SYSTEM_NAMESPACE = 'shopmind-system';

export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  name: 'app.kubernetes.io/name',
  partOf: 'app.kubernetes.io/part-of',
  tenant: 'shopmind.ai/tenant',
  service: 'shopmind.ai/service',
  /** On a canary's objects: the Service whose new revision they run. Its Pods carry `<service>-canary` as their `service`. */
  canaryOf: 'shopmind.ai/canary-of',
} as const;

export const ANNOTATIONS = {
  /** `"true"`: the operator leaves the object and its children alone (deletion included). */
  paused: 'shopmind.ai/paused',
  /** `"true"` on an existing object that is not the operator's: take it over instead of refusing. */
  adopt: 'shopmind.ai/adopt',
  /** Any new value makes the operator reconcile now, failed catalogue imports included. */
  reconcileAt: 'shopmind.ai/reconcile-at',
  /**
   * On a dedicated tenant, or on a Service of the pool: any new value makes the operator rotate the logins of its Pods at every
   * system now.
   */
  rotateAt: 'shopmind.ai/rotate-at',
  /** On a tenant's HTTPRoute: requests per minute the gateway lets through. */
  requestsPerMinute: 'shopmind.ai/requests-per-minute',
  /** On a tenant's HTTPRoute: what the gateway answers while the tenant is suspended. */
  suspended: 'shopmind.ai/suspended',
  /**
   * On a Service with `spec.traffic.canary`: what a person wants of the delivery under way, `<verb>@<revision>`. The revision
   * (`status.canary.canary`, `.stable` or `.refused`) makes it idempotent: for any other it does nothing, and each value acts
   * once (`status.canary.command` holds the last). Append `#` and anything to say the same again.
   * - `promote@<canary>`: skip the remaining steps and gates.
   * - `abort@<canary>`: back to the stable revision now; not tried again until the spec changes or `retry`.
   * - `pause@<canary>`: hold the weight as long as the annotation says so. `resume@<canary>`, or no annotation: go on.
   * - `rollback@<stable>`: back to `status.canary.previous`; the revision left counts as refused.
   * - `retry@<refused>`: try it again from the first step.
   */
  canary: 'shopmind.ai/canary',
  /**
   * On a tenant, or on Service `runtime` of the pool: what is asked of its backups, see `crds/operation.ts`. Each id is done once
   * (`status.operation` holds the last).
   */
  operation: 'shopmind.ai/operation',
  /** On every object the operator applies: what was stated last, as a hash. */
  applied: 'shopmind.ai/applied',
  /** On Deployments and ControllerRevisions: revision of the Pod template they hold. */
  revision: 'shopmind.ai/revision',
} as const;

export const CANARY_VERBS = ['promote', 'abort', 'pause', 'resume', 'rollback', 'retry'] as const;

export const condition = object('One aspect of the state of the object.', {
  type: string('Name of the condition in CamelCase.', { max: 316 }),
  status: oneOf('True, False, or Unknown.', ['True', 'False', 'Unknown']),
  observedGeneration: optional(
    integer('The generation of the object this condition speaks of.', { min: 0, max: 9007199254740991 }),
  ),
  lastTransitionTime: string('When the status last changed.', { max: 40, format: 'date-time' }),
  reason: string('One CamelCase word for machines.', { min: 1, max: 128 }),
  message: string('What is the case, and what to do when something is wrong.', { max: 2048 }),
});

const inventoryItem = object('An object the operator made and will remove again.', {
  apiVersion: string('Group and version of the object.', { max: 253 }),
  kind: string('Kind of the object.', { max: 63 }),
  namespace: optional(string('Namespace; absent for cluster-scoped objects.', { max: 63 })),
  name: string('Name of the object.', { max: 253 }),
});

export const conditions = list(
  'Conditions after the kstatus convention: Ready, Reconciling and Stalled, and one for each phase.',
  condition,
  {
    max: 16,
    mapKeys: ['type'],
  },
);

/**
 * What an object's status says from the moment it is stored until the operator writes its own: an object without conditions looks
 * done to whoever waits for one to be false. The time is no time, as in the Gateway API: no server fills one in.
 */
export const PENDING_STATUS = {
  conditions: [
    {
      type: 'Ready',
      status: 'Unknown',
      reason: 'Pending',
      message:
        'the operator has not looked at it yet; if this stays so, see whether it runs: kubectl get pods -n shopmind-system',
      lastTransitionTime: '1970-01-01T00:00:00Z',
    },
  ],
} as const;

export const observedGeneration = integer('The generation of the spec that this status speaks of.', {
  min: 0,
  max: 9007199254740991,
});

export const inventory = list(
  'Objects made for this one; what is no longer wanted is pruned.',
  inventoryItem,
  {
    max: 512,
  },
);

/** A field of a cron expression: numbers or names, ranges of them, steps, and lists of all these. */
const cronField = (value: string): string => {
  const part = `(\\*|\\?|(${value})(-(${value}))?)(/[1-9][0-9]*)?`;
  return `${part}(,${part})*`;
};

/** Names in letters of any size, in words every dialect of regular expressions has. */
function named(names: string): string {
  return names.replaceAll(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`).replaceAll(' ', '|');
}

/** Minute, hour, day of the month, month, day of the week: what the API server takes in a CronJob (its Sunday is 0, never 7). */
const CRON = `^${[
  '[0-5]?[0-9]',
  '[01]?[0-9]|2[0-3]',
  '0?[1-9]|[12][0-9]|3[01]',
  `0?[1-9]|1[0-2]|${named('jan feb mar apr may jun jul aug sep oct nov dec')}`,
  `[0-6]|${named('sun mon tue wed thu fri sat')}`,
]
  .map(cronField)
  .join(' ')}$`;

/**
 * Two numbers of a range of which the second is the smaller one. One expression of the API server's bounded cost: taking the
 * fields apart in CEL is beyond its budget.
 */
function descending(): string {
  const larger = Array.from({ length: 59 }, (_, index) => index + 1);
  return larger.map((number) => `0?${number}-(${smallerThan(number)})`).join('|');
}

function smallerThan(number: number): string {
  const [tens, units] = [Math.floor(number / 10), number % 10];
  const fewerTens = tens === 0 ? [] : [`[0-${tens - 1}]?[0-9]`];
  const fewerUnits = units === 0 ? [] : [`${tens === 0 ? '0?' : tens}[0-${units - 1}]`];
  return [...fewerTens, ...fewerUnits].join('|');
}

/** Whether it is a schedule as `schedule` takes it, but for the order of its ranges. */
export const isSchedule = (text: string): boolean => new RegExp(CRON).test(text);

/** When something is done again and again. */
export const schedule = (description: string) =>
  string(description, {
    min: 9,
    max: 100,
    pattern: CRON,
    rules: [
      {
        rule: `!self.matches('(^|[ ,])(${descending()})($|[ ,/])')`,
        message:
          'a range of a cron expression begins with the smaller number: write 22-23,0-2 instead of 22-2',
      },
    ],
  });

/** What surrounds the object; both kinds have it. */
export const ENVIRONMENTS = ['production', 'staging', 'development'] as const;
export const environment = (description: string) => defaulted(oneOf(description, ENVIRONMENTS), 'production');

/** Bounds and aims of an autoscaler; both kinds have them. */
export const scaling = (description: string) =>
  object(
    description,
    {
      min: integer('Fewest Pods.', { min: 1, max: 100 }),
      max: integer('Most Pods.', { min: 1, max: 1000 }),
      cpuPercent: defaulted(
        integer('Average CPU, in percent of the request, that the autoscaler aims at.', {
          min: 10,
          max: 100,
        }),
        70,
      ),
      memoryPercent: optional(
        integer('Average memory, in percent of the request, that the autoscaler aims at too.', {
          min: 10,
          max: 100,
        }),
      ),
      requestsPerSecond: optional(
        integer(
          'Requests per second and Pod that the autoscaler aims at too. Needs metrics in the cluster: see by.',
          { min: 1, max: 100_000 },
        ),
      ),
      kafka: optional(
        object('Messages that wait in Kafka, which the autoscaler looks at too. Needs by: KEDA.', {
          topic: string('The topic.', { min: 1, max: 249, pattern: '^[A-Za-z0-9._-]+$' }),
          consumerGroup: string('The group whose lag counts.', {
            min: 1,
            max: 255,
            pattern: '^[A-Za-z0-9._-]+$',
          }),
          lag: integer('Messages a Pod may be behind.', { min: 1, max: 1_000_000_000 }),
        }),
      ),
      by: defaulted(
        oneOf(
          'HPA: a HorizontalPodAutoscaler; requests per second come from the custom metrics API. KEDA: a ScaledObject; they come from Prometheus. Where KEDA is not installed, an HPA does what it can and condition Integrated says so.',
          ['HPA', 'KEDA'],
        ),
        'HPA',
      ),
    },
    [
      {
        rule: "!has(self.kafka) || self.by == 'KEDA'",
        message: 'a HorizontalPodAutoscaler cannot read Kafka: set by: KEDA',
        fieldPath: '.by',
      },
      {
        rule: 'self.min <= self.max',
        message: 'min must not be greater than max: lower min or raise max',
        fieldPath: '.min',
      },
    ],
  );

export type Environment = (typeof ENVIRONMENTS)[number];
export type Condition = Infer<typeof condition>;
export type InventoryItem = Infer<typeof inventoryItem>;

/** The part of ObjectMeta the operator reads. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
