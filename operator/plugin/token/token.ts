/**
 * `shopmind token TENANT`: the admin key, read from its Secret with the caller's own permissions.
 */
import type { TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { secrets } from '../../kube/resources.ts';
import { homeOf, namespaceOf } from '../../resources/presets.ts';
import type { Cli } from '../cli.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { findTenant } from '../tenant/find.ts';

export async function printToken({ cli, args: [name = ''] }: Call): Promise<void> {
  cli.print(
    await withCluster(cli, async (client) => adminKeyOf(client, cli, await findTenant(client, name))),
  );
}

/** @throws Failure while there is none */
export async function adminKeyOf(client: Client, cli: Cli, tenant: TenantObject): Promise<string> {
  const { name } = tenant.metadata;
  const namespace = namespaceOf(name, homeOf(tenant));
  const secret = await client.find(secrets, { namespace, name: `${name}-admin` });
  const value = secret?.data?.['token'];
  if (value === undefined) {
    throw new Failure(`tenant "${name}" has no admin key yet`, {
      exitCode: EXIT.unavailable,
      remedy: `Wait until it is Ready: ${cli.self} wait ${name}`,
    });
  }
  return Buffer.from(value, 'base64').toString('utf8');
}
