/**
 * Answers one AdmissionReview about a tenant: every mistake is named with its place and its remedy; nothing is stored.
 */
import { z } from 'zod';
import { hostMistakes, paletteMistakes } from '../../crds/index.ts';
import type { Mistake, ShopMindTenant } from '../../crds/index.ts';

const Review = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    object: z.unknown(),
    oldObject: z.unknown(),
  }),
});

/** What the answer depends on besides the object itself. */
export interface Surroundings {
  /** Name of the tenant that has the host. */
  ownerOf(host: string): string | undefined;
  /** Hosts of the platform itself. */
  platformHosts(): readonly string[];
  /** Whether a Secret exists; `undefined` when that cannot be told. */
  secretExists(namespace: string, name: string): Promise<boolean | undefined>;
}

export interface ReviewAnswer {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly warnings?: readonly string[];
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  };
}

/** @throws ZodError when the body is no AdmissionReview */
export async function reviewTenant(body: unknown, around: Surroundings): Promise<ReviewAnswer> {
  const { uid, operation, object, oldObject } = Review.parse(body).request;
  if (operation === 'DELETE' || operation === 'CONNECT') return answer(uid, [], []);
  // The API server has validated it against our schema before it asks.
  const tenant = object as ShopMindTenant;
  const old = oldObject as ShopMindTenant | null | undefined;
  // What was stored already is not refused again for what it always was: finalizers and annotations must still go on.
  if (old !== null && old !== undefined && JSON.stringify(old.spec) === JSON.stringify(tenant.spec)) {
    return answer(uid, [], []);
  }
  const mistakes = [
    ...hostMistakes(tenant, (host) => around.ownerOf(host), around.platformHosts()),
    ...paletteMistakes(tenant.spec),
    ...placementMistakes(tenant, old ?? undefined),
  ];
  return answer(uid, mistakes, await warningsOf(tenant, around));
}

/** The schema holds this rule too; here it also covers objects whose status a client sent along. */
function placementMistakes(tenant: ShopMindTenant, old: ShopMindTenant | undefined): readonly Mistake[] {
  if (old?.status?.dataRef === undefined || old.spec.placement === tenant.spec.placement) return [];
  return [
    {
      field: 'spec.placement',
      message: `the tenant's data is ${old.spec.placement}: delete it with deletionPolicy: Snapshot and create it anew as ${tenant.spec.placement}`,
    },
  ];
}

async function warningsOf(tenant: ShopMindTenant, around: Surroundings): Promise<readonly string[]> {
  const { spec, metadata } = tenant;
  const warnings: string[] = [];
  const secret = spec.payments.secretRef?.name;
  const namespace = spec.placement === 'dedicated' ? `tenant-${metadata.name}` : 'shopmind-system';
  if (secret !== undefined && (await around.secretExists(namespace, secret)) === false) {
    warnings.push(
      `spec.payments.secretRef: Secret ${namespace}/${secret} does not exist yet; payments wait for it`,
    );
  }
  if (spec.deletionPolicy === 'Delete') {
    warnings.push('spec.deletionPolicy: deleting this tenant deletes its data for good');
  }
  return warnings;
}

function answer(uid: string, mistakes: readonly Mistake[], warnings: readonly string[]): ReviewAnswer {
  const allowed = mistakes.length === 0;
  const message = mistakes.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(allowed ? {} : { status: { code: 422, reason: 'Invalid', message } }),
    },
  };
}
