/**
 * The look at the data plane, loaded when it is taken: the provisioners behind it are dear to load, and most commands do without.
 */
import type { TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import type { DataPlaneView } from './look.ts';

export async function lookLater(client: Client, tenant: TenantObject): Promise<DataPlaneView> {
  const { lookAtDataPlane } = await import('./look.ts');
  return lookAtDataPlane(client, tenant);
}
