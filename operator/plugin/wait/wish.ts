/**
 * What `wait` waits for, and how near a tenant is to it. Pure.
 */
import type { TenantObject } from '../../controllers/kinds.ts';
import { findCondition } from '../../kube/conditions.ts';
import { EXIT, Failure } from '../failure.ts';
import { stateOf } from '../tenant/state.ts';

export type Wish =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'condition'; readonly type: string; readonly status: string };

/** `stuck`: it will not come true unless somebody changes something. */
export type Progress = 'fulfilled' | 'waiting' | 'stuck';

/** @param text of `--for`, also as kubectl writes it: `condition=Ready`, `delete` @throws Failure for anything else */
export function parseWish(text: string): Wish {
  if (/^(delete|deleted)$/i.test(text)) return { kind: 'deleted' };
  if (/^suspended$/i.test(text)) return { kind: 'suspended' };
  const match = /^(?:condition=)?([A-Z][A-Za-z]*)(?:=(True|False|Unknown))?$/i.exec(text);
  if (match === null) {
    throw new Failure(`--for ${text} is nothing to wait for`, {
      exitCode: EXIT.usage,
      remedy: 'Give Ready, Suspended, delete, or a condition with its status: CatalogReady=False.',
    });
  }
  const [, type = '', status = 'True'] = match;
  return { kind: 'condition', type, status: capital(status) };
}

/** @param tenant `undefined`: there is none of that name */
export function progressOf(tenant: TenantObject | undefined, wish: Wish): Progress {
  if (wish.kind === 'deleted') return tenant === undefined ? 'fulfilled' : 'waiting';
  if (tenant === undefined) return 'stuck';
  const { state } = stateOf(tenant);
  const seen = (tenant.status?.observedGeneration ?? 0) >= (tenant.metadata.generation ?? 0);
  if (seen && isSo(tenant, wish)) return 'fulfilled';
  if (tenant.metadata.deletionTimestamp !== undefined) return 'stuck';
  // A wish for Stalled itself comes true above.
  return seen &&
    (state === 'Stalled' || (state === 'Suspended' && wish.kind === 'condition' && wish.type === 'Ready'))
    ? 'stuck'
    : 'waiting';
}

function isSo(tenant: TenantObject, wish: Exclude<Wish, { kind: 'deleted' }>): boolean {
  if (wish.kind === 'suspended') return stateOf(tenant).state === 'Suspended';
  const conditions = tenant.status?.conditions ?? [];
  const type =
    conditions.find((one) => one.type.toLowerCase() === wish.type.toLowerCase())?.type ?? wish.type;
  return findCondition(conditions, type)?.status === wish.status;
}

/** In words, for messages. */
export function wishText(wish: Wish): string {
  if (wish.kind === 'deleted') return 'gone';
  if (wish.kind === 'suspended') return 'Suspended';
  return wish.status === 'True' ? wish.type : `${wish.type}=${wish.status}`;
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1).toLowerCase()}`;
}
