/**
 * A merchant changes a paid order: begins an edit, sees what it comes to, makes it or gives it up. Each is one transaction under the
 * order's lock. Making it moves units, lines and sums at once; money comes and goes by surcharges and refunds, which the saga carries.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { NewEvent, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { hashOf, newToken } from '../access.ts';
import { readerOf, type Reader } from '../carts.ts';
import { outOfStock } from '../checkout.ts';
import { areDelivered, stockOf, statusAfterMoving, withWaiting } from '../fulfilment/units.ts';
import { lockVariants, stockChanged, takeMore, takeOut, type StockChange } from '../inventory.ts';
import { findItems } from '../items.ts';
import { mayEdit, owedOf } from '../machine.ts';
import { idOfKey } from '../once.ts';
import { groupsOf, type Looking } from '../prices/looking.ts';
import { askRefund, refundIdOf } from '../refunds.ts';
import { RULES, type Rules } from '../rules.ts';
import {
  changeOrder,
  editedEvent,
  moneyBack,
  moneyIn,
  readOrder,
  withOrder,
  type StoredOrder,
} from '../store.ts';
import { doWithout, insertSurcharge, openSurcharge, type Surcharge } from '../surcharges.ts';
import { settle, type Settlement } from './money.ts';
import type { Outcome } from './outcome.ts';
import { priceEdit, type PricedEdit } from './price.ts';
import type { BeginEdit, ChangeEdit, CommitEdit, PayOwed } from './schemas.ts';
import { insertEdit, listEdits, MOST, readEdit, updateEdit, writeLines, type StoredEdit } from './store.ts';

export interface Edits {
  /** @param key of the request: the same key is the same edit */
  begin(tenant: Tenant, orderId: string, key: string, input: BeginEdit): Promise<StoredEdit>;
  change(tenant: Tenant, orderId: string, editId: string, input: ChangeEdit): Promise<StoredEdit>;
  /** May be asked for twice. */
  withdraw(tenant: Tenant, orderId: string, editId: string): Promise<StoredEdit>;
  /** May be asked for twice: it is made once. */
  commit(tenant: Tenant, orderId: string, editId: string, input: CommitEdit): Promise<StoredOrder>;
  /** What is owed was paid by other means. May be asked for twice. */
  payOwed(tenant: Tenant, orderId: string, input: PayOwed): Promise<StoredOrder>;
  /** What somebody may pay now of an order that owes something; made anew where the processor has ended the one there was. */
  surchargeOf(tenant: Tenant, order: StoredOrder): Promise<Surcharge | undefined>;
  /** What an edit comes to, on the order as it is now. @throws ShopError `invalid_input` where it cannot be made */
  workOut(sql: Reader, tenant: Tenant, order: StoredOrder, edit: StoredEdit): Promise<WorkedOut>;
  /** By the task: the shopper's mail, with the way in. */
  tell(tenant: Tenant, orderId: string, editId: string): Promise<void>;
}

export interface WorkedOut {
  readonly priced: PricedEdit;
  readonly settlement: Settlement;
  readonly outcome: Outcome;
}

const MOST_TOKENS = 8;

/**
 * @param later plans that the saga goes on, in the transaction that gives it something to do
 * @param push has it go on at once
 */
