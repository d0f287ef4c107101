/** Forms of what processes are told by their environment: the runtime's, and those of recovery. What is said of a value never repeats it. */
import { z } from 'zod';

export const PostgresUrl = z.string().regex(/^postgres(?:ql)?:\/\//, 'must be a postgres:// URL');

/** Of a store of objects: folders of this machine, or S3. */
export const StoreUrl = z.string().regex(/^(?:file|s3):\/\//, 'must be a file:// or s3:// URL');

/** A key that seals. */
export const Base64Of32 = z
  .string()
  .refine((text) => Buffer.from(text, 'base64').length === 32, 'must be 32 bytes in base64');
