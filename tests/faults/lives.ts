/**
 * The lives of a tenant that faults are put into: from its creation over every kind of change to its end.
 */
import { tenants } from '../../operator/controllers/kinds.ts';
import { isNotFound } from '../../operator/kube/errors.ts';
import type { World } from './world.ts';

export interface Step {
  readonly name: string;
  /** What a person does; the operator's answer is waited for elsewhere. */
  act(world: World, tenant: string): Promise<void>;
  /** The operator comes back as another version, with this image of the runtime. */
  readonly image?: string;
  /** What shoppers do, once the step is through. */
  afterwards?(world: World, tenant: string): Promise<void>;
  readonly isEnd?: true;
  /** Every write of it has its turn in another life. */
  readonly isPrelude?: true;
}

export type Life = readonly Step[];

type Spec = Readonly<Record<string, unknown>>;

const put =
  (spec: (tenant: string) => Spec): Step['act'] =>
  async (world, tenant) =>
    void (await world.put(tenant, spec(tenant)));

const remove: Step = {
  name: 'delete',
  isEnd: true,
  act: ({ client }, name) =>
    client.delete(tenants, { name }).then(
      () => undefined,
      (error: unknown) => {
        if (!isNotFound(error)) throw error;
      },
    ),
};

/** Rows of the kind that runtimes write, so that an end has something to delete. */
const trade =
  (schemaOf: (tenant: string) => string): NonNullable<Step['afterwards']> =>
  async ({ database }, tenant) => {
    await database.query(
      `insert into ${schemaOf(tenant)}.consumer_positions (tenant_id, consumer, position)
       select $1, 'consumer-' || n, n from generate_series(1, 3) n`,
      [tenant],
    );
  };

const first = (tenant: string): Spec => ({
  displayName: 'First',
  hosts: [`${tenant}.localhost`],
  catalog: { source: { url: `${tenant}/catalog.csv` } },
  deletionPolicy: 'Delete',
});

const second = (tenant: string): Spec => ({
  ...first(tenant),
  displayName: 'Second',
  plan: 'growth',
  hosts: [`www-${tenant}.localhost`, `${tenant}.localhost`],
  locales: ['de', 'en'],
  currencies: ['CHF', 'EUR'],
  branding: { tagline: 'better', colors: { primary: '#112233' } },
  quotas: { requestsPerMinute: 77 },
});

export const POOLED: Life = [
  { name: 'create', act: put(first), afterwards: trade(() => 'shop') },
  { name: 'upgrade', act: put(second) },
  { name: 'suspend', act: put((tenant) => ({ ...second(tenant), suspended: true })) },
  { name: 'resume', act: put(second) },
  remove,
];

const dedicated = (spec: (tenant: string) => Spec) => (tenant: string) => ({
  ...spec(tenant),
  placement: 'dedicated',
});
const scaled = (tenant: string): Spec => ({
  ...second(tenant),
  placement: 'dedicated',
  autoscaling: { min: 2, max: 5 },
  domains: [{ name: 'orders', scaling: { min: 1, max: 3 } }],
});

export const DEDICATED: Life = [
  {
    name: 'create',
    act: put(dedicated(first)),
    afterwards: trade((tenant) => `tenant_${tenant}`),
  },
  { name: 'upgrade', act: put(dedicated(second)) },
  { name: 'new image', image: 'shopmind/runtime:2', act: async () => undefined },
  { name: 'scale out', act: put(scaled) },
  { name: 'scale in', act: put(dedicated(second)) },
  { name: 'suspend', act: put((tenant) => ({ ...dedicated(second)(tenant), suspended: true })) },
  { name: 'resume', act: put(dedicated(second)) },
  remove,
];

/** There and back: the rows go along, and nothing stays behind. */
export const MOVED: Life = [
  { name: 'create', act: put(first), afterwards: trade(() => 'shop') },
  { name: 'move to a place of its own', act: put(dedicated(first)) },
  { name: 'move back to the pool', act: put((tenant) => ({ ...first(tenant), placement: 'pooled' })) },
  remove,
];

/** The other two ways to end, each after the same beginning. */
export const ending = (placement: 'pooled' | 'dedicated', deletionPolicy: 'Retain' | 'Snapshot'): Life => [
  {
    name: 'create',
    isPrelude: true,
    act: put((tenant) => ({ ...first(tenant), placement, deletionPolicy })),
    afterwards: trade((tenant) => (placement === 'pooled' ? 'shop' : `tenant_${tenant}`)),
  },
  { ...remove, name: `delete with ${deletionPolicy}` },
];
