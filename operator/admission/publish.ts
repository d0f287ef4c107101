/**
 * Tells API servers whom to trust: the authorities' certificates go into the webhook configurations and into the conversion of
 * our CRDs. The objects themselves come with the installation; here one field of each is written, and only when it differs.
 */
import type { Client } from '../kube/client.ts';
import {
  customResourceDefinitions,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
} from '../kube/resources.ts';
import { GROUP } from '../../crds/index.ts';

/** Name of both webhook configurations. */
const CONFIGURATION = { name: 'shopmind' };
const DEFINITIONS = ['shopmindtenants', 'services'].map((plural) => ({ name: `${plural}.${GROUP}` }));

/**
 * @param bundle PEM
 * @returns what was changed
 * @throws KubeError NotFound when the installation lacks one of the objects
 */
export async function publish(client: Client, bundle: string): Promise<readonly string[]> {
  const caBundle = Buffer.from(bundle).toString('base64');
  const changed: string[] = [];
  for (const type of [mutatingWebhookConfigurations, validatingWebhookConfigurations]) {
    const { webhooks = [] } = await client.get(type, CONFIGURATION);
    if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) continue;
    // The list is merged by name in every version of Kubernetes; an apply would own it whole in older ones.
    const body = { webhooks: webhooks.map(({ name }) => ({ name, clientConfig: { caBundle } })) };
    await client.patch(type, CONFIGURATION, { kind: 'strategic', body });
    changed.push(type.kind);
  }
  for (const ref of DEFINITIONS) {
    const { spec } = await client.get(customResourceDefinitions, ref);
    if (spec.conversion?.webhook?.clientConfig?.caBundle === caBundle) continue;
    const body = { spec: { conversion: { webhook: { clientConfig: { caBundle } } } } };
    await client.patch(customResourceDefinitions, ref, { kind: 'merge', body });
    changed.push(ref.name);
  }
  return changed;
}
