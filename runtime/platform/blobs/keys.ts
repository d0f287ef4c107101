/** The check every blobs adapter makes before a bucket or a key becomes part of a path or an address. */
import { ShopError } from '../errors.ts';
import type { TenantId } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';

const KEY = /^[a-z0-9][a-z0-9._/-]{0,500}$/;
const BUCKET = /^[a-z0-9][a-z0-9-]*$/;

/** `<tenant>/<bucket>/<key>`. Throws ShopError `invalid_input` for what could lead elsewhere. */
export function objectPath(tenant: TenantId, bucket: string, key: string): string {
  if (!KEY.test(key) || !BUCKET.test(bucket) || key.split('/').some((part) => /^\.*$/.test(part)))
    throw new ShopError('invalid_input', `“${key.slice(0, 80)}” is not a key for an object.`, {
      remedy: 'Keys hold a-z, 0-9, dots, dashes, underscores and slashes, and begin with a letter or digit.',
    });
  return `${checkedTenantId(tenant)}/${bucket}/${key}`;
}

/** Throws ShopError `invalid_input`: the object ends before the range begins. */
export function refuseRange(first: number, size: number): never {
  throw new ShopError('invalid_input', `The object has ${size} bytes and none at ${first}.`, {
    remedy: 'Ask for a range that begins within the object.',
  });
}
