/** Which Services do not use the platform's new configuration yet: their Secret, or Pods that were started with it. */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { secretRevision } from '../../controllers/credentials.ts';
import { deployments, secrets, shopServices, type ServiceObject } from '../../controllers/kinds.ts';
import { decoded } from '../../controllers/secrets.ts';
import { SECRET_STAMP } from '../../controllers/service/canary/delivery.ts';
import type { Client } from '../../kube/client.ts';
import type { Deployment, Secret } from '../../kube/resources.ts';
import { DATABASE_SECRET } from '../../resources/environment.ts';
import { judge } from '../health/judge.ts';

/** @returns a reason for each Service that is not there */
export async function notArrived(client: Client, databaseUrl: string): Promise<readonly string[]> {
  const services = (await client.listAll(shopServices)).items.filter(
    ({ spec, metadata }) => spec.domains !== undefined && metadata.deletionTimestamp === undefined,
  );
  const reasons: string[] = [];
  for (const service of services) {
    const why = await whyNot(client, service, databaseUrl);
    if (why !== undefined) reasons.push(`${service.metadata.namespace}/${service.metadata.name}: ${why}`);
  }
  return reasons;
}

async function whyNot(
  client: Client,
  { metadata: { name, namespace = SYSTEM_NAMESPACE } }: ServiceObject,
  databaseUrl: string,
): Promise<string | undefined> {
  const [secret, deployment] = await Promise.all([
    client.find(secrets, { namespace, name: DATABASE_SECRET }),
    client.find(deployments, { namespace, name }),
  ]);
  return stateOf(secret, deployment, databaseUrl);
}

/** Pure. */
export function stateOf(
  secret: Pick<Secret, 'data'> | undefined,
  deployment: Deployment | undefined,
  databaseUrl: string,
): string | undefined {
  const values = decoded(secret);
  if (values?.['DATABASE_URL'] === undefined) return 'it has no Secret yet';
  if (placeOf(values['DATABASE_URL']) !== placeOf(databaseUrl)) return 'its Secret names the former database';
  if (deployment === undefined) return 'it has no Deployment yet';
  const { health, message } = judge(deployment);
  if (health === 'off') return undefined;
  const stamp = deployment.spec?.template.metadata?.annotations?.[SECRET_STAMP];
  if (stamp !== secretRevision(values)) return 'its Pods are not told yet';
  return health === 'ready' ? undefined : (message ?? 'its Pods are replaced');
}

function placeOf(address: string): string {
  const { hostname, port, pathname } = new URL(address);
  return `${hostname}:${port || '5432'}${pathname}`;
}
