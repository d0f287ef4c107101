/**
 * Inputs for tests of builders: specs with the schema's defaults, and generators of any spec the API would take.
 */
import fc from 'fast-check';
import { DOMAINS, ENVIRONMENTS, SCHEMAS, withDefaults } from '../../../crds/index.ts';
import type { ServiceSpec, ShopMindTenant, TenantSpec } from '../../../crds/index.ts';
import { BARE } from '../surroundings.ts';
import type { WorkloadInput } from '../workload.ts';

export function tenant(spec: object): ShopMindTenant {
  const whole = withDefaults(specSchema('ShopMindTenant'), {
    displayName: 'Acme',
    hosts: ['acme.localhost'],
    ...spec,
  });
  // The schema's own defaults make it whole.
  return { apiVersion: 'v', kind: 'ShopMindTenant', metadata: { name: 'acme' }, spec: whole as TenantSpec };
}

export function service(spec: object): ServiceSpec {
  // As above.
  return withDefaults(specSchema('Service'), spec) as ServiceSpec;
}

export function workloadInput(spec: object): WorkloadInput {
  return {
    name: 'runtime',
    namespace: 'n',
    spec: service(spec),
    images: { runtime: 'shopmind/runtime', recovery: 'shopmind/recovery', pullPolicy: 'Never' },
    platformEnv: [],
    surroundings: BARE,
    metricSources: {},
    monitorLabels: {},
    drainSeconds: 0,
    blobs: undefined,
  };
}

function specSchema(kind: keyof typeof SCHEMAS) {
  const schema = SCHEMAS[kind].properties?.['spec'];
  if (schema === undefined) throw new Error(`${kind} has no spec`);
  return schema;
}

const scaling = fc
  .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 100 }))
  .map(([min, more]) => ({ min, max: min + more }));

/** Specs of dedicated tenants: every plan and environment, with and without scaling of their own. */
export const dedicated = fc
  .record(
    {
      plan: fc.constantFrom('starter', 'growth', 'enterprise'),
      environment: fc.constantFrom(...ENVIRONMENTS),
      autoscaling: scaling,
      domains: fc.uniqueArray(fc.record({ name: fc.constantFrom(...DOMAINS), scaling }), {
        selector: ({ name }) => name,
      }),
      suspended: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((spec) => tenant({ placement: 'dedicated', ...spec }));
