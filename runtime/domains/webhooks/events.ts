/** What merchants' servers can be told of: the events of these topics, drawn from who says them. */
import type { TopicDefinition } from '../../platform/definition.ts';
import { accounts } from '../accounts/definition.ts';
import { catalog } from '../catalog/definition.ts';
import { orders } from '../orders/definition.ts';
import { payments } from '../payments/definition.ts';

export const TOPICS: readonly TopicDefinition[] = [accounts, catalog, orders, payments].flatMap(
  ({ topics }) => topics,
);

/** Topics that nobody outside is told of, and why. */
export const NOT_TOLD: Readonly<Record<string, string>> = {
  'analytics.visit': 'what shoppers look at, many times a second; the shop’s analytics answer for it',
  'chat.message': 'what people say to each other; who takes part hears it over the chat’s own socket',
  'webhooks.subscription': 'a receiver that is gone is told by mail',
};

export const PING = 'webhooks.ping';

export const EVENT_TYPES: readonly string[] = TOPICS.flatMap(({ events }) => Object.keys(events)).toSorted();

/** Whoever asks for one of these hears of the type: `orders.order.placed`, `orders.order.*`, `orders.*`, `*`. */
export function patternsOf(type: string): readonly string[] {
  const words = type.split('.');
  return [type, ...words.slice(1).map((_, n) => `${words.slice(0, n + 1).join('.')}.*`), '*'];
}

export function typesOf(pattern: string): readonly string[] {
  return EVENT_TYPES.filter((type) => patternsOf(type).includes(pattern));
}

/** Whose data a type tells of. */
export function domainOf(type: string): string {
  return type.slice(0, type.indexOf('.'));
}
