/**
 * `shopmind token TENANT`: the admin key, read from its Secret with the caller's own permissions.
 */
import { secrets, tenants } from '../controllers/kinds.ts';
import { adminSecretName } from '../controllers/tenant/desired.ts';
import { namespaceOf } from '../resources/presets.ts';
import { withCluster } from './connection.ts';
import { EXIT, Failure } from './failure.ts';

/** Prints it on stdout, alone, so that `$(npx shopmind token acme)` works. */
export async function printToken(name: string): Promise<void> {
  const token = await withCluster(async (client) => {
    const tenant = await client.find(tenants, { name });
    if (tenant === undefined) {
      throw new Failure(`there is no tenant "${name}"`, {
        exitCode: EXIT.badInput,
        remedy: 'See: kubectl get shopmindtenants',
      });
    }
    const namespace = namespaceOf(name, tenant.spec.placement);
    const secret = await client.find(secrets, { namespace, name: adminSecretName(name) });
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
