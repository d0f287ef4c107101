/**
 * The platform's configuration and what differs by region: Secret and ConfigMap `region-<name>` hold the values that Secret and
 * ConfigMap `platform` have while the platform uses that region. Key `REGION` of ConfigMap `platform` says which one that is.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { configMaps, secrets } from '../../controllers/kinds.ts';
import { decoded } from '../../controllers/secrets.ts';
import type { Client } from '../../kube/client.ts';
import { parsePlatform, PlatformConfigError } from '../../resources/platform.ts';
import { merge } from '../change/write.ts';
import { EXIT, Failure } from '../failure.ts';

type Values = Readonly<Record<string, string>>;

export interface Region {
  readonly name: string;
  readonly secret: Values;
  readonly config: Values;
}

/** Key of ConfigMap `platform`. */
export const REGION = 'REGION';
const PLATFORM = { namespace: SYSTEM_NAMESPACE, name: 'platform' };
const NAME = /^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/;

/** The platform as it is configured now. @throws Failure when it names no region */
export async function platformNow(client: Client): Promise<Region> {
  const { secret, config } = await valuesOf(client, PLATFORM.name);
  const name = config?.[REGION];
  if (name === undefined)
    throw new Failure('ConfigMap platform names no REGION, so nobody knows which one it uses', {
      exitCode: EXIT.unavailable,
      remedy: 'Describe the regions as docs/failover.md says, and set REGION to the one in use.',
    });
  return { name, secret: secret ?? {}, config: config ?? {} };
}

/** @throws Failure when nothing says what the region is */
async function regionNamed(client: Client, name: string): Promise<Region> {
  if (!NAME.test(name)) throw new Failure(`"${name}" is no name of a region`, { exitCode: EXIT.usage });
  const { secret, config } = await valuesOf(client, `region-${name}`);
  if (secret?.['DATABASE_ADMIN_URL'] === undefined)
    throw new Failure(`Secret ${SYSTEM_NAMESPACE}/region-${name} with a DATABASE_ADMIN_URL is not there`, {
      exitCode: EXIT.badInput,
      remedy: 'It says what the platform is configured with in that region: docs/failover.md.',
    });
  return { name, secret, config: config ?? {} };
}

/**
 * The two regions of a failover, checked as far as words go.
 * @param isNew nothing was pointed anywhere yet: the platform is configured with what `from` says
 * @throws Failure when one leaves open what the other says, when `from` is not what is in use, or `to` is no configuration
 */
export async function regionsOf(
  client: Client,
  names: { readonly from: string; readonly to: string },
  isNew: boolean,
): Promise<{ readonly from: Region; readonly to: Region }> {
  const [now, from, to] = await Promise.all([
    platformNow(client),
    regionNamed(client, names.from),
    regionNamed(client, names.to),
  ]);
  const problems = [
    ...missing('Secret', from, to, 'secret'),
    ...missing('ConfigMap', from, to, 'config'),
    ...(isNew ? stale(now, from) : []),
    ...unusable(now, to),
  ];
  if (problems.length > 0)
    throw new Failure(`the regions ${from.name} and ${to.name} are not described so that one can take over`, {
      exitCode: EXIT.badInput,
      details: problems,
      remedy: 'Mend Secrets and ConfigMaps region-…: docs/failover.md.',
    });
  return { from, to };
}

/** Points the platform there; the operator does the rest. What it says of itself comes last. */
export async function pointTo(client: Client, region: Region): Promise<void> {
  const encoded = Object.fromEntries(
    Object.entries(region.secret).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  await merge(client, secrets, PLATFORM, { data: encoded });
  await merge(client, configMaps, PLATFORM, { data: { ...region.config, [REGION]: region.name } });
}

/** What one region names and the other does not would stay that of the wrong region. */
function missing(kind: string, from: Region, to: Region, part: 'secret' | 'config'): string[] {
  const lacking = (one: Region, other: Region): string[] =>
    Object.keys(other[part])
      .filter((key) => one[part][key] === undefined)
      .map((key) => `${kind} region-${one.name} lacks ${key}, which region-${other.name} has`);
  return [...lacking(to, from), ...lacking(from, to)];
}

function stale(now: Region, from: Region): string[] {
  const differing = (['secret', 'config'] as const).flatMap((part) =>
    Object.keys(from[part]).filter((key) => from[part][key] !== now[part][key]),
  );
  return differing.map((key) => `${key} of the platform is another than that of region-${from.name}`);
}

function unusable(now: Region, to: Region): string[] {
  try {
    parsePlatform({ ...now.config, ...to.config }, { ...now.secret, ...to.secret });
    return [];
  } catch (error) {
    if (error instanceof PlatformConfigError) return [`with region-${to.name}, ${error.message}`];
    throw error;
  }
}

async function valuesOf(
  client: Client,
  name: string,
): Promise<{ secret: Values | undefined; config: Values | undefined }> {
  const ref = { namespace: SYSTEM_NAMESPACE, name };
  const [secret, config] = await Promise.all([client.find(secrets, ref), client.find(configMaps, ref)]);
  return { secret: decoded(secret), config: config?.data };
}
