/**
 * Reads and makes Secrets whose values are generated once and then kept for ever.
 */
import { randomBytes } from 'node:crypto';
import type { ReconcileContext } from '../kube/controller.ts';
import type { Secret } from '../kube/resources.ts';
import { keyOf } from '../kube/types.ts';
import { secrets } from './kinds.ts';
import { variableOf } from '../../runtime/platform/backends/index.ts';
import type { Port } from '../../runtime/platform/backends/index.ts';
import type { World } from './world.ts';

/** The decoded values of a Secret of ours; `undefined` when the cache has none. */
export function valuesOf(
  world: World,
  ref: { readonly namespace: string; readonly name: string },
): Readonly<Record<string, string>> | undefined {
  return decoded(world.cacheOf(secrets).get(keyOf(ref)));
}

export function decoded(
  secret: Pick<Secret, 'data'> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (secret === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]),
  );
}

/** By port, with the login of the scope. */
export type Addresses = Readonly<Partial<Record<Port, string>>>;

/** As keys of the runtime's Secret. */
export function variablesOf(addresses: Addresses): Readonly<Record<string, string>> {
  return Object.fromEntries(
    // The keys of addresses are ports.
    (Object.entries(addresses) as [Port, string][]).map(([port, address]) => [variableOf(port), address]),
  );
}

/** 192 bits that need no quoting in a URL, a header or SQL. */
export function generate(prefix = ''): string {
  return `${prefix}${randomBytes(24).toString('base64url')}`;
}

/**
 * As `valuesOf`, but asks the server itself before it says that there are none: what is generated in place of a Secret
 * that the cache has not seen yet would replace a key that was handed out already.
 */
export async function valuesForSure(
  world: World,
  { client, signal }: Pick<ReconcileContext, 'client' | 'signal'>,
  ref: { readonly namespace: string; readonly name: string },
): Promise<Readonly<Record<string, string>> | undefined> {
  return valuesOf(world, ref) ?? decoded(await client.find(secrets, ref, { signal }));
}
