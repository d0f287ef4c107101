/**
 * Goods come back: asked for, answered, received, inspected, refunded or exchanged; and units are given up before they leave. Each step
 * is one transaction under the order's lock, may be asked for twice, and leaves the doing of money to the saga.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant, Transaction } from '../../../platform/ports.ts';
import { goodsOf, meant } from '../bundles/goods.ts';
import type { Approval } from '../../accounts/schemas.ts';
import {
  allowDearer,
  askApproval,
  dearer,
  mayBecomeDearer,
  withdrawApproval,
  type Dearer,
} from '../companies/purchase.ts';
import { readerOf } from '../carts.ts';
import type { Exchanges, Terms } from '../exchanges/actions.ts';
import { freeToGiveUp, isUnderWay } from '../exchanges/bound.ts';
import type { ExchangePlan } from '../exchanges/plan.ts';
import type { PreviewExchange, PreviewWish } from '../exchanges/schemas.ts';
import { refuseDearer } from '../exchanges/wishes.ts';
import { giveUp } from '../fulfilment/give-up.ts';
import { isOnceEach, type Units } from '../fulfilment/schemas.ts';
import { moved, requireWaiting, stockOf } from '../fulfilment/units.ts';
import { adjust, tellStock } from '../inventory.ts';
import { mayShip } from '../machine.ts';
import { askRefund, refundIdOf, stillPaid } from '../refunds.ts';
import { readOrder, returnEvent, withOrder, type StoredOrder } from '../store.ts';
import { acceptedOf, inspected, isLegalReturn, requireReturnable, waitsForCompany } from './machine.ts';
import type {
  AskReturn,
  AskReturnApproval,
  AuthoriseReturn,
  CreateReturn,
  InspectReturn,
  RefundReturn,
  Returned,
  ReturnLine,
  ReturnState,
} from './schemas.ts';
import { insertReturn, updateReturn } from './store.ts';
import { idOfKey } from '../once.ts';
import type { Looking } from '../prices/looking.ts';
import { lookingFor } from '../rewrite.ts';

export interface Returns {
  /**
   * @param key of the request: the same key is the same return
   * @param terms of other goods that go out; the merchant's are agreed to with it, or wait for the company whose order it is; the shopper's
   *   are a wish
   */
  ask(
    tenant: Tenant,
    orderId: string,
    key: string,
    by: 'shopper' | 'merchant',
    wish: AskReturn | CreateReturn,
  ): Promise<StoredOrder>;
  /**
   * Has the company whose order it is asked whether an exchange that was wished for may make it as dear.
   * @throws ShopError `invalid_input` where nobody has to be asked
   */
  askApproval(tenant: Tenant, orderId: string, returnId: string, asked: AskReturnApproval): Promise<Approval>;
  /** By the task: a company is asked about what waits for it, and no longer once that does not. */
  tellCompany(tenant: Tenant, orderId: string, returnId: string, message: string | undefined): Promise<void>;
  /**
   * By the task: a company has answered what waits for it. What it approved is agreed to as it was entered; where it cannot be any more, that
   * is noted, and it waits for the merchant.
   */
  decided(
    tenant: Tenant,
    orderId: string,
    returnId: string,
    decision: 'approved' | 'declined',
  ): Promise<void>;
  /** @param terms of an exchange, where they are others than the shopper's wish */
  authorise(tenant: Tenant, orderId: string, returnId: string, terms: AuthoriseReturn): Promise<StoredOrder>;
  answer(
    tenant: Tenant,
    orderId: string,
    returnId: string,
    to: 'declined' | 'received',
    words?: string,
  ): Promise<StoredOrder>;
  /** Goods that should have gone out are let go, and what was paid for them in addition goes back. */
  withdraw(
    tenant: Tenant,
    orderId: string,
    returnId: string,
    by: 'shopper' | 'merchant' | 'system',
  ): Promise<StoredOrder>;
  /** By the task: goods are let go whose time is over, where the others have not come back. */
  due(tenant: Tenant, orderId: string, returnId: string): Promise<void>;
  inspect(tenant: Tenant, orderId: string, returnId: string, found: InspectReturn): Promise<StoredOrder>;
  refund(tenant: Tenant, orderId: string, returnId: string, wish: RefundReturn): Promise<StoredOrder>;
  /** What an exchange would come to; changes nothing. */
  preview(
    tenant: Tenant,
    order: StoredOrder,
    by: 'shopper' | 'merchant',
    wish: PreviewExchange | PreviewWish,
  ): Promise<ExchangePlan>;
  /** @param key of the request: the same key gives the units up once */
  cancelUnits(
    tenant: Tenant,
    orderId: string,
    key: string,
    wish: { readonly lines: readonly Units[]; readonly reason?: string | undefined },
  ): Promise<StoredOrder>;
}

