/**
 * `shopmind plan -f FILE` and `shopmind diff`: what applying the tenants of a file, or reconciling those there are, would do to
 * objects and data plane. The same pure plan and the same provisioners the operator works with; only their findings are printed.
 */
import { tenants, type TenantObject } from '../../controllers/kinds.ts';
import type { TenantPlan } from '../../controllers/tenant/plan.ts';
import type { Client } from '../../kube/client.ts';
import { namespaceOf } from '../../resources/presets.ts';
import type { Cli } from '../cli.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { formatOf, show } from '../output.ts';
import { previewManifest } from '../start/install.ts';
import { loadManifests } from '../start/manifests.ts';
import { findTenant, listTenants } from '../tenant/find.ts';
import { masked, renderPlan, type PlanWords } from './render.ts';
import { planAll } from './tenants.ts';

/** Prints the plan of every tenant in the file. @returns the exit code */
export async function plan({ cli, flags }: Call): Promise<number> {
  const filename = flags.text('filename') ?? '';
  const manifests = (await loadManifests(filename)).filter(({ object }) => object.kind === tenants.kind);
  if (manifests.length === 0) {
    throw new Failure(`${filename} holds no ShopMindTenant`, {
      exitCode: EXIT.badInput,
      remedy: 'Give a file with a tenant in it.',
    });
  }
  return withCluster(cli, async (client) => {
    const wanted: TenantObject[] = [];
    // The server fills in defaults and says what it would refuse.
    for (const manifest of manifests)
      wanted.push(await previewManifest<TenantObject>(client, tenants, manifest));
    const words = { calm: 'nothing would change', brief: flags.on('brief') };
    return print(cli, await planAll(client, wanted), flags.text('output'), words);
  });
}

/** Prints how the world differs from what is declared. @returns the exit code */
export async function diff({ cli, args: [name], flags }: Call): Promise<number> {
  return withCluster(cli, async (client) => {
    const chosen = name === undefined ? await chosenTenants(cli, client) : [await findTenant(client, name)];
    const alive = chosen.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const words = { calm: 'no drift', brief: flags.on('brief') };
    return print(cli, await planAll(client, alive), flags.text('output'), words);
  });
}

async function chosenTenants(cli: Cli, client: Client): Promise<readonly TenantObject[]> {
  const { namespace } = cli.target;
  return (await listTenants(client)).filter(
    ({ metadata, spec }) =>
      namespace === undefined || namespaceOf(metadata.name, spec.placement) === namespace,
  );
}

async function print(
  cli: Cli,
  plans: ReadonlyMap<string, TenantPlan>,
  output: string | undefined,
  words: PlanWords,
): Promise<number> {
  const isCalm = ({ objects, dataPlane }: TenantPlan): boolean => objects.length + dataPlane.length === 0;
  const data = Object.fromEntries([...plans].map(([name, one]) => [name, safe(one)]));
  await show(cli, formatOf(output), data, () =>
    [...plans].map(([name, one]) => renderPlan(name, one, cli.style, words)).join('\n\n'),
  );
  return [...plans.values()].every(isCalm) ? 0 : EXIT.different;
}

/** The plan without a Secret's values, also for programs. */
function safe({ objects, dataPlane }: TenantPlan): object {
  return {
    objects: objects.map((change) => ({
      ...change,
      ...(change.after === undefined ? {} : { after: masked(change.after) }),
      ...(change.before === undefined ? {} : { before: masked(change.before) }),
    })),
    dataPlane,
  };
}
