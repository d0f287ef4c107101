/**
 * Test cards and what each of them does. A number is read once, turned into a behaviour, and never kept:
 * what is stored is brand, last four digits, expiry and the behaviour's name.
 */

/** What becomes of a payment made with a card. */
export type Behaviour =
  | 'succeed'
  | 'authenticate'
  | 'authenticate_then_decline'
  | 'authenticate_then_insufficient_funds'
  | 'dispute_fraudulent'
  | 'dispute_not_received'
  | 'refund_fails'
  | 'refund_pends'
  | Decline;

export type Decline =
  | 'generic_decline'
  | 'insufficient_funds'
  | 'lost_card'
  | 'stolen_card'
  | 'expired_card'
  | 'incorrect_cvc'
  | 'processing_error'
  | 'fraudulent'
  | 'test_mode_live_card';

export interface CardDetails {
  readonly brand: string;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
  readonly behaviour: Behaviour;
}

export interface CardProblem {
  readonly code: string;
  readonly param: string;
  readonly message: string;
}

const NUMBERS: Readonly<Record<string, Behaviour>> = {
  '4242424242424242': 'succeed',
  '4000056655665556': 'succeed',
  '5555555555554444': 'succeed',
  '2223003122003222': 'succeed',
  '5200828282828210': 'succeed',
  '378282246310005': 'succeed',
  '371449635398431': 'succeed',
  '6011111111111117': 'succeed',
  '3056930009020004': 'succeed',
  '3566002020360505': 'succeed',
  '6200000000000005': 'succeed',
  '4000002760000016': 'succeed',
  '4000008260000000': 'succeed',
  '4000003920000003': 'succeed',
  '4000000000000077': 'succeed',
  '4000000000003055': 'succeed',
  '4000000000003220': 'authenticate',
  '4000002500003155': 'authenticate',
  '4000002760003184': 'authenticate',
  '4000008400001629': 'authenticate_then_decline',
  '4000008260003178': 'authenticate_then_insufficient_funds',
  '4000000000000259': 'dispute_fraudulent',
  '4000000000002685': 'dispute_not_received',
  '4000000000005126': 'refund_fails',
  '4000000000007726': 'refund_pends',
  '4000000000000002': 'generic_decline',
  '4000000000000341': 'generic_decline',
  '4000000000009995': 'insufficient_funds',
  '4000000000009987': 'lost_card',
  '4000000000009979': 'stolen_card',
  '4000000000000069': 'expired_card',
  '4000000000000127': 'incorrect_cvc',
  '4000000000000119': 'processing_error',
  '4100000000000019': 'fraudulent',
};

/** Names that servers may use in place of a number, as Stripe's own test suite does. */
const NAMED: Readonly<Record<string, string>> = {
  pm_card_visa: '4242424242424242',
  pm_card_visa_debit: '4000056655665556',
  pm_card_mastercard: '5555555555554444',
  pm_card_amex: '378282246310005',
  pm_card_bypassPending: '4000000000000077',
  pm_card_threeDSecure2Required: '4000000000003220',
  pm_card_authenticationRequired: '4000002760003184',
  pm_card_createDispute: '4000000000000259',
  pm_card_createDisputeProductNotReceived: '4000000000002685',
  pm_card_refundFail: '4000000000005126',
  pm_card_pendingRefund: '4000000000007726',
  pm_card_chargeDeclined: '4000000000000002',
  pm_card_chargeCustomerFail: '4000000000000341',
  pm_card_chargeDeclinedInsufficientFunds: '4000000000009995',
  pm_card_chargeDeclinedLostCard: '4000000000009987',
  pm_card_chargeDeclinedStolenCard: '4000000000009979',
  pm_card_chargeDeclinedExpiredCard: '4000000000000069',
  pm_card_chargeDeclinedIncorrectCvc: '4000000000000127',
  pm_card_chargeDeclinedProcessingError: '4000000000000119',
  pm_card_radarBlock: '4100000000000019',
};

/** What the cardholder reads for each refusal; codes and words as Stripe's. */
export const DECLINES: Readonly<
  Record<Decline, { code: string; declineCode: string | undefined; message: string }>
