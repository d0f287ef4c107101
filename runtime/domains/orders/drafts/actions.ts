/**
 * What people do with a draft: put it together, offer it, talk about it, hold its units, and make an order of it. Each is one
 * transaction under its lock. The order is made as a checkout makes it, and lives by the same machine.
 */
import type { Caller, Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Approval } from '../../accounts/schemas.ts';
import { hashOf, newNumber, newToken } from '../access.ts';
import { wantsOf } from '../bundles/goods.ts';
import { readCart, readerOf } from '../carts.ts';
import {
  allow,
  askApproval,
  bought,
  changedMeanwhile,
  noteCompany,
  refuseWishes,
  type Allowed,
  type CompanyBuyer,
  type Content,
  type Wish,
} from '../companies/purchase.ts';
import {
  ENOUGH,
  making,
  newOrder,
  orderValues,
  outOfStock,
  resume,
  startPayment,
  tellPlaced,
  type Settle,
} from '../checkout.ts';
import {
  allocateTaken,
  move,
  readTaken,
  take,
  TAKEN,
  takeValues,
  TAKING,
  tellStock,
  type StockChange,
  type TakenRow,
} from '../inventory.ts';
import { requirePayable } from '../payable.ts';
import type { CheckoutResult } from '../schemas.ts';
import { soldIn } from '../prices/currency.ts';
import { groupsOf, type Looking } from '../prices/looking.ts';
import type { OrdersSettings } from '../settings.ts';
import { readOrder, showOrder, type StoredOrder } from '../store.ts';
import { isTalkedOf, mayBecome, mayHold, requireMove, stateOnceChanged, type Actor } from './machine.ts';
import { priceDraft } from './price.ts';
import type {
  AcceptOffer,
  AskOfferApproval,
  AskQuote,
  ChangeDraft,
  CompleteDraft,
  DraftLine,
  NewDraft,
  OfferDraft,
} from './schemas.ts';
import {
  changeDraft,
  draftCustomer,
  insertDraft,
  lacksOf,
  noSuchDraft,
  pricedOf,
  readDraft,
  withDraft,
  type StoredDraft,
} from './store.ts';

export interface Drafts {
  /** At what its customer would pay today, until it is offered. @throws ShopError `not_found` */
  read(tenant: Tenant, id: string): Promise<StoredDraft>;
  create(tenant: Tenant, input: NewDraft): Promise<StoredDraft>;
  change(tenant: Tenant, id: string, input: ChangeDraft): Promise<StoredDraft>;
  /** @returns it with the one token that opens it */
  offer(tenant: Tenant, id: string, input: OfferDraft): Promise<{ draft: StoredDraft; token: string }>;
  hold(tenant: Tenant, id: string, hours: number): Promise<StoredDraft>;
  say(tenant: Tenant, id: string, actor: 'shopper' | 'merchant', message: string): Promise<StoredDraft>;
  /** The shopper declines, the merchant cancels. May be asked for twice. */
  end(
    tenant: Tenant,
    id: string,
    actor: 'shopper' | 'merchant',
    message: string | undefined,
  ): Promise<StoredDraft>;
  ask(tenant: Tenant, caller: Buying, input: AskQuote): Promise<{ draft: StoredDraft; token: string }>;
  /** The shopper takes the offer: an order that holds its units and waits for its payment. May be asked for again. */
  accept(tenant: Tenant, id: string, caller: Buying, input: AcceptOffer): Promise<CheckoutResult>;
  /** Has somebody of the company say whether it may be taken. */
  askApproval(tenant: Tenant, id: string, buyer: CompanyBuyer, input: AskOfferApproval): Promise<Approval>;
  /** The merchant has the money: an order that is paid. May be asked for again. */
  complete(tenant: Tenant, id: string, input: CompleteDraft): Promise<StoredOrder>;
  /** By the task, when something of it is over: the hold, or the offer. */
  due(tenant: TenantId, id: string): Promise<void>;
  /** By the task: the customer's mail with the way in. */
  tell(tenant: Tenant, id: string, version: number, what: 'offer' | 'message'): Promise<void>;
}

/** Who it is, what groups they are in, and for whom they buy. */
type Buying = Pick<Caller, 'customerId' | 'groups' | 'company'>;

