/**
 * All tenants in one table, what needs a person first. Pure.
 */
import type { ServiceObject, TenantObject } from '../../controllers/kinds.ts';
import type { Pod } from '../../kube/resources.ts';
import { hosts } from '../tenant/observe.ts';
import { byUrgency, HEALTH_OF, stateOf, STATES, type TenantState } from '../tenant/state.ts';
import { mark, paintOf } from '../terminal/marks.ts';
import type { Style } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';
import { age } from '../terminal/time.ts';

export interface TenantRow {
  readonly name: string;
  readonly state: TenantState;
  readonly paused: boolean;
  readonly plan: string;
  readonly placement: string;
  /** Pods that are ready, of those there shall be; absent when Services may not be read. */
  readonly pods: { readonly ready: number; readonly wanted: number } | undefined;
  readonly url: string;
  readonly created: string | undefined;
  readonly message: string;
}

export interface StatusList {
  /** How many tenants are in each state; states without any are left out. */
  readonly counts: Readonly<Partial<Record<TenantState, number>>>;
  /** Parts of the platform without which no tenant works. */
  readonly platform: readonly { readonly name: string; readonly ready: number; readonly pods: number }[];
  readonly tenants: readonly TenantRow[];
  readonly gaps: readonly string[];
}

/** Parts that every tenant needs, in the order of a request and of a reconcile. */
const PLATFORM = ['operator', 'gateway', 'runtime', 'storefront', 'postgres', 'processor'];

export function statusList(
  tenants: readonly TenantObject[],
  services: readonly ServiceObject[] | undefined,
  systemPods: readonly Pod[] | undefined,
  gaps: readonly string[],
): StatusList {
  const pool = (services ?? []).filter(({ spec }) => spec.tenant === undefined);
  const own = Map.groupBy(services ?? [], ({ spec }) => spec.tenant);
  const judged = tenants.map((tenant) => [tenant, stateOf(tenant)] as const).toSorted(byUrgency);
  const rows = judged.map(([tenant, { state, paused, message }]): TenantRow => {
    const { name, creationTimestamp } = tenant.metadata;
    const mine = [...(own.get(name) ?? []), ...pool].filter((service) => hosts(service, tenant));
    return {
      name,
      state,
      paused,
      plan: tenant.spec.plan,
      placement: tenant.spec.placement,
      pods:
        services === undefined
          ? undefined
          : {
              ready: sum(mine.map(({ status }) => status?.readyReplicas ?? 0)),
              wanted: sum(
                mine.map(({ spec, status }) => (spec.replicas === 0 ? 0 : (status?.replicas ?? 1))),
              ),
            },
      url: tenant.status?.endpoints?.storefront ?? '',
      created: creationTimestamp,
      message,
    };
  });
  const counts = Object.groupBy(rows, ({ state }) => state);
  return {
    counts: Object.fromEntries(
      STATES.flatMap((state) => (counts[state] === undefined ? [] : [[state, counts[state].length]])),
    ),
    platform: PLATFORM.flatMap((name) => platformPart(name, systemPods ?? [])),
    tenants: rows,
    gaps,
  };
}

function platformPart(name: string, pods: readonly Pod[]): StatusList['platform'] {
  const mine = pods.filter(({ metadata }) => (metadata.labels?.['app.kubernetes.io/name'] ?? '') === name);
  if (mine.length === 0 && name !== 'operator' && name !== 'gateway') return [];
  const ready = mine.filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  ).length;
  return pods.length === 0 ? [] : [{ name, ready, pods: mine.length }];
}

export function renderList(list: StatusList, style: Style, now: number): string {
  const { tenants, platform, gaps } = list;
  const down = platform.filter(({ ready }) => ready === 0);
  const lines = [
    ...down.map(({ name, pods }) =>
      style.red(`✗ ${name}: none of ${pods} Pods is ready; see: kubectl get pods -n shopmind-system`),
    ),
    ...gaps.map((gap) => style.yellow(`? ${gap}`)),
  ];
  const head = ['', 'TENANT', 'STATE', 'PLAN', 'PLACEMENT', 'PODS', 'URL', 'AGE', 'MESSAGE'].map(style.bold);
  const rows = tenants.map((row) => [
    mark(style, HEALTH_OF[row.state]),
    row.name,
    paintOf(style, HEALTH_OF[row.state])(row.paused ? `${row.state}, paused` : row.state),
    row.plan,
    row.placement,
    row.pods === undefined ? '?' : `${row.pods.ready}/${row.pods.wanted}`,
    row.url,
    age(row.created, now),
    // Of a healthy tenant the address says it all.
    row.state === 'Ready' ? '' : row.message,
  ]);
  return [
    ...lines,
    ...(lines.length === 0 ? [] : ['']),
    ...(rows.length === 0 ? ['no tenants'] : [table([head, ...rows])]),
    '',
    summary(list),
    ...common(tenants),
  ].join('\n');
}

function summary({ tenants, counts }: StatusList): string {
  const parts = Object.entries(counts).map(([state, count]) => `${count} ${state}`);
  return `${tenants.length} ${tenants.length === 1 ? 'tenant' : 'tenants'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** One trouble of many tenants is one trouble: said once, with how many have it. */
function common(rows: readonly TenantRow[]): readonly string[] {
  const troubled = rows.filter(({ state }) => state !== 'Ready' && state !== 'Suspended');
  return [...Map.groupBy(troubled, ({ message }) => message)]
    .filter(([, group]) => group.length > 2)
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([message, group]) => `${group.length} of them: ${message}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
