/** What the failures of an object store mean to who asked: ShopErrors that say whether to try again or to call somebody. */
import { S3ServiceException } from '@aws-sdk/client-s3';
import { ShopError } from '../errors.ts';

/**
 * @param isOurs false for an error that is not about the store and passes unchanged
 * @throws ShopError `unavailable` or `timeout`
 */
export async function explained<T>(
  work: () => Promise<T>,
  isOurs: (error: unknown) => boolean = () => true,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ShopError || !(cause instanceof Error) || !isOurs(cause)) throw cause;
    if (cause.name === 'TimeoutError' || cause.name === 'AbortError')
      throw new ShopError('timeout', 'The object store did not answer in time.', {
        cause,
        retryAfterSeconds: 1,
      });
    throw new ShopError('unavailable', `The object store failed: ${cause.name}.`, {
      cause,
      ...(isRefusal(cause)
        ? { remedy: 'Check bucket, login and rights in BLOBS_URL: trying again does not help.' }
        : { retryAfterSeconds: 1 }),
    });
  }
}

/** The store understood and said no. */
function isRefusal(error: Error): boolean {
  return error instanceof S3ServiceException && error.$fault === 'client' && error.$retryable === undefined;
}
