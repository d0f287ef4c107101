/** What the operator may write into an account at the stand-in for PayPal. */

export interface GivenAccount {
  readonly tenant: string;
  /** The client id. */
  readonly id: string;
  readonly clientSecret: string;
  readonly webhookId: string;
  readonly webhookUrl: string;
}

const TEXTS: Readonly<Record<string, { readonly pattern: RegExp; readonly what: string }>> = {
  id: { pattern: /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/, what: 'a DNS label' },
  clientId: { pattern: /^[A-Za-z0-9_-]{16,128}$/, what: '16 to 128 letters, digits, _ and -' },
  clientSecret: { pattern: /^[A-Za-z0-9_-]{16,128}$/, what: '16 to 128 letters, digits, _ and -' },
  webhookId: { pattern: /^[A-Z0-9]{8,64}$/, what: '8 to 64 capital letters and digits' },
  webhookUrl: { pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, what: 'an http or https URL' },
};

/** @returns the account, or a text that names every field that is wrong */
export function readPayPalAccount(given: unknown): GivenAccount | string {
  if (typeof given !== 'object' || given === null) return 'expected object';
  const input: Readonly<Record<string, unknown>> = { ...given };
  const fields = Object.entries(TEXTS);
  const wrong = [
    ...fields
      .filter(([name, { pattern }]) => !fits(input[name], pattern))
      .map(([name, { what }]) => `${name}: expected ${what}`),
    ...Object.keys(input)
      .filter((name) => !(name in TEXTS))
      .map((name) => `${name}: there is no such field`),
  ];
  if (wrong.length > 0) return wrong.join('; ');
  const text = (name: string): string => String(input[name]);
  return {
    tenant: text('id'),
    id: text('clientId'),
    clientSecret: text('clientSecret'),
    webhookId: text('webhookId'),
    webhookUrl: text('webhookUrl'),
  };
}

function fits(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && value.length <= 2_000 && pattern.test(value);
}
