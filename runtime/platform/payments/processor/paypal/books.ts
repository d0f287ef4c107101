/** What the stand-in's requests read and write, and how they refuse, in PayPal's shape. */
import type { Reply } from '../errors.ts';
import type { PayPalDispute, PayPalOrder } from './objects.ts';

/** One account's books during one request. Lives only inside a commit of the store. */
export interface PayPalBooks {
  readonly now: Date;
  /** Base of the API as browsers reach it. */
  readonly publicUrl: string;
  order(id: string): PayPalOrder | undefined;
  /** The order that a payment of this id belongs to. */
  holding(paymentId: string): PayPalOrder | undefined;
  put(order: PayPalOrder): void;
  putDispute(dispute: PayPalDispute): void;
  tell(type: string, resourceType: string, resource: object): void;
}

export function unprocessable(issue: string): Reply {
  const message =
    'The requested action could not be performed, semantically incorrect, or failed business validation.';
  return { status: 422, body: { name: 'UNPROCESSABLE_ENTITY', message, details: [{ issue }] } };
}

export function noSuchResource(): Reply {
  const message = 'The specified resource does not exist.';
  return {
    status: 404,
    body: { name: 'RESOURCE_NOT_FOUND', message, details: [{ issue: 'INVALID_RESOURCE_ID' }] },
  };
}

/** The value at a key of whatever was sent. */
export function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}
