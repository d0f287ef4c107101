/**
 * Prints the permissions that the installation grants and those each command of the plugin needs, from the values both are made of.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { GATEWAY_GRANTS, OPERATOR_GRANTS } from '../../resources/permissions.ts';
import type { Grant } from '../../resources/permissions.ts';
import type { Call, Need } from '../command.ts';
import { COMMANDS, loadAll, loadOne } from '../commands.ts';
import { EXIT, Failure } from '../failure.ts';
import { encoded, formatOf, show } from '../output.ts';
import { table } from '../terminal/table.ts';

/** What one party may do with one resource. */
export interface Row {
  /** `operator`, `gateway`, or `shopmind <command>`. */
  readonly who: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** A namespace, `(tenant's)`, or `*`. */
  readonly namespace: string;
  readonly reason: string;
}

/** @throws Failure for an unknown command, and for roles of everybody */
export async function rbac({ cli, flags }: Call): Promise<void> {
  const name = flags.text('command');
  const format = formatOf(flags.text('output'));
  if (format === 'yaml') {
    if (name === undefined) {
      throw new Failure('-o yaml prints the roles for one command', {
        exitCode: EXIT.usage,
        remedy: `Say which: ${cli.self} rbac --command status -o yaml. Those of operator and gateway: ${cli.self} install`,
      });
    }
    const documents = rolesFor(name, await needsOf(name));
    cli.print((await Promise.all(documents.map((one) => encoded('yaml', one)))).join('---\n'));
    return;
  }
  const rows = name === undefined ? await everybody() : rowsOfNeeds(name, await needsOf(name));
  await show(cli, format, rows, () => tableOf(rows));
}

async function needsOf(name: string): Promise<readonly Need[]> {
  const command = await loadOne(name);
  if (command !== undefined) return command.needs;
  throw new Failure(`there is no command "${name}"`, {
    exitCode: EXIT.usage,
    remedy: `Use one of ${Object.keys(COMMANDS).toSorted().join(', ')}.`,
  });
}

async function everybody(): Promise<readonly Row[]> {
  const commands = await loadAll();
  return [
    ...rowsOfGrants('operator', OPERATOR_GRANTS),
    ...rowsOfGrants('gateway', GATEWAY_GRANTS),
    ...commands.flatMap(({ name, needs }) => rowsOfNeeds(name, needs)),
  ];
}

function rowsOfGrants(who: string, grants: readonly Grant[]): readonly Row[] {
  return grants.flatMap(({ group, resources, verbs, names, namespace = '*', reason }) =>
    resources.map((resource) => ({
      who,
      resource: [qualified(group, resource), ...(names ?? [])].join(' '),
      verbs,
      namespace,
      reason,
    })),
  );
}

function rowsOfNeeds(command: string, needs: readonly Need[]): readonly Row[] {
  const places = { cluster: '*', system: SYSTEM_NAMESPACE, tenant: "(tenant's)" } as const;
  return needs.flatMap(({ group, resources, verbs, where, why, optional }) =>
    resources.map((resource) => ({
      who: `shopmind ${command}`,
      resource: qualified(group, resource),
      verbs,
      namespace: places[where],
      reason: optional === true ? `${why} (works without)` : why,
    })),
  );
}

/** `services/status` of a group as kubectl names it: `services.shopmind.ai/status`. */
function qualified(group: string, resource: string): string {
  const [plural = '', sub] = resource.split('/');
  return `${plural}${group === '' ? '' : `.${group}`}${sub === undefined ? '' : `/${sub}`}`;
}

function tableOf(rows: readonly Row[]): string {
  return table([
    ['WHO', 'RESOURCE', 'VERBS', 'NAMESPACE', 'REASON'],
    ...rows.map(({ who, resource, verbs, namespace, reason }) => [
      who,
      resource,
      verbs.join(','),
      namespace,
      reason,
    ]),
  ]);
}

/**
 * A ClusterRole for what is cluster-wide, a Role in the system namespace, and a ClusterRole to be bound by a RoleBinding in the
 * namespaces of the tenants somebody may see (shopmind-system for pooled ones).
 */
function rolesFor(command: string, needs: readonly Need[]): readonly object[] {
  const shapes = {
    cluster: { kind: 'ClusterRole', metadata: { name: `shopmind-${command}` } },
    system: { kind: 'Role', metadata: { name: `shopmind-${command}`, namespace: SYSTEM_NAMESPACE } },
    tenant: { kind: 'ClusterRole', metadata: { name: `shopmind-${command}-tenant` } },
  } as const;
  return (['cluster', 'system', 'tenant'] as const).flatMap((where) => {
    const rules = needs
      .filter((need) => need.where === where)
      .map(({ group, resources, verbs }) => ({ apiGroups: [group], resources, verbs }));
    return rules.length === 0
      ? []
      : [{ apiVersion: 'rbac.authorization.k8s.io/v1', ...shapes[where], rules }];
  });
}
