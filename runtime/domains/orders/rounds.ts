/**
 * When the tasks that look after orders were planned last. Each waits once for a tenant and plans itself again while there is work, so that
 * planning it with every order adds nothing but work.
 */
import type { Clock, TenantId } from '../../platform/ports.ts';
import type { OrdersSettings } from './settings.ts';

export interface Rounds {
  /** Whether an order that is placed now has to plan them. */
  areDue(tenant: TenantId): boolean;
  /** After the commit that planned them, @param at when it was asked whether they were due */
  arePlanned(tenant: TenantId, at: Date): void;
}

/**
 * Half the time between two rounds: a task rests only after two that found nothing, of which the second comes a whole one later, and so finds
 * whatever was placed in the half after they were planned.
 */
export function createRounds(clock: Clock, settings: OrdersSettings): Rounds {
  const planned = new Map<TenantId, number>();
  return {
    areDue: (tenant) =>
      clock.now().getTime() - (planned.get(tenant) ?? -Infinity) >= settings.sweepSeconds * 500,
    arePlanned: (tenant, at) => void planned.set(tenant, at.getTime()),
  };
}
