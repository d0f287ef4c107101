/** A payment, and the order it is for. */
export interface Named {
  readonly paymentId: string;
  readonly orderId: string;
}
