/** How often the processor is asked, and how far back; one place, so that tests can make time short. */
import type { DisputesSettings } from './disputes/find.ts';
import type { PayoutsSettings } from './payouts/payouts.ts';

export interface PaymentsSettings {
  /** How often payments that are not settled are compared with the processor. */
  readonly reconcileSeconds: number;
  /** A payment that was not touched for this long is asked about. */
  readonly quietSeconds: number;
  /** How far back the processor's own list is compared with ours. */
  readonly lookBackSeconds: number;
  /** A shopper who looks at a pending payment makes us ask the processor, at most this often. */
  readonly glanceSeconds: number;
  /** Other than the usual. */
  readonly payouts?: Partial<PayoutsSettings>;
  readonly disputes?: Partial<DisputesSettings>;
}

export const SETTINGS: PaymentsSettings = {
  reconcileSeconds: 20,
  quietSeconds: 15,
  lookBackSeconds: 3_600,
  glanceSeconds: 2,
};
