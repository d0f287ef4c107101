/**
 * `shopmind uninstall`: says what goes and what stays, and with `--yes` takes the installation out of the cluster.
 * Data and definitions always stay; while tenants exist it refuses, because nobody would take them apart any more.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { tenants } from '../../controllers/kinds.ts';
import { deleteObject } from '../../kube/delete.ts';
import type { Client } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { resource } from '../../kube/resources.ts';
import type { KubeObject, ResourceType } from '../../kube/types.ts';
import { installManifests } from '../../resources/install.ts';
import { InstallValues } from '../../resources/values.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { plain } from '../install/objects.ts';

/** What is found of an installation, in the order in which it goes. */
interface Findings {
  readonly going: readonly { readonly type: ResourceType; readonly object: KubeObject }[];
  readonly tenants: readonly string[];
}

/** @throws Failure while tenants exist, unless they are to be kept without anybody who looks after them */
export async function uninstall({ cli, flags }: Call): Promise<void> {
  const now = flags.on('yes');
  await withCluster(cli, async (client) => {
    const findings = await look(client);
    cli.print(describe(findings, now));
    refuseWithTenants(findings.tenants, flags.on('keepTenants'));
    if (!now) return;
    for (const { type, object } of findings.going) {
      await deleteObject(client, type, object, { propagation: 'Foreground' });
      cli.print(`deleted ${labelOf(object)}`);
    }
  });
}

async function look(client: Client): Promise<Findings> {
  const [existing, going] = await Promise.all([
    client.listAll(tenants).catch(noneOf),
    Promise.all(goingObjects().map((object) => found(client, object))),
  ]);
  return {
    going: going.flatMap((one) => (one === undefined ? [] : [one])),
    tenants: existing.items.map(({ metadata }) => metadata.name).toSorted(),
  };
}

/**
 * What every choice of values would have made, backwards: admission first, so that nothing waits for an operator that goes,
 * permissions last. The namespace is not among it.
 */
function goingObjects(): readonly KubeObject[] {
  const everything = InstallValues.parse({ serviceMonitor: { enabled: true } });
  const made = plain(installManifests(everything)).filter(({ kind }) => kind !== 'Namespace');
  const isFirst = ({ kind }: KubeObject): boolean => kind.endsWith('WebhookConfiguration');
  const left = ['Secret operator-webhook', 'Lease shopmind-operator'].map(leftover);
  return [...made.filter(isFirst), ...made.filter((object) => !isFirst(object)).toReversed(), ...left];
}

/** Objects the operator made for itself. */
function leftover(text: string): KubeObject {
  const [kind = '', name = ''] = text.split(' ');
  const apiVersion = kind === 'Lease' ? 'coordination.k8s.io/v1' : 'v1';
  return { apiVersion, kind, metadata: { name, namespace: SYSTEM_NAMESPACE } };
}

async function found(client: Client, object: KubeObject): Promise<Findings['going'][number] | undefined> {
  const type = typeOf(object);
  const live = await client.find(type, object.metadata);
  return live === undefined ? undefined : { type, object: live };
}

/** Plurals of our own objects are regular but for one ending. */
function typeOf({ apiVersion, kind, metadata }: KubeObject): ResourceType {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const lower = kind.toLowerCase();
  const plural = /(s|ss)$/.test(lower)
    ? `${lower}es`
    : lower.endsWith('y')
      ? `${lower.slice(0, -1)}ies`
      : `${lower}s`;
  return resource(group, version, plural, kind, metadata.namespace !== undefined);
}

function refuseWithTenants(names: readonly string[], keep: boolean): void {
  if (names.length === 0 || keep) return;
  throw new Failure(
    `${names.length === 1 ? 'a tenant exists' : `${names.length} tenants exist`}: ${some(names)}`,
    {
      exitCode: EXIT.badInput,
      details: [
        'without an operator a tenant that is deleted stays for ever: its finalizer has nobody to answer it',
      ],
      remedy:
        'Delete the tenants first (kubectl delete shopmindtenants --all; their deletionPolicy says what becomes of their data), or keep them as they are with --keep-tenants.',
    },
  );
}

function describe({ going, tenants: names }: Findings, now: boolean): string {
  const lines = [
    now ? 'goes now:' : 'would go (with --yes):',
    ...(going.length === 0
      ? ['  nothing: there is no installation']
      : going.map(({ object }) => `  ${labelOf(object)}`)),
    'stays:',
    `  Namespace ${SYSTEM_NAMESPACE} with ConfigMap and Secret platform, Secret database and the keys of pooled tenants`,
    '  (SECRETS_KEY in Secret platform opens what the database holds encrypted: whoever deletes the namespace loses that)',
    '  the CustomResourceDefinitions, ours and those of the Gateway API: deleting them deletes every object of their kinds',
    '  the database, the blob store, and everything in them',
    `  tenants: ${names.length === 0 ? 'none' : `${some(names)}, with the namespaces of the dedicated ones`}`,
  ];
  return `${lines.join('\n')}\n`;
}

function labelOf({ kind, metadata: { name, namespace } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

function some(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
}

/** A cluster without our definitions has no tenants. */
function noneOf(error: unknown): { readonly items: readonly KubeObject[] } {
  if (isNotFound(error)) return { items: [] };
  throw error;
}
