/** The one check every border makes before a tenant's id reaches SQL, a path or a key. */
import { ShopError } from './errors.ts';
import type { TenantId } from './ports.ts';

const TENANT_ID = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

export function isTenantId(text: string): text is TenantId {
  return TENANT_ID.test(text);
}

/** The id itself, or ShopError `invalid_input`. */
export function checkedTenantId(text: string): TenantId {
  if (TENANT_ID.test(text)) return text;
  throw new ShopError('invalid_input', `“${text.slice(0, 60)}” is not a tenant’s id.`, {
    remedy: 'A tenant’s id is a DNS label: lower-case letters, digits and dashes, at most 40 characters.',
  });
}
