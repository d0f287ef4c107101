/**
 * What reconciling a Service would do to the objects it generates, before anything happens. Pure; `shopmind plan` prints it,
 * with the same functions the reconciler applies. A delivery under way is no change: what is compared is where it has got to.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { InventoryItem } from '../../../crds/index.ts';
import { union } from '../../kube/inventory.ts';
import { keyOf } from '../../kube/types.ts';
import { DATABASE_SECRET } from '../../resources/environment.ts';
import { changesTo, itemOf, removals } from '../changes.ts';
import type { PlannedChange } from '../changes.ts';
import { secretRevision } from '../credentials.ts';
import { resourceOf, secrets } from '../kinds.ts';
import type { ServiceObject } from '../kinds.ts';
import type { Look } from '../look.ts';
import { decoded } from '../secrets.ts';
import { foreseen } from './canary/decide.ts';
import { deliveryOf } from './canary/delivery.ts';
import type { Delivered } from './canary/delivery.ts';
import { inputOf, objectsOf } from './desired.ts';
import type { Grounds } from './desired.ts';

export interface ObservedService {
  readonly look: Look;
  readonly now: Date;
}

/** @returns nothing when nothing would happen */
export function planService(
  service: ServiceObject,
  grounds: Grounds,
  { look, now }: ObservedService,
): readonly PlannedChange[] {
  if (!mayRun(service)) return [];
  const input = inputOf(service, grounds);
  const subject = { service, input, secretRevision: secretRevisionOf(service, look), look };
  const delivery = deliveryOf(subject, now);
  const delivered: Delivered =
    'byArgo' in delivery ? delivery.byArgo : delivery.course.to(foreseen(delivery.course.situation));
  const manifests = objectsOf(service, input, delivered);
  const wanted = union(manifests.map(itemOf), delivered.kept);
  const live = (item: InventoryItem): object | undefined => look(resourceOf(item), keyOf(item));
  return [...changesTo(manifests, live), ...removals(service.status?.inventory ?? [], wanted, live)];
}

/** Domains without a tenant are hosted in the platform's own namespace only: elsewhere the operator makes nothing of them. */
function mayRun({ spec, metadata }: ServiceObject): boolean {
  return spec.domains === undefined || spec.tenant !== undefined || metadata.namespace === SYSTEM_NAMESPACE;
}

/** Of the Secret its Pods read, as far as there is one yet. */
function secretRevisionOf(
  { spec, metadata: { namespace = '' } }: ServiceObject,
  look: Look,
): string | undefined {
  if (spec.domains === undefined) return undefined;
  const values = decoded(look(secrets, keyOf({ namespace, name: DATABASE_SECRET })));
  return values === undefined ? undefined : secretRevision(values);
}
