/**
 * The AdmissionReview both ways, as far as our webhooks look at it.
 */
import { z } from 'zod';

const Shape = z
  .looseObject({
    apiVersion: z.string().optional(),
    kind: z.string().optional(),
    metadata: z.looseObject({ name: z.string().optional() }).optional(),
    spec: z.looseObject({}).optional(),
  })
  .nullish();

/** A review of the version we declare; what the object holds is checked by the API server, before or after. */
export const AdmissionRequest = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    object: Shape,
    oldObject: Shape,
  }),
});

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  readonly patchType?: 'JSONPatch';
  /** Base64. */
  readonly patch?: string;
}

export interface AdmissionAnswer {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: Response;
}

export function allowed(
  uid: string,
  more: Pick<Response, 'warnings' | 'patch' | 'patchType'> = {},
): AdmissionAnswer {
  return answer({ uid, allowed: true, ...more });
}

export function refused(uid: string, message: string, warnings: readonly string[] = []): AdmissionAnswer {
  return answer({
    uid,
    allowed: false,
    ...(warnings.length === 0 ? {} : { warnings }),
    status: { code: 422, reason: 'Invalid', message },
  });
}

function answer(response: Response): AdmissionAnswer {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}
