/**
 * What a plan means where the tenant's spec says nothing, and how a tenant's domains are laid out in Services.
 * Pure; the only place that knows the figures.
 */
import { DOMAINS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { Canary, Placement, Plan, ServiceSpec, ShopMindTenant, TenantSpec } from '../../crds/index.ts';

type Scaling = NonNullable<ServiceSpec['scaling']>;
type Resources = ServiceSpec['resources'];

const PRESETS: Readonly<Record<Plan, { scaling: Scaling; resources: Resources }>> = {
  starter: { scaling: { min: 1, max: 1, cpuPercent: 70 }, resources: { cpu: '100m', memory: '256Mi' } },
  growth: { scaling: { min: 1, max: 4, cpuPercent: 70 }, resources: { cpu: '250m', memory: '512Mi' } },
  enterprise: { scaling: { min: 2, max: 20, cpuPercent: 60 }, resources: { cpu: '500m', memory: '1Gi' } },
};

/** Name of the Service that hosts every domain without one of its own. */
export const RUNTIME = 'runtime';
export const RUNTIME_PORT = 8080;
export const ADMIN_PORT = 9090;

/** Domains the tenant has, in the platform's order. */
export function enabledDomains(spec: TenantSpec): readonly (typeof DOMAINS)[number][] {
  return DOMAINS.filter((name) => spec.domains[name]?.enabled !== false);
}

/** Namespace of a tenant's objects. */
export function namespaceOf(name: string, placement: Placement): string {
  return placement === 'dedicated' ? `tenant-${name}` : SYSTEM_NAMESPACE;
}

/** Database schema of a tenant's rows. */
export function schemaOf(name: string, placement: Placement): string {
  return placement === 'dedicated' ? `tenant_${name.replaceAll('-', '_')}` : 'shop';
}

/** The Services of a dedicated tenant by name: `runtime` with most domains, one more for each domain that scales by itself. */
export function servicesOf(
  tenant: ShopMindTenant,
): ReadonlyMap<string, Pick<ServiceSpec, 'domains' | 'scaling' | 'resources'>> {
  const { spec } = tenant;
  const preset = PRESETS[spec.plan];
  const domains = enabledDomains(spec);
  const alone = domains.filter((name) => spec.domains[name]?.scaling !== undefined);
  const together = domains.filter((name) => !alone.includes(name));
  const result = new Map<string, Pick<ServiceSpec, 'domains' | 'scaling' | 'resources'>>();
  if (together.length > 0) {
    result.set(RUNTIME, {
      domains: together,
      scaling: spec.autoscaling ?? preset.scaling,
      resources: preset.resources,
    });
  }
  for (const name of alone) {
    const scaling = spec.domains[name]?.scaling;
    if (scaling !== undefined) result.set(name, { domains: [name], scaling, resources: preset.resources });
  }
  return result;
}

/** Canary of the tenant's Services; what is absent has the schema's defaults. `undefined`: rolling updates. */
export function canaryOf(spec: TenantSpec): Partial<Canary> | undefined {
  return spec.rollout?.strategy === 'canary' ? (spec.rollout.canary ?? {}) : undefined;
}

/** Which Service of the tenant hosts each of its domains. */
export function hostOf(tenant: ShopMindTenant): ReadonlyMap<string, string> {
  if (tenant.spec.placement === 'pooled')
    return new Map(enabledDomains(tenant.spec).map((domain) => [domain, RUNTIME]));
  const hosts = new Map<string, string>();
  for (const [service, { domains }] of servicesOf(tenant)) {
    for (const domain of domains ?? []) hosts.set(domain, service);
  }
  return hosts;
}