export function createEdits(
  platform: Platform,
  later: (tx: Transaction, orderId: string) => Promise<void>,
  push: (tenant: string, orderId: string) => Promise<StoredOrder>,
): Edits {
  const now = (): Date => platform.clock.now();

  /** At what its customer pays; found out before the order is locked, for others are asked. */
  async function lookingFor(tenant: Tenant, orderId: string): Promise<Looking> {
    const { customerId } = await readOrder(readerOf(platform, tenant.id), tenant.id, orderId);
    return { now: now(), groups: await groupsOf(platform, tenant, customerId) };
  }

  async function workOut(
    sql: Reader,
    tenant: TenantId,
    order: StoredOrder,
    { id, changes }: Pick<StoredEdit, 'id' | 'changes'>,
    looking: Looking,
    paidOutside = false,
  ): Promise<WorkedOut> {
    const fresh = changes.filter(
      ({ variantId }) => !order.lines.some((line) => line.variantId === variantId),
    );
    const { rows } = await sql.query<{ rules: Rules | null }>(`select ${RULES} as rules`, [tenant]);
    const items = await findItems(sql, tenant, order.currency, fresh, looking);
    const priced = priceEdit(order, changes, items, rows[0]?.rules ?? {}, id);
    const settlement = settle(order, priced.total, paidOutside);
    return { priced, settlement, outcome: outcomeOf(order, priced, settlement) };
  }

  /** Takes out what goes and takes what comes: all of it, or the transaction is left. */
  async function moveStock(
    tx: Transaction,
    tenant: TenantId,
    order: StoredOrder,
    { added, removed, lines }: PricedEdit,
  ): Promise<void> {
    await lockVariants(
      tx,
      tenant,
      [...added, ...removed].map(({ variantId }) => variantId),
    );
    const changes: StockChange[] = [];
    if (removed.length > 0)
      changes.push(...(await takeOut(tx, tenant, order.id, withWaiting(order.lines, removed), now())));
    if (added.length > 0) {
      const taken = await takeMore(tx, tenant, order.id, added, now());
      if (taken.lacking.length > 0) throw outOfStock(lines, taken.lacking);
      changes.push(...taken.changes);
    }
    if (changes.length > 0) await tx.emit(...changes.map(stockChanged));
  }

  /** One surcharge is open at a time, over all that is owed. */
  async function askSurcharge(
    tx: Transaction,
    tenant: TenantId,
    { id: orderId, surcharges }: StoredOrder,
    owed: number,
  ): Promise<readonly Surcharge[]> {
    const open = openSurcharge(surcharges);
    if ((open?.amount ?? 0) === owed) return surcharges;
    if (open !== undefined) await doWithout(tx, tenant, orderId, open.id, now());
    const rest = surcharges.map((each) => (each === open ? { ...each, wanted: false } : each));
    if (owed === 0) return rest;
    const asked = { id: platform.newId('pay'), amount: owed };
    return [...rest, await insertSurcharge(tx, tenant, orderId, asked, now())];
  }

  /** Lines, sums and the promise to pay, as one change of the order. */
  async function rewrite(
    tx: Transaction,
    tenant: TenantId,
    order: StoredOrder,
    { priced, settlement }: WorkedOut,
    words: readonly (string | undefined)[],
  ): Promise<StoredOrder> {
    await writeLines(tx, tenant, order.id, priced.lines);
    const surcharges = await askSurcharge(tx, tenant, order, settlement.owed);
    const stock = stockOf(priced.lines);
    const status = statusAfterMoving(order.status, stock, areDelivered(order.fulfilments));
    const sums = sumsOf(order, priced, settlement);
    await writeSums(tx, tenant, order.id, sums);
    return changeOrder(
      tx,
      tenant,
      { ...order, ...sums, surcharges, lines: priced.lines },
      {
        stock,
        total: sums.total,
        lowered: sums.lowered,
        outside: sums.outside,
        settled: false,
        ...(status === undefined ? {} : { status }),
        ...(stock === 'shipped' && order.fulfilledAt === undefined ? { fulfilled_at: now() } : {}),
      },
      {
        actor: 'merchant',
        reason: ['Edited.', ...words].filter(Boolean).join(' '),
        now: now(),
        noted: true,
      },
    );
  }

  function tellLater(tx: Transaction, orderId: string, editId: string): Promise<void> {
    return tx.enqueue({ name: 'orders.tell-edit', payload: { orderId, editId }, key: editId });
  }

  return {
    async workOut(sql, tenant, order, edit) {
      const groups = await groupsOf(platform, tenant, order.customerId);
      return workOut(sql, tenant.id, order, edit, { now: now(), groups });
    },

    async begin(tenant, orderId, key, { lines, reason }) {
      const id = idOfKey('edt', key);
      const looking = await lookingFor(tenant, orderId);
      return withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const known = await listEdits(tx, tenant.id, orderId);
        const same = known.find((each) => each.id === id);
        if (same !== undefined) return same;
        requireEditable(order);
        const open = known.find(({ state }) => state === 'open');
        if (open !== undefined || known.length >= MOST) throw alreadyOpen(open);
        const edit: StoredEdit = {
          id,
          orderId,
          state: 'open',
          version: 1,
          orderVersion: order.version,
          changes: lines,
          reason,
          outcome: undefined,
          createdAt: now(),
          updatedAt: now(),
        };
        await workOut(tx, tenant.id, order, edit, looking);
        await insertEdit(tx, tenant.id, edit);
        return edit;
      });
    },

    async change(tenant, orderId, editId, { version, lines, reason }) {
      const looking = await lookingFor(tenant, orderId);
      return withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const edit = await readEdit(tx, tenant.id, orderId, editId);
        requireOpen(edit, version);
        requireEditable(order);
        await workOut(tx, tenant.id, order, { id: editId, changes: lines }, looking);
        const change = { changes: lines, reason, orderVersion: order.version };
        return updateEdit(tx, tenant.id, edit, change, now());
      });
    },

    withdraw: (tenant, orderId, editId) =>
      withOrder(platform, tenant.id, orderId, async (tx) => {
        const edit = await readEdit(tx, tenant.id, orderId, editId);
        if (edit.state === 'withdrawn') return edit;
        requireOpen(edit);
        return updateEdit(tx, tenant.id, edit, { state: 'withdrawn' }, now());
      }),

    async commit(tenant, orderId, editId, { version, expectedTotal, paid }) {
      const looking = await lookingFor(tenant, orderId);
      await withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const edit = await readEdit(tx, tenant.id, orderId, editId);
        if (edit.state === 'committed') return;
        requireOpen(edit, version);
        requireEditable(order);
        requireSame(order, edit);
        const done = await workOut(tx, tenant.id, order, edit, looking, paid !== undefined);
        requireExpected(done.priced.total, expectedTotal, order.currency);
        await moveStock(tx, tenant.id, order, done.priced);
        const words = [edit.reason, paid === undefined ? undefined : paidBy(paid)];
        const rewritten = await rewrite(tx, tenant.id, order, done, words);
        const made = { state: 'committed', outcome: done.outcome } as const;
        await updateEdit(tx, tenant.id, edit, made, now());
        await tx.emit(editedTo(rewritten, edit, done.outcome));
        const left = moneyIn(rewritten, rewritten.captured) - moneyBack(rewritten);
        if (done.settlement.refund > 0 && left > 0) {
          const wish = { id: refundIdOf(editId), amount: done.settlement.refund, atMost: true };
          await askRefund(tx, tenant.id, rewritten, wish, now());
        }
        await later(tx, orderId);
        await tellLater(tx, orderId, editId);
      });
      return push(tenant.id, orderId);
    },

    async payOwed(tenant, orderId, paid) {
      await withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const owed = owedOf(order);
        if (owed === 0) return;
        refuseWhilePaid(order);
        const surcharges = await askSurcharge(tx, tenant.id, order, 0);
        await changeOrder(
          tx,
          tenant.id,
          { ...order, surcharges },
          { outside: order.outside + owed, settled: false },
          { actor: 'merchant', reason: paidBy(paid), now: now(), noted: true },
        );
        await later(tx, orderId);
      });
      return push(tenant.id, orderId);
    },

    async surchargeOf(tenant, seen) {
      // Most orders that are paid for owe nothing: nothing is locked to say so.
      if (owedOf(seen) === 0) return undefined;
      const orderId = seen.id;
      return withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const owed = owedOf(order);
        if (owed === 0 || isBeingPaid(order)) return undefined;
        return openSurcharge(await askSurcharge(tx, tenant.id, order, owed));
      });
    },

    async tell(tenant, orderId, editId) {
      // Where nobody sends messages, the merchant tells the shopper.
      if (!tenant.domains.includes('notifications')) return;
      const reader = readerOf(platform, tenant.id);
      const { state, outcome, reason } = await readEdit(reader, tenant.id, orderId, editId);
      if (state !== 'committed' || outcome === undefined) return;
      const order = await readOrder(reader, tenant.id, orderId);
      // Its buyer was erased meanwhile.
      if (order.tokenHashes.length === 0) return;
      const token = newToken();
      // Before the mail: a way in that nobody was told of does no harm, one that does not open would. The first
      // stays; of the others the oldest make room.
      await platform.sql.query(
        tenant.id,
        `update orders_orders set token_hashes =
           token_hashes[1:1] || (token_hashes[2:] || $3::text)[greatest(cardinality(token_hashes) + 2 - ${MOST_TOKENS}, 1):]
         where tenant_id = $1 and id = $2`,
        [tenant.id, orderId, hashOf(token)],
      );
      const money = (amount: number) => ({ amount, currency: order.currency });
      await platform.call(tenant.id, 'notifications', 'notify', {
        key: `orders.edit:${editId}`,
        kind: 'orders.edited',
        to: { email: order.email, customerId: order.customerId },
        channels: ['mail'],
        variables: {
          number: order.number,
          link: `${platform.originOf(tenant)}/orders/${orderId}?token=${token}`,
          total: money(outcome.after.total),
          lines: order.lines.map(({ title, quantity, unitPrice }) => ({
            title: title.slice(0, 2_000),
            quantity,
            total: money(quantity * unitPrice),
          })),
          ...(reason === undefined ? {} : { words: reason }),
          ...(outcome.owed > 0 ? { owed: money(outcome.owed) } : {}),
        },
      });
    },
  };
}