const HOUR_MS = 3_600_000;
const USUAL_VALIDITY_MS = 14 * 24 * HOUR_MS;
const LONGEST_VALIDITY_MS = 366 * 24 * HOUR_MS;
const MOST_TOKENS = 8;
const MOST_ENTRIES = 500;

export function createDrafts(platform: Platform, settings: OrdersSettings, settle: Settle): Drafts {
  const now = (): Date => platform.clock.now();
  const asGuest = (): Looking => ({ now: now(), groups: [] });

  async function lookingFor(tenant: Tenant, customerId: string | undefined): Promise<Looking> {
    return { now: now(), groups: await groupsOf(platform, tenant, customerId) };
  }

  /** Works on it at the prices of its customer. Who that is is found out before it is locked, for others are asked. */
  async function withPrices<T>(
    tenant: Tenant,
    id: string,
    work: (tx: Transaction, draft: StoredDraft) => Promise<T>,
  ): Promise<T> {
    const customerId = await draftCustomer(readerOf(platform, tenant.id), tenant.id, id);
    const looking = await lookingFor(tenant, customerId);
    return withDraft(platform, tenant.id, id, looking, (tx, draft) => {
      if (draft.customerId !== customerId) throw draftChanged(draft);
      return work(tx, draft);
    });
  }

  function fresh(tenant: Tenant, currency: string | undefined, askedBy: StoredDraft['askedBy']): StoredDraft {
    const used = soldIn(tenant, currency);
    return {
      id: platform.newId('drf'),
      number: newNumber(),
      state: 'open',
      version: 1,
      askedBy,
      customerId: undefined,
      companyId: undefined,
      email: undefined,
      currency: used,
      shippingAddress: undefined,
      shipping: { method: 'standard' },
      lines: [],
      discount: undefined,
      note: undefined,
      terms: undefined,
      tokenHashes: [],
      validUntil: undefined,
      holdUntil: undefined,
      orderId: undefined,
      createdAt: now(),
      updatedAt: now(),
      rules: {},
      entries: [],
      items: [],
    };
  }

  /** Ends the hold it has and, where it is to have one, takes its present units: all of them, or the transaction is left. */
  async function rehold(
    tx: Transaction,
    tenant: TenantId,
    draft: StoredDraft,
    until: Date | undefined,
  ): Promise<void> {
    const changes: StockChange[] = [];
    if (draft.holdUntil !== undefined)
      changes.push(...(await move(tx, tenant, draft.id, 'held', 'released', now())));
    if (until !== undefined && draft.lines.length > 0) {
      const taken = await take(tx, tenant, draft.id, wantsOf(draft.items), 'held', now());
      if (taken.lacking.length > 0) throw outOfStock(draft.items, taken.lacking);
      changes.push(...taken.changes);
      await dueAt(tx, draft.id, until);
    }
    await tellStock(tx, changes);
  }

  function dueAt(tx: Transaction, draftId: string, runAt: Date): Promise<void> {
    // A moment of its own: the task for another one may be waiting.
    const key = `${draftId}-${runAt.getTime()}`;
    return tx.enqueue({ name: 'orders.draft-due', payload: { draftId }, key, runAt });
  }

  function tellLater(
    tx: Transaction,
    { id: draftId, version }: StoredDraft,
    what: 'offer' | 'message',
  ): Promise<void> {
    const key = `${draftId}-${version}`;
    return tx.enqueue({ name: 'orders.tell-draft', payload: { draftId, version, what }, key });
  }

  /** Makes the order in the draft's transaction. @throws ShopError `out_of_stock`, `invalid_input` for what is missing */
  async function place(
    tx: Transaction,
    tenant: TenantId,
    draft: StoredDraft,
    actor: 'shopper' | 'merchant',
    token: string,
    { paidOutside, allowed }: { readonly paidOutside: boolean; readonly allowed?: Allowed | undefined },
  ): Promise<StoredOrder> {
    const at = now();
    const { lines, price } = pricedOf(draft, at);
    const buyer = requireComplete(draft, lacksOf(draft, { lines, price }));
    requirePayable(price.totals);
    await rehold(tx, tenant, draft, undefined);
    const made = newOrder(platform, settings, { ...draft, lines }, buyer, price, token, at);
    const paid = paidOutside ? { ...made, outside: made.total, due: 0 } : made;
    const order = allowed === undefined ? paid : bought(paid, allowed, boughtBy(draft), at);
    const { rows } = await tx.query<TakenRow>(PLACE[actor], [
      ...takeValues(tenant, order.id, wantsOf(order.lines), 'held', at),
      draft.id,
      draft.version,
      ...orderValues(order),
      order.outside,
    ]);
    const taken = readTaken(rows);
    if (taken.lacking.length > 0) throw outOfStock(lines, taken.lacking);
    await allocateTaken(tx, tenant, order.id, rows, at);
    await noteCompany(tx, tenant, order);
    await tellPlaced(tx, settings, order, taken.changes);
    return order;
  }

  /** For who buys for a company: whether they may, before anything is locked. Of an offer that was taken it was asked then. */
  async function allowForCompany(
    tenant: Tenant,
    id: string,
    caller: Buying,
    wish: Wish,
  ): Promise<Allowed | undefined> {
    const { customerId, company } = caller;
    const draft = await readDraft(readerOf(platform, tenant.id), tenant.id, id, asGuest());
    requireCompany(draft, caller);
    if (company === undefined || customerId === undefined) {
      refuseWishes(wish);
      return undefined;
    }
    if (draft.state !== 'offered') return undefined;
    return allow(platform, tenant, { customerId, company }, boughtBy(draft), wish);
  }

  return {
    async read(tenant, id) {
      const reader = readerOf(platform, tenant.id);
      const customerId = await draftCustomer(reader, tenant.id, id);
      return readDraft(reader, tenant.id, id, await lookingFor(tenant, customerId));
    },

    async create(tenant, { currency, ...content }) {
      const looking = await lookingFor(tenant, content.customerId);
      return platform.sql.transaction(tenant.id, async (tx) => {
        const draft = { ...fresh(tenant, currency, 'merchant'), ...contentOf(content) };
        await requireKnown(tx, tenant.id, draft.lines);
        await insertDraft(tx, tenant.id, draft, { actor: 'merchant', now: now() });
        return requireSum(await readDraft(tx, tenant.id, draft.id, looking), now());
      });
    },

    async change(tenant, id, { version, ...content }) {
      const looking = await lookingFor(tenant, content.customerId);
      return withDraft(platform, tenant.id, id, looking, async (tx, draft) => {
        const state = stateOnceChanged(draft.state);
        if (state !== draft.state) requireMove(draft.state, state, 'merchant');
        if (version !== draft.version) throw draftChanged(draft);
        await requireKnown(tx, tenant.id, content.lines);
        await changeDraft(
          tx,
          tenant.id,
          draft,
          { ...contentOf(content), state, terms: undefined, validUntil: undefined },
          { actor: 'merchant', now: now() },
        );
        const changed = requireSum(await readDraft(tx, tenant.id, id, looking), now());
        if (draft.holdUntil !== undefined) await rehold(tx, tenant.id, changed, draft.holdUntil);
        return changed;
      });
    },

    async offer(tenant, id, { validUntil, message }) {
      const token = newToken();
      const draft = await withPrices(tenant, id, async (tx, before) => {
        requireMove(before.state, 'offered', 'merchant');
        const at = now();
        const until =
          validUntil === undefined ? new Date(at.getTime() + USUAL_VALIDITY_MS) : new Date(validUntil);
        requireSoon(until, at);
        // Made anew at the prices of now, unless it only goes on for longer.
        const terms = before.terms ?? priceDraft(before, before.items, at);
        requireComplete(before, lacksOf(before, terms));
        requirePayable(terms.price.totals);
        const offered = await changeDraft(
          tx,
          tenant.id,
          before,
          {
            state: 'offered',
            terms,
            validUntil: until,
            tokenHashes: [...before.tokenHashes, hashOf(token)].slice(-MOST_TOKENS),
          },
          { actor: 'merchant', message, now: at },
        );
        await dueAt(tx, id, until);
        await tellLater(tx, offered, 'offer');
        return offered;
      });
      return { draft, token };
    },

    hold: (tenant, id, hours) =>
      withPrices(tenant, id, async (tx, draft) => {
        if (hours > 0 && !mayHold(draft.state)) {
          throw new ShopError('illegal_transition', `Nothing is held for a draft that is ${draft.state}.`);
        }
        const until = hours === 0 ? undefined : new Date(now().getTime() + hours * HOUR_MS);
        if (until === undefined && draft.holdUntil === undefined) return draft;
        await rehold(tx, tenant.id, draft, until);
        return changeDraft(tx, tenant.id, draft, { holdUntil: until }, { actor: 'merchant', now: now() });
      }),

    say: (tenant, id, actor, message) =>
      withPrices(tenant, id, async (tx, draft) => {
        if (!isTalkedOf(draft.state) || draft.entries.length >= MOST_ENTRIES) {
          throw new ShopError(
            'illegal_transition',
            `A draft that is ${draft.state} is not talked of any more.`,
          );
        }
        const changed = await changeDraft(tx, tenant.id, draft, {}, { actor, message, now: now() });
        if (actor === 'merchant' && draft.email !== undefined) await tellLater(tx, changed, 'message');
        return changed;
      }),

    end: (tenant, id, actor, message) =>
      withPrices(tenant, id, async (tx, draft) => {
        const to = actor === 'shopper' ? 'declined' : 'cancelled';
        if (draft.state === to) return draft;
        requireMove(draft.state, to, actor);
        await rehold(tx, tenant.id, draft, undefined);
        return changeDraft(
          tx,
          tenant.id,
          draft,
          { state: to, holdUntil: undefined },
          { actor, message, now: now() },
        );
      }),

    ask(tenant, { customerId, groups = [], company }, { cartId, email, shippingAddress, message }) {
      const token = newToken();
      return platform.sql.transaction(tenant.id, async (tx) => {
        const cart = await readCart(tx, tenant.id, cartId, now(), { customerId, email });
        if (cart.lines.length === 0) {
          throw new ShopError('invalid_input', 'The cart is empty.', { remedy: 'Add something to it.' });
        }
        const address = email ?? cart.email;
        if (address === undefined) {
          throw new ShopError('invalid_input', 'Nobody would know whom to answer.', {
            problems: [{ where: '/email', what: 'missing, and the cart has none' }],
            remedy: 'Send the missing field.',
          });
        }
        const draft: StoredDraft = {
          ...fresh(tenant, cart.currency, 'shopper'),
          state: 'requested',
          customerId,
          companyId: company?.id,
          email: address,
          shippingAddress: shippingAddress ?? cart.shippingAddress,
          shipping: { method: cart.shippingMethod },
          lines: cart.lines.map(({ variantId, quantity }) => ({ variantId, quantity })),
          tokenHashes: [hashOf(token)],
        };
        await insertDraft(tx, tenant.id, draft, { actor: 'shopper', message, now: now() });
        return { draft: await readDraft(tx, tenant.id, draft.id, { now: now(), groups }), token };
      });
    },

    async accept(tenant, id, caller, { expectedTotal, ...wish }) {
      const token = newToken();
      const allowed = await allowForCompany(tenant, id, caller, wish);
      // What it costs was written down when it was offered.
      const order = await withDraft(platform, tenant.id, id, asGuest(), async (tx, draft) => {
        if (draft.state === 'ordered') return resume(tx, tenant, draft, token);
        requireMove(draft.state, 'ordered', 'shopper');
        if (draft.validUntil !== undefined && draft.validUntil <= now()) {
          throw new ShopError('gone', 'The offer is over.', { remedy: 'Ask for another one.' });
        }
        const total = draft.terms?.price.totals.total;
        if (expectedTotal !== undefined && expectedTotal !== total) {
          throw new ShopError('conflict', `The offer is over ${total} ${draft.currency} (minor units).`, {
            remedy: 'Look at it again.',
            problems: [{ where: '/expectedTotal', what: `is ${total}` }],
          });
        }
        if (caller.company !== undefined && allowed === undefined) throw changedMeanwhile();
        const placed = await place(tx, tenant.id, draft, 'shopper', token, { paidOutside: false, allowed });
        const change = { state: 'ordered', orderId: placed.id, holdUntil: undefined } as const;
        await changeDraft(tx, tenant.id, draft, change, by('shopper'));
        return placed;
      });
      if (order.due === 0) return { order: showOrder(await settle(tenant, order.id)), token };
      return { order: showOrder(order), token, payment: await startPayment(platform, tenant, order) };
    },

    async askApproval(tenant, id, buyer, wish) {
      const draft = await readDraft(readerOf(platform, tenant.id), tenant.id, id, asGuest());
      requireMove(draft.state, 'ordered', 'shopper');
      requireCompany(draft, buyer);
      return askApproval(
        platform,
        tenant,
        buyer,
        { ...boughtBy(draft), lines: pricedOf(draft, now()).lines },
        wish,
      );
    },

    async complete(tenant, id, { means, reference }) {
      const order = await withPrices(tenant, id, async (tx, draft) => {
        if (draft.state === 'ordered') {
          const known = await readOrder(tx, tenant.id, draft.orderId ?? '');
          if (known.outside > 0) return known;
        }
        requireMove(draft.state, 'ordered', 'merchant');
        const order = await place(tx, tenant.id, draft, 'merchant', newToken(), { paidOutside: true });
        const message = ['Paid by other means:', means.replace('_', ' '), reference]
          .filter(Boolean)
          .join(' ');
        const terms = pricedOf(draft, order.placedAt);
        const change = { state: 'ordered', orderId: order.id, holdUntil: undefined, terms } as const;
        await changeDraft(tx, tenant.id, draft, change, { ...by('merchant'), message });
        return order;
      });
      return settle(tenant, order.id);
    },

    due: (tenant, id) =>
      withDraft(platform, tenant, id, asGuest(), async (tx, draft) => {
        const at = now();
        const isOver = draft.validUntil !== undefined && draft.validUntil <= at;
        if (isOver && mayBecome(draft.state, 'expired', 'system')) {
          await rehold(tx, tenant, draft, undefined);
          await changeDraft(tx, tenant, draft, { state: 'expired', holdUntil: undefined }, by('system'));
        } else if (draft.holdUntil !== undefined && draft.holdUntil <= at) {
          await rehold(tx, tenant, draft, undefined);
          await changeDraft(tx, tenant, draft, { holdUntil: undefined }, by('system'));
        }
      }),

    async tell(tenant, id, version, what) {
      // Where nobody sends messages, the merchant gives the link away.
      if (!tenant.domains.includes('notifications')) return;
      const draft = await readDraft(readerOf(platform, tenant.id), tenant.id, id, asGuest());
      const about = draft.entries.find(({ sequence }) => sequence === version);
      if (about === undefined || draft.email === undefined || !isTalkedOf(draft.state)) return;
      const token = newToken();
      // Before the mail: a way in that nobody was told of does no harm, one that does not open would.
      await platform.sql.query(
        tenant.id,
        `update orders_drafts set token_hashes = (token_hashes || $3::text)[greatest(cardinality(token_hashes) + 2 - ${MOST_TOKENS}, 1):]
         where tenant_id = $1 and id = $2`,
        [tenant.id, id, hashOf(token)],
      );
      const total = draft.terms?.price.totals;
      await platform.call(tenant.id, 'notifications', 'notify', {
        key: `orders.draft:${id}:${version}`,
        kind: `orders.${what}`,
        to: { email: draft.email, customerId: draft.customerId },
        channels: ['mail'],
        variables: {
          number: draft.number,
          link: linkOf(platform, tenant, id, token),
          ...(about.message === undefined ? {} : { words: about.message }),
          ...(what === 'offer' && total !== undefined
            ? {
                total: { amount: total.total, currency: total.currency },
                validUntil: draft.validUntil?.toISOString(),
              }
            : {}),
        },
      });
    },
  };

  function by(actor: Actor): { actor: Actor; now: Date } {
    return { actor, now: now() };
  }
}

