/**
 * What gateways say of an HTTPRoute.
 */
import type { KubeObject } from '../kube/types.ts';

/** What a gateway says of the route as it is now; `undefined` while it has not looked at this generation. */
export function acceptanceOf(route: KubeObject | undefined): RouteCondition | undefined {
  // The Gateway API's status, which the machinery's base type does not name.
  const status = (
    route as { status?: { parents?: { conditions?: readonly RouteCondition[] }[] } } | undefined
  )?.status;
  return status?.parents
    ?.flatMap(({ conditions }) => conditions ?? [])
    .find(
      ({ type, observedGeneration = 0 }) =>
        type === 'Accepted' && observedGeneration >= (route?.metadata.generation ?? 0),
    );
}

interface RouteCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}
