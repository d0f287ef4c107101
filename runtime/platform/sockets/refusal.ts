/** How a client is told over a WebSocket that something it said was not done: one form for every socket. */
import { z } from 'zod';
import { ShopError } from '../errors.ts';
import { frameOf } from './frames.ts';

export const refused = z.object({
  t: z.literal('refused'),
  /** As the problems of requests have it. */
  code: z.string(),
  detail: z.string(),
  remedy: z.string().optional(),
  /** Seconds after which it makes sense to say it again. */
  retryAfterSeconds: z.number().optional(),
  /** The client's own name of what was refused, if it gave it one. */
  cid: z.string().optional(),
});

/** A frame that says so. Whatever is no ShopError, or an `internal` one, is a bug: its message stays here. */
export function refusalOf(error: unknown, cid?: string): Buffer {
  const known = error instanceof ShopError && error.code !== 'internal' ? error : undefined;
  return frameOf({
    t: 'refused',
    code: known?.code ?? 'internal',
    detail: known?.message ?? 'Something went wrong on our side.',
    ...(known?.remedy === undefined ? {} : { remedy: known.remedy }),
    ...(known?.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: known.retryAfterSeconds }),
    ...(cid === undefined ? {} : { cid }),
  });
}