function draftChanged({ version }: StoredDraft): ShopError {
  return new ShopError('conflict', `The draft has changed meanwhile: its version is ${version}.`, {
    remedy: 'Read it again and repeat the change.',
  });
}

/** What whoever takes it buys. @throws ShopError `conflict` for what is not offered */
function boughtBy({ id, currency, lines, shippingAddress, terms }: StoredDraft): Content {
  if (terms === undefined || shippingAddress === undefined) throw changedMeanwhile();
  return { id, currency, lines, shippingAddress, total: terms.price.totals.total };
}

/** What a company asked for is no way around what its members may spend. @throws ShopError `forbidden` */
function requireCompany({ companyId }: StoredDraft, { company }: Buying): void {
  if (companyId === undefined || companyId === company?.id) return;
  throw new ShopError('forbidden', 'This offer is for a company.', {
    remedy: 'Sign in as one of its members.',
  });
}

/** Where a customer sees it and pays. */
export function linkOf(
  platform: Pick<Platform, 'originOf'>,
  tenant: Tenant,
  id: string,
  token: string,
): string {
  return `${platform.originOf(tenant)}/offers/${id}?token=${token}`;
}

/** @throws ShopError `not_found`, so that nobody learns which there are */
export function requireSight(draft: StoredDraft, caller: Caller, token: string | undefined): void {
  if (caller.kind === 'merchant' || caller.kind === 'operator') return;
  const isTheirs = caller.customerId !== undefined && caller.customerId === draft.customerId;
  const isHolder = token !== undefined && draft.tokenHashes.includes(hashOf(token));
  // Until it was offered, nobody was told of it.
  const isPrivate = draft.tokenHashes.length === 0;
  if (isPrivate || (!isTheirs && !isHolder)) throw noSuchDraft(draft.id);
}

