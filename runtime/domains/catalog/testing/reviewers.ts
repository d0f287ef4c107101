/** Shops whose customers write reviews, by the routes as everybody has them. */
import { randomUUID } from 'node:crypto';
import type { TestAnswer, TestHost } from '../../../host/testing.ts';
import type { Session } from '../../accounts/definition.ts';
import { newCustomer } from '../../accounts/testing/customers.ts';
import type { ReviewSettings } from '../reviews/schemas.ts';
import type { AdminProduct } from '../schemas.ts';

export interface Reviewers {
  /** What is not named stays as it is. */
  settings(tenant: string, wanted: Partial<ReviewSettings>): Promise<void>;
  /** A new one. */
  product(tenant: string, title?: string): Promise<AdminProduct>;
  /** A new customer, signed in. */
  person(tenant: string): Promise<Session>;
  as(
    who: Session | undefined,
    tenant: string,
    method: string,
    path: string,
    json?: object,
  ): Promise<TestAnswer>;
  /** Of a review. */
  words(more?: object): object;
}

/** @param shop asked at each call: it starts after this */
export function reviewersOf(shop: () => TestHost): Reviewers {
  let made = 0;
  return {
    async settings(tenant, wanted) {
      const path = '/api/admin/catalog/review-settings';
      const now = await shop().managed<ReviewSettings>(tenant, 'GET', path);
      await shop().managed(tenant, 'PUT', path, { ...now, ...wanted });
    },
    product: (tenant, title = 'Tent') =>
      shop().managed<AdminProduct>(
        tenant,
        'POST',
        '/api/admin/catalog/products',
        { title: `${title} ${(made += 1)}`, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] },
        201,
      ),
    person: (tenant) => newCustomer(shop(), tenant, `person-${(made += 1)}@example.com`),
    as(who, tenant, method, path, json) {
      const headers = {
        'idempotency-key': randomUUID(),
        ...(who === undefined ? {} : { authorization: `Bearer ${who.token}` }),
      };
      return shop().call(tenant, method, `/api/catalog/reviews${path}`, {
        headers,
        ...(json === undefined ? {} : { json }),
      });
    },
    words: (more = {}) => ({ rating: 4, title: 'Good', body: 'Kept me dry.', name: 'Ada', ...more }),
  };
}
