/** What the stand-in for PayPal keeps, with PayPal's field names where they are shown. */

export interface PayPalAccount {
  /** The client id. */
  readonly id: string;
  readonly created: number;
  readonly clientSecret: string;
  readonly webhookId: string;
  readonly webhookUrl: string;
}

export interface Money {
  readonly currency_code: string;
  readonly value: string;
}

/** What the payer chose that shall become of the payment. */
export type Choice = 'approve' | 'decline' | 'dispute';

export interface Authorization {
  readonly id: string;
  readonly status: 'CREATED' | 'CAPTURED' | 'VOIDED';
  readonly amount: Money;
}

export interface Capture {
  readonly id: string;
  readonly status: 'COMPLETED' | 'PARTIALLY_REFUNDED' | 'REFUNDED';
  readonly amount: Money;
  readonly final_capture: boolean;
  readonly create_time: string;
}

export interface PayPalRefund {
  readonly id: string;
  readonly status: 'COMPLETED';
  readonly amount: Money;
  readonly custom_id?: string;
  readonly create_time: string;
}

export interface PayPalOrder {
  readonly id: string;
  readonly created: number;
  readonly status: 'PAYER_ACTION_REQUIRED' | 'APPROVED' | 'COMPLETED';
  readonly amount: Money;
  readonly customId: string | undefined;
  /** What the shop calls its one purchase unit. */
  readonly reference: string;
  readonly returnUrl: string | undefined;
  readonly cancelUrl: string | undefined;
  readonly choice: Choice | undefined;
  readonly authorization: Authorization | undefined;
  readonly capture: Capture | undefined;
  readonly refunds: readonly PayPalRefund[];
}

export interface PayPalEvent {
  readonly id: string;
  readonly created: number;
  /** As it is sent. */
  readonly body: string;
}

export interface PayPalDispute {
  readonly id: string;
  readonly created: number;
  readonly capture: string;
  readonly amount: Money;
  readonly status: 'WAITING_FOR_SELLER_RESPONSE' | 'UNDER_REVIEW' | 'RESOLVED';
  readonly outcome: 'RESOLVED_BUYER_FAVOUR' | 'RESOLVED_SELLER_FAVOUR' | undefined;
  /** When that was, in seconds. */
  readonly resolved?: number;
}