/**
 * @param later plans that the saga goes on, in the transaction that gives it something to do
 * @param push has it go on at once
 */
export function createReturns(
  platform: Platform,
  later: (tx: Transaction, orderId: string) => Promise<void>,
  push: (tenant: string, orderId: string) => Promise<StoredOrder>,
  exchanges: Exchanges,
): Returns {
  const now = (): Date => platform.clock.now();

  /** What an exchange would make of a company's order, before anything is locked; undefined where nobody has to be asked. */
  async function dearerBy(
    tenant: Tenant,
    orderId: string,
    id: string,
    wished: (order: StoredOrder) => Wished | undefined,
    looking: Looking,
  ): Promise<Dearer | undefined> {
    const reader = readerOf(platform, tenant.id);
    const order = await readOrder(reader, tenant.id, orderId);
    const { back, terms } = (order.company && wished(order)) ?? {};
    if (back === undefined || terms === undefined) return undefined;
    return dearer(
      order,
      id,
      await exchanges.workOut(reader, tenant.id, order, back, termsOf(terms), looking, id),
    );
  }

  /** As `dearerBy`, of one that was asked for and not yet answered. */
  function dearerByWish(
    tenant: Tenant,
    orderId: string,
    returnId: string,
    terms: Wished['terms'],
    looking: Looking,
  ): Promise<Dearer | undefined> {
    const wished = ({ returns }: StoredOrder): Wished | undefined => {
      const asked = returns.find(({ id }) => id === returnId);
      if (asked?.state !== 'requested') return undefined;
      return { back: asked.lines, terms: terms ?? asked.exchange };
    };
    return dearerBy(tenant, orderId, returnId, wished, looking);
  }

  /** One step of a return; one that is there already stays as it is. */
  function step(
    tenant: Tenant,
    orderId: string,
    returnId: string,
    target: ReturnState | ((before: Returned) => ReturnState),
    work: (
      tx: Transaction,
      order: StoredOrder,
      before: Returned,
      to: ReturnState,
    ) => Promise<{ order?: StoredOrder; change?: Partial<Returned>; refundId?: string }>,
  ): Promise<StoredOrder> {
    return withOrder(platform, tenant.id, orderId, async (tx, order) => {
      const before = order.returns.find(({ id }) => id === returnId);
      if (before === undefined) {
        throw new ShopError('not_found', `Order ${order.number} has no return ${returnId}.`, {
          remedy: 'Look at its returns.',
        });
      }
      const to = typeof target === 'function' ? target(before) : target;
      if (before.state === to) return order;
      if (!isLegalReturn(before.state, to)) {
        throw new ShopError('illegal_transition', `A return that is ${before.state} cannot become ${to}.`);
      }
      const done = await work(tx, order, before, to);
      const after: Returned = { ...before, ...done.change, state: to, updatedAt: now().toISOString() };
      await updateReturn(tx, tenant.id, orderId, after, done.refundId);
      if (before.state === 'requested' && before.exchange !== undefined && order.company !== undefined)
        await tellCompanyLater(tx, orderId, returnId);
      const present = done.order ?? order;
      const changed = {
        ...present,
        returns: present.returns.map((each) => (each.id === returnId ? after : each)),
      };
      await tx.emit(returnEvent(to, changed, after));
      return changed;
    });
  }

  /** @param message for the company's approvers, where they are asked */
  function tellCompanyLater(
    tx: Transaction,
    orderId: string,
    returnId: string,
    message?: string,
  ): Promise<void> {
    const payload = { orderId, returnId, ...(message === undefined ? {} : { message }) };
    return tx.enqueue({ name: 'orders.tell-company', payload, key: returnId });
  }

  async function find(tenant: Tenant, orderId: string, returnId: string): Promise<Returned | undefined> {
    const { returns } = await readOrder(readerOf(platform, tenant.id), tenant.id, orderId);
    return returns.find(({ id }) => id === returnId);
  }

  /** Why what was approved could not be agreed to, for the merchant. */
  function noteProblem(tenant: Tenant, orderId: string, returnId: string, why: ShopError): Promise<void> {
    return withOrder(platform, tenant.id, orderId, async (tx, { returns }) => {
      const waiting = returns.find(({ id }) => id === returnId);
      if (waiting?.exchange === undefined || !waitsForCompany(waiting)) return;
      const problems = why.problems?.map(({ where, what }) => `${where}: ${what}`) ?? [];
      const problem = [why.message, ...problems].join(' ');
      const exchange = { ...waiting.exchange, problem };
      const noted = { ...waiting, exchange, updatedAt: now().toISOString() };
      await updateReturn(tx, tenant.id, orderId, noted, undefined);
    });
  }

  async function authorise(
    ...[tenant, orderId, returnId, { answer, exchange: terms, approved }]: Parameters<Returns['authorise']>
  ): Promise<StoredOrder> {
    const looking = await lookingFor(platform, tenant, orderId);
    const allowed =
      approved === undefined ? await dearerByWish(tenant, orderId, returnId, terms, looking) : undefined;
    if (allowed !== undefined) await allowDearer(platform, tenant, allowed);
    await step(tenant, orderId, returnId, 'authorised', async (tx, order, before) => {
      const change = answer === undefined ? {} : { answer };
      const wished = terms ?? before.exchange;
      if (wished === undefined) return { change };
      const asked = { ...before, ...change };
      const by = { allowed, approved };
      const agreed = await exchanges.agree(tx, tenant.id, order, asked, termsOf(wished), looking, by);
      await later(tx, orderId);
      const { exchange, creditId } = agreed;
      return { order: agreed.order, change: { ...change, exchange }, refundId: creditId };
    });
    return push(tenant.id, orderId);
  }

  function answer(
    ...[tenant, orderId, returnId, to, words]: Parameters<Returns['answer']>
  ): Promise<StoredOrder> {
    return step(tenant, orderId, returnId, to, () =>
      Promise.resolve(words === undefined ? {} : { change: { answer: words } }),
    );
  }

  async function withdraw(
    ...[tenant, orderId, returnId, by]: Parameters<Returns['withdraw']>
  ): Promise<StoredOrder> {
    await step(tenant, orderId, returnId, 'withdrawn', async (tx, order, before) => {
      if (!isUnderWay(before)) return {};
      const undone = await exchanges.undo(tx, tenant.id, order, before, by);
      await later(tx, orderId);
      return { order: undone };
    });
    return push(tenant.id, orderId);
  }

  return {
    async ask(tenant, orderId, key, by, { lines: wanted, note, exchange: wished, ...more }) {
      const id = idOfKey('ret', key);
      const terms = wished === undefined ? undefined : termsOf(wished);
      const looking = await lookingFor(platform, tenant, orderId);
      const { approved, approval }: Pick<CreateReturn, 'approved' | 'approval'> = more;
      const fresh = (order: StoredOrder): Wished | undefined =>
        order.returns.some((each) => each.id === id)
          ? undefined
          : { back: returnedLines(order, wanted), terms: wished };
      const isWish = by === 'shopper' || approved !== undefined;
      const allowed = isWish ? undefined : await dearerBy(tenant, orderId, id, fresh, looking);
      let waits = false;
      if (allowed !== undefined && approval !== undefined)
        waits = !(await mayBecomeDearer(platform, tenant, allowed));
      else if (allowed !== undefined) await allowDearer(platform, tenant, allowed);
      const isAgreed = by === 'merchant' && !waits;
      const asked = await withOrder(platform, tenant.id, orderId, async (tx, order) => {
        if (order.returns.some((each) => each.id === id)) return order;
        if (order.returns.length >= MOST) throw tooMany();
        const lines = returnedLines(order, wanted);
        requireReturnable(goodsOf(order.lines), order.returns, lines);
        if (by === 'shopper' && terms !== undefined)
          await refuseDearer(tx, tenant.id, order, terms.lines, looking);
        const at = now().toISOString();
        const wish: Returned = {
          id,
          // What the merchant enters needs nobody's leave but that of the company whose order it is.
          state: isAgreed ? 'authorised' : 'requested',
          askedBy: by,
          lines: [...lines],
          note,
          exchange: undefined,
          answer: undefined,
          askedAt: at,
          updatedAt: at,
        };
        const { order: present, exchange } =
          terms === undefined
            ? { order, exchange: undefined }
            : isAgreed
              ? await exchanges.agree(tx, tenant.id, order, wish, terms, looking, { allowed, approved })
              : { order, exchange: await exchanges.note(tx, tenant.id, order, wish, terms, looking) };
        const made = { ...wish, exchange };
        await insertReturn(tx, tenant.id, orderId, made);
        if (waits) await tellCompanyLater(tx, orderId, id, approval?.message);
        if (present !== order) await later(tx, orderId);
        const changed = { ...present, returns: [...present.returns, made] };
        await tx.emit(returnEvent(made.state, changed, made));
        return changed;
      });
      return wished !== undefined && isAgreed ? push(tenant.id, orderId) : asked;
    },

    async askApproval(tenant, orderId, returnId, { exchange: terms, message }) {
      const looking = await lookingFor(platform, tenant, orderId);
      const asked = await dearerByWish(tenant, orderId, returnId, terms, looking);
      if (asked === undefined) throw nobodyToAsk();
      return askApproval(platform, tenant, asked.buyer, asked.content, { message });
    },

    async tellCompany(tenant, orderId, returnId, message) {
      const looking = await lookingFor(platform, tenant, orderId);
      const asked = await dearerByWish(tenant, orderId, returnId, undefined, looking);
      if (asked !== undefined) await askApproval(platform, tenant, asked.buyer, asked.content, { message });
      // Whatever became of it meanwhile: who is asked in vain is asked no longer.
      const { state } = (await find(tenant, orderId, returnId)) ?? {};
      if (state !== 'requested') await withdrawApproval(platform, tenant, returnId);
    },

    async decided(tenant, orderId, returnId, decision) {
      const waiting = await find(tenant, orderId, returnId);
      if (waiting === undefined || !waitsForCompany(waiting)) return;
      try {
        await (decision === 'declined'
          ? answer(tenant, orderId, returnId, 'declined')
          : authorise(tenant, orderId, returnId, {}));
      } catch (error) {
        // What is away is tried again by the task.
        if (!(error instanceof ShopError) || !REFUSALS.has(error.code)) throw error;
        await noteProblem(tenant, orderId, returnId, error);
      }
    },

    authorise,
    answer,

    withdraw,

    async due(tenant, orderId, returnId) {
      const { returns } = await readOrder(readerOf(platform, tenant.id), tenant.id, orderId);
      const known = returns.find(({ id }) => id === returnId);
      if (known !== undefined && isUnderWay(known)) await withdraw(tenant, orderId, returnId, 'system');
    },

    async preview(tenant, order, by, { back: wanted, exchange }) {
      const reader = readerOf(platform, tenant.id);
      const back = meant(order.lines, wanted);
      requireReturnable(goodsOf(order.lines), order.returns, back);
      const looking = await lookingFor(platform, tenant, order.id);
      if (by === 'shopper') await refuseDearer(reader, tenant.id, order, exchange.lines, looking);
      return exchanges.workOut(reader, tenant.id, order, back, termsOf(exchange), looking, 'preview');
    },

    inspect: (tenant, orderId, returnId, found) =>
      step(tenant, orderId, returnId, 'inspected', async (tx, _order, before) => {
        const lines = inspected(before.lines, found);
        // In the order of their ids, as everybody who takes more than one.
        const back = lines
          .filter(({ restock = 0 }) => restock > 0)
          .toSorted((a, b) => (a.variantId < b.variantId ? -1 : 1));
        for (const { variantId, restock = 0 } of back) {
          const { changes } = await adjust(tx, tenant.id, variantId, { delta: restock }, now());
          await tellStock(tx, changes);
        }
        return { change: { lines: [...lines] } };
      }),

    async refund(tenant, orderId, returnId, wish) {
      await step(tenant, orderId, returnId, endOf, async (tx, order, before, to) => {
        const refundId = refundIdOf(returnId);
        if (before.exchange !== undefined) {
          const ended = await exchanges.end(tx, tenant.id, order, before, wish);
          await later(tx, orderId);
          return { order: ended, refundId };
        }
        if (to === 'closed') return {};
        const { amount, shipping } = wish;
        const lines = await stillPaid(tx, tenant.id, order, acceptedOf(before.lines));
        const refund = { id: refundId, lines, amount, shipping, waits: true };
        const changed = await askRefund(tx, tenant.id, order, refund, now());
        await later(tx, orderId);
        return { order: changed, refundId };
      });
      return push(tenant.id, orderId);
    },

    async cancelUnits(tenant, orderId, key, { lines: wanted, reason }) {
      await withOrder(platform, tenant.id, orderId, async (tx, order) => {
        const id = refundIdOf(`units:${key}`);
        const { rows } = await tx.query(
          'select from orders_refunds where tenant_id = $1 and order_id = $2 and id = $3',
          [tenant.id, orderId, id],
        );
        if (rows.length > 0) return;
        if (!mayShip(order)) {
          throw new ShopError(
            'illegal_transition',
            `Of an order that is ${order.status} nothing waits to be shipped.`,
          );
        }
        const lines = meant(order.lines, wanted);
        requireWaiting(freeToGiveUp(order.lines, order.returns), lines);
        if (stockOf(moved(goodsOf(order.lines), lines, 'cancelled')) === 'released') {
          throw new ShopError('conflict', 'That is all there is in the order.', {
            remedy: 'Cancel the order as a whole.',
          });
        }
        const by = { actor: 'merchant', reason, now: now() };
        const paid = await stillPaid(tx, tenant.id, order, lines);
        const changed = await giveUp(tx, tenant.id, order, lines, by);
        await askRefund(tx, tenant.id, changed, { id, lines: paid, reason, waits: true }, now());
        await later(tx, orderId);
      });
      return push(tenant.id, orderId);
    },
  };
}

