/**
 * Every domain's definition, in the order they were taught to the platform.
 * Data only: importing this loads no handler and no client.
 */
import type { DomainDefinition } from '../platform/definition.ts';
import { accounts } from './accounts/definition.ts';
import { analytics } from './analytics/definition.ts';
import { catalog } from './catalog/definition.ts';
import { chat } from './chat/definition.ts';
import { marketing } from './marketing/definition.ts';
import { media } from './media/definition.ts';
import { notifications } from './notifications/definition.ts';
import { orders } from './orders/definition.ts';
import { payments } from './payments/definition.ts';
import { recommendations } from './recommendations/definition.ts';
import { webhooks } from './webhooks/definition.ts';

export const DOMAINS: readonly DomainDefinition[] = [
  accounts,
  analytics,
  catalog,
  chat,
  marketing,
  media,
  notifications,
  orders,
  payments,
  recommendations,
  webhooks,
];

/** The definition of that name, if there is one. */
export function domainNamed(name: string): DomainDefinition | undefined {
  return DOMAINS.find((domain) => domain.name === name);
}
