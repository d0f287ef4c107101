/**
 * A merchant changes a paid order: begins an edit, sees what it comes to, makes it or gives it up. Each is one transaction under the
 * order's lock. Making it moves units, lines and sums at once; money comes and goes by surcharges and refunds, which the saga carries.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { NewEvent, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Approval } from '../../accounts/schemas.ts';
import { readerOf, type Reader } from '../carts.ts';
import { allowDearer, askApproval, dearer, requireAllowed, tellSpending } from '../companies/purchase.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { quantityOf } from '../fulfilment/units.ts';
import { mayEdit, owedOf } from '../machine.ts';
import { idOfKey } from '../once.ts';
import { groupsOf, type Looking } from '../prices/looking.ts';
import { askRefund, readLedger, refundIdOf } from '../refunds.ts';
import { askSurcharge, lookingFor, readToday, rewriteOrder } from '../rewrite.ts';
import {
  changeOrder,
  editedEvent,
  moneyBack,
  moneyIn,
  readOrder,
  withOrder,
  type OrderLine,
  type StoredOrder,
} from '../store.ts';
import { openSurcharge, type Surcharge } from '../surcharges.ts';
import { tellShopper } from '../telling.ts';
import { refuseUnderWay } from '../exchanges/bound.ts';
import { settle, type Settlement } from './money.ts';
import type { Outcome } from './outcome.ts';
import { isBeingPaid, refuseWhilePaid } from './paying.ts';
import { priceEdit, type PricedEdit } from './price.ts';
import type { BeginEdit, ChangeEdit, CommitEdit, EditLine, PayOwed } from './schemas.ts';
import { insertEdit, listEdits, MOST, readEdit, updateEdit, type StoredEdit } from './store.ts';

export interface Edits {
  /** @param key of the request: the same key is the same edit */
  begin(tenant: Tenant, orderId: string, key: string, input: BeginEdit): Promise<StoredEdit>;
  change(tenant: Tenant, orderId: string, editId: string, input: ChangeEdit): Promise<StoredEdit>;
  /** May be asked for twice. */
  withdraw(tenant: Tenant, orderId: string, editId: string): Promise<StoredEdit>;
  /**
   * Has the company whose order it is asked whether it may become as dear.
   * @throws ShopError `invalid_input` where nobody has to be asked
   */
  askApproval(
    tenant: Tenant,
    orderId: string,
    editId: string,
    message: string | undefined,
  ): Promise<Approval>;
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

  async function workOut(
    sql: Reader,
    tenant: TenantId,
    order: StoredOrder,
    { id, changes }: Pick<StoredEdit, 'id' | 'changes'>,
    looking: Looking,
    paidOutside = false,
  ): Promise<WorkedOut> {
    refusePaidBack(order, changes, (await readLedger(sql, tenant, order)).gone);
    const today = await readToday(sql, tenant, order, changes, looking);
    const priced = priceEdit(order, changes, today.items, today.rules, id);
    const settlement = settle(order, priced.total, paidOutside);
    return { priced, settlement, outcome: outcomeOf(order, priced, settlement) };
  }

  /** What an open edit would make of a company's order, before anything is locked; undefined where nobody has to be asked. */
  async function dearerBy(tenant: Tenant, orderId: string, editId: string, looking: Looking) {
    const reader = readerOf(platform, tenant.id);
    const order = await readOrder(reader, tenant.id, orderId);
    if (order.company === undefined) return undefined;
    const edit = await readEdit(reader, tenant.id, orderId, editId);
    if (edit.state !== 'open') return undefined;
    return dearer(order, editId, await workOut(reader, tenant.id, order, edit, looking));
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
      const looking = await lookingFor(platform, tenant, orderId);
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
      const looking = await lookingFor(platform, tenant, orderId);
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

    async askApproval(tenant, orderId, editId, message) {
      const looking = await lookingFor(platform, tenant, orderId);
      const asked = await dearerBy(tenant, orderId, editId, looking);
      if (asked === undefined) throw nobodyToAsk();
      return askApproval(platform, tenant, asked.buyer, asked.content, { message });
    },

    async commit(tenant, orderId, editId, { version, expectedTotal, paid, approved }) {
      const looking = await lookingFor(platform, tenant, orderId);
      const allowed = approved === undefined ? await dearerBy(tenant, orderId, editId, looking) : undefined;
      if (allowed !== undefined) await allowDearer(platform, tenant, allowed);
      await withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const edit = await readEdit(tx, tenant.id, orderId, editId);
        if (edit.state === 'committed') return;
        requireOpen(edit, version);
        requireEditable(order);
        requireSame(order, edit);
        const done = await workOut(tx, tenant.id, order, edit, looking, paid !== undefined);
        requireExpected(done.priced.total, expectedTotal, order.currency);
        if (approved === undefined) requireAllowed(allowed, dearer(order, editId, done));
        const words = [
          'Edited.',
          edit.reason,
          paid === undefined ? undefined : paidBy(paid),
          approved === undefined ? undefined : `Approved: ${approved}`,
        ];
        const by = { actor: 'merchant', reason: words.filter(Boolean).join(' '), now: now() };
        const rewritten = await rewriteOrder(tx, tenant.id, order, done, platform.newId, by);
        const made = { state: 'committed', outcome: done.outcome } as const;
        await updateEdit(tx, tenant.id, edit, made, now());
        await tx.emit(editedTo(rewritten, edit, done.outcome));
        const left = moneyIn(rewritten, rewritten.captured) - moneyBack(rewritten);
        if (done.settlement.refund > 0 && left > 0) {
          const wish = { id: refundIdOf(editId), amount: done.settlement.refund, atMost: true, waits: true };
          await askRefund(tx, tenant.id, rewritten, wish, now());
        }
        await later(tx, orderId);
        await tellSpending(tx, rewritten);
        await tellLater(tx, orderId, editId);
      });
      return push(tenant.id, orderId);
    },

    async payOwed(tenant, orderId, paid) {
      await withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const owed = owedOf(order);
        if (owed === 0) return;
        refuseWhilePaid(order);
        const surcharges = await askSurcharge(tx, tenant.id, order, 0, platform.newId, now());
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
        return openSurcharge(await askSurcharge(tx, tenant.id, order, owed, platform.newId, now()));
      });
    },

    async tell(tenant, orderId, editId) {
      const reader = readerOf(platform, tenant.id);
      const { state, outcome, reason } = await readEdit(reader, tenant.id, orderId, editId);
      if (state !== 'committed' || outcome === undefined) return;
      const order = await readOrder(reader, tenant.id, orderId);
      const money = (amount: number) => ({ amount, currency: order.currency });
      await tellShopper(platform, tenant, order, {
        key: `orders.edit:${editId}`,
        kind: 'orders.edited',
        variables: {
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

function editedTo(order: StoredOrder, { id, reason }: StoredEdit, outcome: Outcome): NewEvent {
  return editedEvent(order, { id, reason, ...outcome });
}

function paidBy({ means, reference }: PayOwed): string {
  return ['Paid by other means:', means.replace('_', ' '), reference].filter(Boolean).join(' ');
}

function nobodyToAsk(): ShopError {
  return new ShopError('invalid_input', 'Nobody has to approve this edit.', {
    remedy: 'Commit it: only what makes a company’s order dearer may need somebody’s approval.',
  });
}

/** @throws ShopError `illegal_transition` */
function requireEditable(order: StoredOrder): void {
  if (mayEdit(order)) {
    refuseUnderWay(order.returns);
    return refuseWhilePaid(order);
  }
  throw new ShopError('illegal_transition', `An order that is ${order.status} cannot be edited.`, {
    remedy: 'Only what is paid and has not left as a whole can be edited.',
  });
}

/** Units whose price has gone back are given up, not edited out: they would be paid back twice. @throws ShopError `invalid_input` */
function refusePaidBack({ lines }: StoredOrder, changes: readonly EditLine[], gone: readonly Units[]): void {
  const problems = changes.flatMap(({ variantId, quantity }, index) => {
    const line = lines.find((each) => each.variantId === variantId);
    const least = line === undefined ? 0 : Math.min(paidBackOf(line, gone), line.quantity);
    return quantity >= least
      ? []
      : [{ where: `/lines/${index}/quantity`, what: `at least ${least}: these were paid back` }];
  });
  if (problems.length === 0) return;
  throw new ShopError('invalid_input', 'The order cannot be edited like that.', {
    remedy: 'Give up units that were paid back and have not left; their price does not go back again.',
    problems,
  });
}

/** Of a bundle: those of which any part was. */
function paidBackOf({ variantId, parts }: OrderLine, gone: readonly Units[]): number {
  if (parts === undefined) return quantityOf(gone, { variantId });
  return Math.max(
    ...parts.map((part) =>
      Math.ceil(quantityOf(gone, { variantId: part.variantId, bundle: variantId }) / part.quantity),
    ),
  );
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
