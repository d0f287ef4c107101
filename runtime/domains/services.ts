/** Where each domain's code is. A process imports only the domains it hosts. */
import type { CreateService } from '../platform/domain.ts';

export const SERVICES: Readonly<Record<string, () => Promise<{ createService: CreateService }>>> = {
  accounts: () => import('./accounts/service.ts'),
  analytics: () => import('./analytics/service.ts'),
  catalog: () => import('./catalog/service.ts'),
  chat: () => import('./chat/service.ts'),
  marketing: () => import('./marketing/service.ts'),
  media: () => import('./media/service.ts'),
  notifications: () => import('./notifications/service.ts'),
  orders: () => import('./orders/service.ts'),
  payments: () => import('./payments/service.ts'),
  recommendations: () => import('./recommendations/service.ts'),
  webhooks: () => import('./webhooks/service.ts'),
};
