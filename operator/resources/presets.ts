/**
 * What plan and environment mean where the tenant's spec says nothing, and how a tenant's domains are laid out in Services.
 * Pure; the only place that knows the figures.
 */
import { createHash } from 'node:crypto';
import { DOMAINS, overrideOf, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type {
  Canary,
  Environment,
  Placement,
  Plan,
  ServiceSpec,
  ShopMindTenant,
  TenantSpec,
} from '../../crds/index.ts';

type Scaling = NonNullable<ServiceSpec['scaling']>;

/** What one Pod is given. */
export interface PodSize {
  readonly cpuMillis: number;
  readonly memoryMi: number;
}

/** What a plan buys: the size of one Pod, and how many requests a second it is taken to answer. */
const PLANS: Readonly<Record<Plan, PodSize & { readonly requestsPerSecond: number }>> = {
  // The runtime needs half of it; the process that paints a large picture the other.
  starter: { cpuMillis: 100, memoryMi: 384, requestsPerSecond: 50 },
  growth: { cpuMillis: 250, memoryMi: 512, requestsPerSecond: 120 },
  enterprise: { cpuMillis: 500, memoryMi: 1024, requestsPerSecond: 250 },
};

export function podSizeOf(plan: Plan): PodSize {
  return PLANS[plan];
}

/** Fewest and most Pods of a Service. Two in production: a node that is drained must not close the shop. */
const PODS: Readonly<Record<Environment, Readonly<Record<Plan, readonly [min: number, max: number]>>>> = {
  production: { starter: [2, 4], growth: [2, 8], enterprise: [3, 20] },
  staging: { starter: [1, 2], growth: [1, 4], enterprise: [2, 6] },
  development: { starter: [1, 1], growth: [1, 1], enterprise: [1, 1] },
};

/** Autoscaling of a Service where the tenant's spec names none. */
export function scalingOf(environment: Environment, plan: Plan): Scaling {
  const [min, max] = PODS[environment][plan];
  const bounds = { min, max, by: 'HPA' } as const;
  switch (environment) {
    case 'production':
      // Room for what comes between two looks of the autoscaler; memory and requests notice what the processor does not.
      return {
        ...bounds,
        cpuPercent: 60,
        memoryPercent: 85,
        requestsPerSecond: PLANS[plan].requestsPerSecond,
      };
    case 'staging':
    case 'development':
      return { ...bounds, cpuPercent: 70 };
  }
}

/** Name of the Service that hosts every domain without one of its own. */
export const RUNTIME = 'runtime';
export const RUNTIME_PORT = 8080;
export const ADMIN_PORT = 9090;
/** gRPC of a runtime: HTTP/2 with prior knowledge. */
export const GRPC_PORT = 9080;

/** Domains the tenant has, in the platform's order. */
export function enabledDomains(spec: TenantSpec): readonly (typeof DOMAINS)[number][] {
  return DOMAINS.filter((name) => overrideOf(spec, name)?.enabled !== false);
}

/** Where a tenant's rows are, as far as its status knows: not where its spec says while it moves. */
export function homeOf({ spec, status }: Pick<ShopMindTenant, 'spec' | 'status'>): Placement {
  return status?.dataRef?.placement ?? spec.placement;
}

/** Namespace of a tenant's objects. */
export function namespaceOf(name: string, placement: Placement): string {
  return placement === 'dedicated' ? `tenant-${name}` : SYSTEM_NAMESPACE;
}

/** Database schema of a tenant's rows. */
export function schemaOf(name: string, placement: Placement): string {
  return placement === 'dedicated' ? `tenant_${name.replaceAll('-', '_')}` : 'shop';
}

/** Placement whose schema that is. */
export function placementOf(schema: string): Placement {
  return schema === 'shop' ? 'pooled' : 'dedicated';
}

/** What a tenant decides of its Services; the rest of their spec is the schema's defaults. */
export type TenantServiceSpec = Pick<
  ServiceSpec,
  'domains' | 'environment' | 'scaling' | 'resources' | 'backup'
>;

/** The Services of a dedicated tenant by name: `runtime` with most domains, one more for each domain that scales by itself. */
export function servicesOf(tenant: ShopMindTenant): ReadonlyMap<string, TenantServiceSpec> {
  const { spec } = tenant;
  const { environment } = spec;
  const { cpuMillis, memoryMi } = podSizeOf(spec.plan);
  const resources = { cpu: `${cpuMillis}m`, memory: `${memoryMi}Mi` };
  const domains = enabledDomains(spec);
  const alone = domains.filter((name) => overrideOf(spec, name)?.scaling !== undefined);
  const together = domains.filter((name) => !alone.includes(name));
  const result = new Map<string, TenantServiceSpec>();
  if (together.length > 0) {
    const scaling = spec.autoscaling ?? scalingOf(environment, spec.plan);
    result.set(RUNTIME, { domains: together, environment, scaling, resources });
  }
  for (const name of alone) {
    const scaling = overrideOf(spec, name)?.scaling;
    if (scaling !== undefined) result.set(name, { domains: [name], environment, scaling, resources });
  }
  // One of them is enough: they share the schema and the role.
  const [first] = result;
  const backup = backupOf(tenant);
  if (first !== undefined && backup !== undefined) result.set(first[0], { ...first[1], backup });
  return result;
}

const BACKUPS_KEPT: Readonly<Record<Plan, number>> = { starter: 7, growth: 14, enterprise: 30 };

/** Backups of a dedicated tenant; `undefined`: none. */
function backupOf({ metadata: { name }, spec }: ShopMindTenant): ServiceSpec['backup'] {
  const { backup, environment, plan } = spec;
  if (!(backup?.enabled ?? environment === 'production')) return undefined;
  return { schedule: backup?.schedule ?? nightly(name), keep: backup?.keep ?? BACKUPS_KEPT[plan] };
}

/** Some minute between one and five in the morning: always the same for a name, and not the same for all. */
export function nightly(name: string): string {
  const [first = 0, second = 0] = createHash('sha256').update(name).digest();
  return `${first % 60} ${1 + (second % 4)} * * *`;
}

/** Two quick steps, and one request is enough to judge by: staging sees few. */
const STAGING_CANARY: Partial<Canary> = {
  steps: [
    { weight: 25, durationSeconds: 60 },
    { weight: 100, durationSeconds: 60 },
  ],
  intervalSeconds: 10,
  gates: { maxErrorRate: '1%', maxP99Milliseconds: 1000, minRequests: 1, failureLimit: 2 },
};

/**
 * Canary of the tenant's Services; what is absent has the schema's defaults. `undefined`: rolling updates. In production it is
 * asked for by `rollout: {}`: gates need requests, and a small shop may have none for a night.
 */
export function canaryOf({ rollout, environment }: TenantSpec): Partial<Canary> | undefined {
  if (rollout !== undefined) return rollout.strategy === 'canary' ? (rollout.canary ?? {}) : undefined;
  return environment === 'staging' ? STAGING_CANARY : undefined;
}

/** Fewest and most Pods that a Service of a tenant declares. */
export function scalingBounds({ scaling }: Pick<ServiceSpec, 'scaling'>): {
  readonly min: number;
  readonly max: number;
} {
  return scaling ?? { min: 1, max: 1 };
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
