/**
 * What the operator would see of the cluster beside Kubernetes: the kinds it serves, the mesh the platform is in.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { namespaces, OPTIONAL } from '../../controllers/kinds.ts';
import type { Outlook } from '../../controllers/surroundings.ts';
import type { Client } from '../../kube/client.ts';
import { isServed } from '../../kube/optional.ts';
import { customResourceDefinitions } from '../../kube/resources.ts';
import { resourceName } from '../../kube/types.ts';

/** Asks for each definition by its name: all of them together may be megabytes. */
export async function outlookOf(client: Client): Promise<Outlook> {
  const [namespace, ...definitions] = await Promise.all([
    client.find(namespaces, { name: SYSTEM_NAMESPACE }),
    ...OPTIONAL.map((type) => client.find(customResourceDefinitions, { name: resourceName(type) })),
  ]);
  const served = OPTIONAL.filter((type, index) => isServed(type, definitions[index]));
  return {
    presenceOf: (type) => (served.includes(type) ? 'served' : 'absent'),
    systemLabels: namespace?.metadata.labels,
  };
}