/** Made of a draft that still has the version it was decided on; its own statement says that it is ordered. */
const placing = (actor: 'shopper' | 'merchant'): string => `
  with ${TAKING},
  cart as (
    select d.id from orders_drafts d where d.tenant_id = $1 and d.id = $7 and d.version = $8 and ${ENOUGH}
  ), ${making(actor, 30)}
  select ${TAKEN} from judged j`;
const PLACE = { shopper: placing('shopper'), merchant: placing('merchant') } as const;

function contentOf(input: Omit<NewDraft, 'currency'>) {
  const { customerId, email, shippingAddress, shipping, lines, discount, note } = input;
  return { customerId, email, shippingAddress, shipping, lines, discount, note };
}

/** @throws ShopError `not_found` for variants that the shop does not have */
async function requireKnown(tx: Transaction, tenant: TenantId, lines: readonly DraftLine[]): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `select w.id from unnest($2::text[]) as w (id)
     where not exists (select from orders_variants v where v.tenant_id = $1 and v.variant_id = w.id)`,
    [tenant, lines.map(({ variantId }) => variantId)],
  );
  if (rows.length === 0) return;
  throw new ShopError(
    'not_found',
    `There is no variant ${rows.map(({ id }) => id).join(', ')} in this shop.`,
    {
      remedy: 'Use ids from the catalogue.',
      problems: rows.map(({ id }) => ({ where: '/lines', what: `${id} is unknown` })),
    },
  );
}

/** @throws ShopError `invalid_input` with all that is missing */
function requireComplete(
  { email, shippingAddress, shipping }: StoredDraft,
  lacks: readonly string[],
): { email: string; shippingAddress: NonNullable<StoredDraft['shippingAddress']>; shippingMethod: string } {
  if (lacks.length === 0 && email !== undefined && shippingAddress !== undefined)
    return { email, shippingAddress, shippingMethod: shipping.method ?? 'agreed' };
  throw new ShopError('invalid_input', 'The draft lacks what an order needs.', {
    remedy: 'Complete it first.',
    problems: lacks.map((what) => ({ where: `/${what}`, what: 'missing' })),
  });
}

/** @throws ShopError `invalid_input` where it is more than can be paid */
function requireSum(draft: StoredDraft, now: Date): StoredDraft {
  requirePayable(pricedOf(draft, now).price.totals);
  return draft;
}

function requireSoon(until: Date, now: Date): void {
  const ahead = until.getTime() - now.getTime();
  if (ahead > 0 && ahead <= LONGEST_VALIDITY_MS) return;
  throw new ShopError('invalid_input', 'An offer is valid until a moment within the next year.', {
    problems: [{ where: '/validUntil', what: 'not within the next year' }],
  });
}
