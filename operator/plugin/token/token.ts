/**
 * `shopmind token TENANT`: the admin key, read from its Secret with the caller's own permissions.
 */
import { secrets } from '../../kube/resources.ts';
import { homeOf, namespaceOf } from '../../resources/presets.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { findTenant } from '../tenant/find.ts';

export async function printToken({ cli, args: [name = ''] }: Call): Promise<void> {
  const token = await withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
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
  });
  cli.print(token);
}