function outcomeOf(order: StoredOrder, priced: PricedEdit, { refund, owed }: Settlement): Outcome {
  const { subtotal, discount, tax, total, added, removed } = priced;
  const { shipping } = order;
  return {
    before: {
      subtotal: order.subtotal,
      discount: order.discount,
      shipping,
      tax: order.tax,
      total: order.total,
    },
    after: { subtotal, discount, shipping, tax: tax.amount, total },
    added: [...added],
    removed: [...removed],
    refund,
    owed,
  };
}

type NewSums = Pick<
  StoredOrder,
  | 'subtotal'
  | 'discount'
  | 'discounts'
  | 'tax'
  | 'taxRate'
  | 'taxParts'
  | 'shippingTax'
  | 'total'
  | 'lowered'
  | 'outside'
  | 'due'
>;

function sumsOf(order: StoredOrder, priced: PricedEdit, { lowered, outside }: Settlement): NewSums {
  const { subtotal, discount, discounts, tax, taxRate, total } = priced;
  return {
    subtotal,
    discount,
    discounts,
    tax: tax.amount,
    taxRate,
    taxParts: tax.parts,
    shippingTax: tax.shipping.amount,
    total,
    lowered,
    outside,
    due: total + lowered - order.gift - outside,
  };
}

/** Those of its sums that are no facts of its journal. */
async function writeSums(tx: Transaction, tenant: TenantId, orderId: string, sums: NewSums): Promise<void> {
  await tx.query(
    `update orders_orders set edited = true, subtotal = $3, discount = $4, discounts = $5::jsonb, tax = $6, tax_rate = $7,
       tax_parts = $8::jsonb, shipping_tax = $9
     where tenant_id = $1 and id = $2`,
    [
      tenant,
      orderId,
      sums.subtotal,
      sums.discount,
      JSON.stringify(sums.discounts),
      sums.tax,
      sums.taxRate,
      JSON.stringify(sums.taxParts),
      sums.shippingTax,
    ],
  );
}

