/**
 * Answers one ConversionReview: every object in the version that is asked for, or one precise refusal for all.
 */
import { z } from 'zod';
import { convert } from '../../crds/index.ts';
import type { Convertible } from '../../crds/index.ts';

const Review = z.object({
  apiVersion: z.literal('apiextensions.k8s.io/v1'),
  kind: z.literal('ConversionReview'),
  request: z.object({
    uid: z.string().min(1),
    desiredAPIVersion: z.string().min(1),
    objects: z.array(z.looseObject({ apiVersion: z.string(), kind: z.string() })),
  }),
});

export interface ConversionAnswer {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'ConversionReview';
  readonly response: {
    readonly uid: string;
    readonly result: { readonly status: 'Success' | 'Failure'; readonly message?: string };
    readonly convertedObjects?: readonly Convertible[];
  };
}

/** @throws ZodError when the body is no ConversionReview */
export function convertObjects(body: unknown): ConversionAnswer {
  const { uid, desiredAPIVersion, objects } = Review.parse(body).request;
  try {
    const convertedObjects = objects.map((object) => convert(object, desiredAPIVersion));
    return answer({ uid, result: { status: 'Success' }, convertedObjects });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return answer({ uid, result: { status: 'Failure', message: error.message } });
  }
}

function answer(response: ConversionAnswer['response']): ConversionAnswer {
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response };
}
