/**
 * `shopmind token TENANT`: the admin key, read from its Secret with the caller's own permissions.
 */
import { secrets } from '../kube/resources.ts';
import { withCluster } from './connection.ts';
import { EXIT, Failure } from './failure.ts';
import { tenants, type TenantObject } from './tenant.ts';

/** Prints it on stdout, alone, so that `$(npx shopmind token acme)` works. */
export async function printToken(name: string): Promise<void> {
  const token = await withCluster(async (client) => {
    const tenant = await client.find<TenantObject>(tenants, { name });
    if (tenant === undefined) {
      throw new Failure(`there is no tenant "${name}"`, {
        exitCode: EXIT.badInput,
        remedy: 'See: kubectl get shopmindtenants',
      });
    }
    const namespace = tenant.spec.placement === 'dedicated' ? `tenant-${name}` : 'shopmind-system';
    const secret = await client.find(secrets, { namespace, name: `${name}-admin` });
    const value = secret?.data?.['token'];
    if (value === undefined) {
      throw new Failure(`tenant "${name}" has no admin key yet`, {
        exitCode: EXIT.unavailable,
        remedy: `Wait until it is Ready: kubectl wait --for=condition=Ready shopmindtenant/${name}`,
      });
    }
    return Buffer.from(value, 'base64').toString('utf8');
  });
  process.stdout.write(`${token}\n`);
}
