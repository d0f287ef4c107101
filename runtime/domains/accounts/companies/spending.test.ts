/**
 * The law of spending, for whatever order things happen in and however many at once: what counts against a member's limit never comes to
 * more than the limit, and an approval is good for one purchase.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { TestDatabase } from '../../../../tests/support/database.ts';
import type { TestHost } from '../../../host/testing.ts';
import { ShopError } from '../../../platform/errors.ts';
import { newCompany, newMember } from '../testing/companies.ts';
import type { ReservedSpending } from './spending.ts';
import { SILENT, startAccounts } from '../testing/rooms.ts';

const LIMIT = 1_000;
let database: TestDatabase;
let shop: TestHost;

before(async () => {
  ({ database, shop } = await startAccounts({ one: SILENT }));
});
after(async () => {
  await shop.stop();
  await database.stop();
});

interface Step {
  readonly purchase: number;
  readonly total: number;
  readonly next: 'nothing' | 'order' | 'order, then cancel' | 'cancel told first';
}

const steps = fc.array(
  fc.record<Step>({
    purchase: fc.nat(4),
    total: fc.integer({ min: 1, max: 700 }),
    next: fc.constantFrom('nothing', 'order', 'order, then cancel', 'cancel told first'),
  }),
  { minLength: 2, maxLength: 8 },
);

let members = 0;

test('what counts never comes to more than the limit, whoever asks at the same time and whatever is heard twice or late', async () => {
  const { id: companyId } = await newCompany(shop, 'one', 'Law');
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      members += 1;
      const limits = { currency: 'EUR', perPeriod: LIMIT, period: 'month' } as const;
      const email = `m${members}@law.example`;
      const { customer } = await newMember(shop, 'one', companyId, email, 'buyer', limits);
      const counted = async (): Promise<number> => {
        const { rows } = await database.admin.query<{ sum: string }>(
          `select coalesce(sum(amount), 0) as sum from shop.company_spending where customer_id = $1 and state <> 'released'`,
          [customer.id],
        );
        return Number(rows[0]?.sum);
      };
      await Promise.all(
        all.map(async ({ purchase, total, next }, index) => {
          const reserved = await reserve(companyId, customer.id, `cart_${members}_${purchase}`, total);
          assert.ok((await counted()) <= LIMIT);
          if (reserved === undefined || next === 'nothing') return;
          const note = (orderVersion: number, counts: boolean) =>
            shop.host.platform.call('one', 'accounts', 'noteSpending', {
              spendingId: reserved.spendingId,
              orderId: `ord_${index}`,
              orderVersion,
              counts,
            });
          if (next === 'cancel told first') await note(2, false);
          await note(1, true);
          await note(1, true);
          if (next === 'order, then cancel') await note(2, false);
          assert.ok((await counted()) <= LIMIT);
        }),
      );
      assert.ok((await counted()) <= LIMIT);
    }),
    { numRuns: 25 },
  );
});

test('what is heard of an older version of the order comes too late', async () => {
  const { id: companyId } = await newCompany(shop, 'one', 'Late');
  const limits = { currency: 'EUR', perPeriod: LIMIT, period: 'month' } as const;
  const { customer } = await newMember(shop, 'one', companyId, 'late@law.example', 'buyer', limits);
  const first = await reserve(companyId, customer.id, 'cart_late', LIMIT);
  assert.ok(first);
  for (const [orderVersion, counts] of [
    [3, false],
    [1, true],
  ] as const)
    await shop.host.platform.call('one', 'accounts', 'noteSpending', {
      spendingId: first.spendingId,
      orderId: 'ord_late',
      orderVersion,
      counts,
    });
  assert.ok(await reserve(companyId, customer.id, 'cart_other', LIMIT), 'it was released, and stays so');
});

async function reserve(
  companyId: string,
  customerId: string,
  purchaseId: string,
  total: number,
): Promise<ReservedSpending | undefined> {
  try {
    return await shop.host.platform.call<ReservedSpending>('one', 'accounts', 'reserveSpending', {
      companyId,
      customerId,
      purchaseId,
      digest: 'same',
      total,
      currency: 'EUR',
    });
  } catch (error) {
    if (error instanceof ShopError && error.code === 'forbidden') return undefined;
    throw error;
  }
}
