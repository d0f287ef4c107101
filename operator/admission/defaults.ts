/**
 * Fills in what the schema cannot, because it depends on the platform: the host of a tenant that names none.
 * What a person wrote is never changed.
 */
import { AdmissionRequest, allowed } from './request.ts';
import type { AdmissionAnswer } from './request.ts';

/**
 * @param baseDomain of the platform; absent: nothing is filled in, and the schema refuses a tenant without hosts
 * @throws ZodError when the body is no AdmissionReview
 */
export function defaultTenant(body: unknown, baseDomain: string | undefined): AdmissionAnswer {
  const { uid, object } = AdmissionRequest.parse(body).request;
  const { metadata, spec } = object ?? {};
  if (baseDomain === undefined || metadata?.name === undefined || spec === undefined || 'hosts' in spec)
    return allowed(uid);
  const patch = [{ op: 'add', path: '/spec/hosts', value: [`${metadata.name}.${baseDomain}`] }];
  return allowed(uid, {
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
  });
}
