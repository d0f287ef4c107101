/**
 * `shopmind scale TENANT [SERVICE]`: a fixed number of Pods, or the bounds of the autoscaler, written where they last.
 */
import { shopServices, type ServiceObject, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { RUNTIME } from '../../resources/presets.ts';
import type { Call, Flags } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import { affected, servicesOf } from './services.ts';
import { FIELD_MANAGER, merge, patchTenant } from './write.ts';

export type Wanted =
  | { readonly kind: 'replicas'; readonly replicas: number }
  | { readonly kind: 'bounds'; readonly min: number | undefined; readonly max: number | undefined };

export async function scale({ cli, args: [name = '', named], flags }: Call): Promise<void> {
  const wanted = parseWanted(flags);
  await withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const services = await servicesOf(client, tenant, named);
    const [service] = services;
    if (service === undefined || services.length > 1) {
      throw new Failure(`"${name}" has more than one Service`, {
        exitCode: EXIT.usage,
        remedy: `Name one: ${services.map(({ metadata }) => metadata.name).join(', ')}`,
      });
    }
    const at = `${service.metadata.namespace}/${service.metadata.name}`;
    const problem = refusal(service, wanted);
    if (problem !== undefined) throw problem;
    const who = await affected(client, tenant, services);
    if (who !== name || (wanted.kind === 'replicas' && wanted.replicas === 0))
      await confirm(cli, `Service ${at} serves ${who}${stops(wanted)}.`, flags.on('yes'));
    cli.print(await write(client, tenant, service, wanted));
    cli.note(cli.notes.dim(`→ ${cli.self} status ${name} -w`));
  });
}

function stops(wanted: Wanted): string {
  return wanted.kind === 'replicas' && wanted.replicas === 0 ? '; without a Pod no request is answered' : '';
}

/** @throws Failure naming the flag */
function parseWanted(flags: Flags): Wanted {
  const [replicas, min, max] = ['replicas', 'min', 'max'].map((flag) => count(flags.text(flag), flag));
  if (replicas !== undefined && min === undefined && max === undefined) return { kind: 'replicas', replicas };
  if (replicas === undefined && (min !== undefined || max !== undefined)) return { kind: 'bounds', min, max };
  throw new Failure('scale needs either --replicas, or --min and --max', {
    exitCode: EXIT.usage,
    remedy: 'A number fixes it; bounds let the autoscaler choose.',
  });
}

function count(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new Failure(`--${flag} ${text} is no number of Pods`, {
    exitCode: EXIT.usage,
    remedy: 'Give 0 to 1000.',
  });
}

/** A number that would be overruled is no number. */
export function refusal({ spec, metadata }: ServiceObject, wanted: Wanted): Failure | undefined {
  if (wanted.kind === 'bounds' || wanted.replicas === 0 || spec.scaling === undefined) return undefined;
  const { min, max } = spec.scaling;
  if (min === max)
    return wanted.replicas >= min
      ? undefined
      : new Failure(`Service ${metadata.name} never has fewer than ${min} Pods`, {
          exitCode: EXIT.badInput,
          remedy: `Lower the bounds too: --min ${wanted.replicas} --max ${wanted.replicas}`,
        });
  return new Failure(
    `the autoscaler decides how many Pods Service ${metadata.name} runs, between ${min} and ${max}`,
    {
      exitCode: EXIT.badInput,
      remedy: `Give bounds: --min ${wanted.replicas} --max ${Math.max(wanted.replicas, 1)}`,
    },
  );
}

async function write(
  client: Client,
  tenant: TenantObject,
  service: ServiceObject,
  wanted: Wanted,
): Promise<string> {
  const { metadata, spec } = service;
  const at = `Service ${metadata.namespace}/${metadata.name}`;
  if (wanted.kind === 'replicas') {
    await client.setScale(shopServices, metadata, wanted.replicas, { fieldManager: FIELD_MANAGER });
    return `${at} runs ${wanted.replicas} Pods`;
  }
  const before = spec.scaling ?? { min: 1, max: 1, cpuPercent: 70 };
  const min = wanted.min ?? Math.min(before.min, wanted.max ?? before.min);
  // What the autoscaler looks at stays as it is.
  const scaling = { ...before, min, max: wanted.max ?? Math.max(before.max, min) };
  const text = `${at} runs ${scaling.min} to ${scaling.max} Pods`;
  if (spec.tenant === undefined || spec.image !== undefined) {
    await merge(client, shopServices, metadata, { spec: { scaling } });
    return text;
  }
  // Made from the tenant: what is written into the Service alone would be put back.
  const others = tenant.spec.domains.filter((one) => one.name !== metadata.name);
  const own = tenant.spec.domains.find((one) => one.name === metadata.name);
  await patchTenant(client, tenant, {
    spec:
      metadata.name === RUNTIME
        ? { autoscaling: scaling }
        : { domains: [...others, { ...own, name: metadata.name, scaling }] },
  });
  return text;
}