function editedTo(order: StoredOrder, { id, reason }: StoredEdit, outcome: Outcome): NewEvent {
  return editedEvent(order, { id, reason, ...outcome });
}

function paidBy({ means, reference }: PayOwed): string {
  return ['Paid by other means:', means.replace('_', ' '), reference].filter(Boolean).join(' ');
}

function isBeingPaid({ surcharges }: StoredOrder): boolean {
  return surcharges.some(({ wanted, payment }) => wanted && payment === 'authorized');
}

/** Money that is on its way is waited for: it takes a moment. */
function refuseWhilePaid(order: StoredOrder): void {
  if (!isBeingPaid(order)) return;
  throw new ShopError('conflict', 'The order is being paid at this moment.', {
    remedy: 'Ask again in a moment.',
  });
}

/** @throws ShopError `illegal_transition` */
function requireEditable(order: StoredOrder): void {
  if (mayEdit(order)) return refuseWhilePaid(order);
  throw new ShopError('illegal_transition', `An order that is ${order.status} cannot be edited.`, {
    remedy: 'Only what is paid and has not left as a whole can be edited.',
  });
}

/** @throws ShopError `illegal_transition`, `conflict` */
function requireOpen({ state, version }: StoredEdit, expected = version): void {
  if (state !== 'open')
    throw new ShopError('illegal_transition', `An edit that is ${state} cannot be changed.`, {
      remedy: 'Begin another one.',
    });
  if (version !== expected)
    throw new ShopError('conflict', `The edit has changed meanwhile: its version is ${version}.`, {
      remedy: 'Read it again.',
    });
}

/** @throws ShopError `conflict`: nobody changes an order that they have not seen */
function requireSame(order: StoredOrder, edit: StoredEdit): void {
  if (order.version === edit.orderVersion) return;
  throw new ShopError('conflict', 'The order has moved on since the edit was worked out.', {
    remedy: 'Put the edit again, look at what it comes to now, and commit that.',
  });
}

function requireExpected(total: number, expected: number | undefined, currency: string): void {
  if (expected === undefined || expected === total) return;
  throw new ShopError('conflict', `The order would come to ${total} ${currency} (minor units).`, {
    remedy: 'Look at the edit again.',
    problems: [{ where: '/expectedTotal', what: `is ${total}` }],
  });
}

function alreadyOpen(open: StoredEdit | undefined): ShopError {
  return open === undefined
    ? new ShopError('conflict', `An order is edited at most ${MOST} times.`, {
        remedy: 'Place another order.',
      })
    : new ShopError('conflict', `Edit ${open.id} of this order is open.`, {
        remedy: 'Commit it or withdraw it first.',
      });
}