> = {
  generic_decline: declined('generic_decline', 'Your card was declined.'),
  insufficient_funds: declined('insufficient_funds', 'Your card has insufficient funds.'),
  lost_card: declined('lost_card', 'Your card was declined.'),
  stolen_card: declined('stolen_card', 'Your card was declined.'),
  fraudulent: declined('fraudulent', 'Your card was declined.'),
  test_mode_live_card: declined(
    'test_mode_live_card',
    'Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, visit: https://stripe.com/docs/testing.',
  ),
  expired_card: { code: 'expired_card', declineCode: undefined, message: 'Your card has expired.' },
  incorrect_cvc: {
    code: 'incorrect_cvc',
    declineCode: undefined,
    message: "Your card's security code is incorrect.",
  },
  processing_error: {
    code: 'processing_error',
    declineCode: undefined,
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
};

/** Reads what a cardholder typed. Returns the first thing that is wrong with it, as Stripe words it. */
export function readCard(
  input: {
    number?: string | undefined;
    expMonth?: string | undefined;
    expYear?: string | undefined;
    cvc?: string | undefined;
  },
  now: Date,
): CardDetails | CardProblem {
  const number = (input.number ?? '').replaceAll(/[\s-]/g, '');
  if (!/^\d{12,19}$/.test(number) || !passesLuhn(number)) {
    return { code: 'incorrect_number', param: 'number', message: 'Your card number is incorrect.' };
  }
  const expMonth = Number(input.expMonth);
  if (!Number.isInteger(expMonth) || expMonth < 1 || expMonth > 12) {
    return {
      code: 'invalid_expiry_month',
      param: 'exp_month',
      message: "Your card's expiration month is invalid.",
    };
  }
  const expYear = fullYear(Number(input.expYear));
  const thisYear = now.getUTCFullYear();
  if (
    !Number.isInteger(expYear) ||
    expYear > thisYear + 50 ||
    lastMoment(expYear, expMonth) <= now.getTime()
  ) {
    const param = expYear < thisYear || !Number.isInteger(expYear) ? 'exp_year' : 'exp_month';
    const what = param === 'exp_year' ? 'year' : 'month';
    return { code: `invalid_expiry_${what}`, param, message: `Your card's expiration ${what} is invalid.` };
  }
  const brand = brandOf(number);
  if (!new RegExp(brand === 'amex' ? '^\\d{4}$' : '^\\d{3}$').test(input.cvc ?? '')) {
    return { code: 'invalid_cvc', param: 'cvc', message: "Your card's security code is invalid." };
  }
  return {
    brand,
    last4: number.slice(-4),
    expMonth,
    expYear,
    behaviour: NUMBERS[number] ?? 'test_mode_live_card',
  };
}

/** The card behind a name such as `pm_card_visa`, valid for years. */
export function namedCard(name: string, now: Date): CardDetails | undefined {
  const number = NAMED[name];
  const behaviour = number === undefined ? undefined : NUMBERS[number];
  if (number === undefined || behaviour === undefined) return undefined;
  return {
    brand: brandOf(number),
    last4: number.slice(-4),
    expMonth: 12,
    expYear: now.getUTCFullYear() + 3,
    behaviour,
  };
}

export function isDecline(behaviour: Behaviour): behaviour is Decline {
  return behaviour in DECLINES;
}

function brandOf(number: string): string {
  if (number.startsWith('4')) return 'visa';
  if (/^(5[1-5]|2[2-7])/.test(number)) return 'mastercard';
  if (/^3[47]/.test(number)) return 'amex';
  if (/^(6011|65|64[4-9])/.test(number)) return 'discover';
  if (/^3[068]/.test(number)) return 'diners';
  if (number.startsWith('35')) return 'jcb';
  if (number.startsWith('62')) return 'unionpay';
  return 'unknown';
}

/** The check digit of ISO/IEC 7812. */
function passesLuhn(number: string): boolean {
  let sum = 0;
  for (let index = 0; index < number.length; index += 1) {
    const digit = Number(number[number.length - 1 - index]);
    const weighed = index % 2 === 1 ? digit * 2 : digit;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

function declined(declineCode: string, message: string) {
  return { code: 'card_declined', declineCode, message };
}

function fullYear(year: number): number {
  return year >= 0 && year < 100 ? 2000 + year : year;
}

function lastMoment(year: number, month: number): number {
  return Date.UTC(year, month, 1);
}
