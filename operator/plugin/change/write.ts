/**
 * The few ways the plugin writes: merge patches under a field manager of its own, so that `kubectl get --show-managed-fields`
 * tells what a person did by hand.
 */
import type { TenantObject } from '../../controllers/kinds.ts';
import { tenants } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import type { KubeObject, Ref, ResourceType } from '../../kube/types.ts';
import type { Cli } from '../cli.ts';
import { waitFor } from '../wait/wait.ts';
import type { Wish } from '../wait/wish.ts';
import { parseSpan } from '../terminal/time.ts';
import type { Flags } from '../command.ts';

export const FIELD_MANAGER = 'kubectl-shopmind';

export function patchTenant(client: Client, tenant: TenantObject, body: object): Promise<TenantObject> {
  return merge(client, tenants, tenant.metadata, body);
}

/** `null` removes a field. */
export function merge<T extends KubeObject>(
  client: Client,
  type: ResourceType<T>,
  ref: Ref,
  body: object,
): Promise<T> {
  return client.patch(type, ref, { kind: 'merge', body }, { fieldManager: FIELD_MANAGER });
}

/** Says what was done; with `--wait` goes on until it shows, else names the command that does. */
export async function settle(
  cli: Cli,
  client: Client,
  flags: Flags,
  done: string,
  { name, wish, word }: { readonly name: string; readonly wish: Wish; readonly word: string },
): Promise<number> {
  cli.print(done);
  if (!flags.on('wait')) {
    cli.note(cli.notes.dim(`→ ${cli.self} wait ${name} --for ${word}`));
    return 0;
  }
  const timeout = parseSpan(flags.text('timeout') ?? '5m', '--timeout');
  return waitFor(cli, client, { names: [name], wish, timeout });
}
