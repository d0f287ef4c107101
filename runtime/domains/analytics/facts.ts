/** The kinds of facts a shop is measured by. Data only: the stores are laid out and asked by this. */
import type { FactDefinition } from '../../platform/definition.ts';

/** What pages tell: kinds that only the browser knows of. */
export const PAGE_KINDS = ['view', 'search', 'click', 'cart', 'checkout', 'purchase'] as const;

export const FACTS: readonly FactDefinition[] = [
  {
    name: 'view',
    dimensions: ['path', 'product', 'source', 'campaign', 'device'],
    measures: [],
    units: false,
  },
  { name: 'search', dimensions: ['query', 'found'], measures: ['results', 'empty'], units: false },
  // A product that was chosen from what a search found, and its place there.
  { name: 'click', dimensions: ['query', 'product'], measures: ['place'], units: false },
  { name: 'cart', dimensions: ['product', 'device'], measures: ['quantity'], units: false },
  { name: 'checkout', dimensions: ['device'], measures: [], units: false },
  { name: 'purchase', dimensions: ['device'], measures: [], units: false },
  // An order that was paid, and each of its lines.
  { name: 'order', dimensions: [], measures: ['amount', 'items'], units: true },
  { name: 'sale', dimensions: ['product', 'vendor', 'type'], measures: ['amount', 'quantity'], units: true },
  // What becomes of orders: placed, confirmed, cancelled, expired, fulfilled.
  { name: 'progress', dimensions: ['step'], measures: ['amount'], units: true },
  // Money: captured, refunded, failed, disputed.
  { name: 'payment', dimensions: ['result'], measures: ['amount'], units: true },
  // What one side of a conversation wrote at once. A conversation is a session of them; nobody is named.
  { name: 'message', dimensions: ['room', 'from'], measures: ['messages', 'letters'], units: false },
];