/** All of them are read with their order: who asks and withdraws without end is stopped. */
const MOST = 200;

function tooMany(): ShopError {
  return new ShopError('conflict', `Of an order at most ${MOST} returns are asked for.`, {
    remedy: 'Write to the shop.',
  });
}

/** For these an exchange waits until somebody has done something about it. */
const REFUSALS: ReadonlySet<ShopError['code']> = new Set([
  'conflict',
  'forbidden',
  'illegal_transition',
  'invalid_input',
  'out_of_stock',
]);

/** What comes back, and what goes out for it. */
interface Wished {
  readonly back: readonly Units[];
  readonly terms: WishedTerms | undefined;
}

function nobodyToAsk(): ShopError {
  return new ShopError('invalid_input', 'Nobody has to approve this exchange.', {
    remedy: 'Agree to it: only what makes a company’s order dearer may need somebody’s approval.',
  });
}

/** Goods, each with the reason that was given for it, or for the bundle it is of. */
function returnedLines({ lines }: StoredOrder, wanted: AskReturn['lines']): ReturnLine[] {
  const named = wanted.flatMap(({ reason, ...units }) =>
    meant(lines, [units]).map((goods) => ({ ...goods, reason })),
  );
  if (isOnceEach(named)) return named;
  throw new ShopError(
    'invalid_input',
    'The same goods are named twice, by themselves and with their bundle.',
    {
      remedy: 'Name each once.',
    },
  );
}

/** Where nothing was accepted, there is nothing to refund: the return is closed. */
function endOf({ state, lines, exchange }: Returned): 'refunded' | 'exchanged' | 'closed' {
  const isEmpty = state === 'inspected' && acceptedOf(lines).length === 0;
  if (isEmpty || state === 'closed') return 'closed';
  return exchange === undefined ? 'refunded' : 'exchanged';
}

/** What a shopper wishes goes out once theirs have come back, at today's prices, and costs nothing more. */
function termsOf({
  lines,
  send = 'on_receipt',
  keepDays = 30,
  fee = 0,
  expectedDifference,
}: WishedTerms): Terms {
  return {
    send,
    keepDays,
    fee,
    expectedDifference,
    lines: lines.map(({ variantId, quantity, insteadOf, unitPrice }) => ({
      variantId,
      quantity,
      insteadOf,
      unitPrice,
    })),
  };
}
type WishedTerms = { readonly [Name in keyof Omit<Terms, 'lines'>]?: Terms[Name] | undefined } & {
  readonly lines: readonly TermsLine[];
};
type TermsLine = Terms['lines'][number];
