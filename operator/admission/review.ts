/**
 * Answers one AdmissionReview about a tenant: every mistake is named with its place and its remedy; nothing is stored.
 */
import { API_VERSION, convert, hostMistakes, paletteMistakes } from '../../crds/index.ts';
import type { Convertible, ShopMindTenant } from '../../crds/index.ts';
import { AdmissionRequest, allowed, refused } from './request.ts';
import type { AdmissionAnswer } from './request.ts';

/** What the answer depends on besides the object itself. */
export interface Surroundings {
  /** Name of the tenant that has the host. */
  ownerOf(host: string): string | undefined;
  /** Hosts of the platform itself. */
  platformHosts(): readonly string[];
  /** Domain below which tenants get a host when they name none. */
  baseDomain(): string | undefined;
  /** Whether a Secret exists; `undefined` when that cannot be told. */
  secretExists(namespace: string, name: string): Promise<boolean | undefined>;
}

/** @throws ZodError when the body is no AdmissionReview */
export async function reviewTenant(body: unknown, around: Surroundings): Promise<AdmissionAnswer> {
  const { uid, operation, object, oldObject } = AdmissionRequest.parse(body).request;
  if (operation === 'DELETE' || operation === 'CONNECT') return allowed(uid);
  const [tenant, old] = [tenantOf(object), tenantOf(oldObject)];
  if (tenant === undefined) return refused(uid, 'the review holds no object');
  // What was stored already is not refused again for what it always was: finalizers and annotations must still go on.
  if (old !== undefined && JSON.stringify(old.spec) === JSON.stringify(tenant.spec)) return allowed(uid);
  const mistakes = [
    ...hostMistakes(tenant, (host) => around.ownerOf(host), around.platformHosts()),
    ...paletteMistakes(tenant.spec),
  ];
  const warnings = await warningsOf(tenant, old, around);
  if (mistakes.length > 0)
    return refused(uid, mistakes.map(({ field, message }) => `${field}: ${message}`).join('; '), warnings);
  return allowed(uid, warnings.length === 0 ? {} : { warnings });
}

/** In the version that is worked with; the API server has validated it against the schema of its own before it asks. */
function tenantOf(object: object | null | undefined): ShopMindTenant | undefined {
  if (object === null || object === undefined) return undefined;
  return convert(object as Convertible, API_VERSION) as unknown as ShopMindTenant;
}

async function warningsOf(
  tenant: ShopMindTenant,
  old: ShopMindTenant | undefined,
  around: Surroundings,
): Promise<readonly string[]> {
  const { spec, metadata } = tenant;
  const warnings: string[] = [];
  const at = old?.status?.dataRef?.placement ?? spec.placement;
  if (at !== spec.placement) {
    warnings.push(
      `spec.placement: moves the tenant from ${at} to ${spec.placement}, data and all; the shop takes no changes for the moment of the switch (see status.move)`,
    );
  }
  const namespace = spec.placement === 'dedicated' ? `tenant-${metadata.name}` : 'shopmind-system';
  const { secretRef, paypal } = spec.payments;
  const secrets = { secretRef, 'paypal.secretRef': paypal?.secretRef };
  for (const [field, secret] of Object.entries(secrets)) {
    if (secret === undefined || (await around.secretExists(namespace, secret.name)) !== false) continue;
    warnings.push(
      `spec.payments.${field}: Secret ${namespace}/${secret.name} does not exist yet; payments wait for it`,
    );
  }
  if (spec.deletionPolicy === 'Delete') {
    warnings.push('spec.deletionPolicy: deleting this tenant deletes its data for good');
  }
  return warnings;
}
