/**
 * The tenant as commands read it: only what they show, so that a newer API version still prints.
 */
import { resource } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';

export interface TenantObject extends KubeObject {
  readonly spec: { readonly plan: string; readonly placement: string; readonly hosts: readonly string[] };
  readonly status?: TenantObjectStatus;
}

export interface TenantObjectStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly message?: string;
  }[];
  readonly endpoints?: { readonly storefront?: string };
}

export const tenants = resource<TenantObject>(
  'shopmind.ai',
  'v1alpha1',
  'shopmindtenants',
  'ShopMindTenant',
  false,
);
export const shopServices = resource('shopmind.ai', 'v1alpha1', 'services', 'Service');

export function conditionOf(
  status: TenantObjectStatus | undefined,
  type: string,
): { status: string; message?: string } | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
