/**
 * What the operator may write into an account, read by hand: a schema library would double this process's memory.
 */
import type { Account } from './store.ts';

const TEXTS: Readonly<Record<string, { pattern: RegExp; what: string; optional?: true }>> = {
  id: { pattern: /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/, what: 'a DNS label' },
  secretKey: { pattern: /^sk_test_[A-Za-z0-9]{8,200}$/, what: 'sk_test_ and at least 8 letters or digits' },
  publishableKey: {
    pattern: /^pk_test_[A-Za-z0-9]{8,200}$/,
    what: 'pk_test_ and at least 8 letters or digits',
  },
  webhookSecret: { pattern: /^whsec_[A-Za-z0-9]{8,200}$/, what: 'whsec_ and at least 8 letters or digits' },
  webhookUrl: { pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, what: 'an http or https URL' },
  webhookHost: {
    pattern: /^[A-Za-z0-9.:-]{1,255}$/,
    what: 'a host name, with a port if need be',
    optional: true,
  },
};
const EVENT = /^(\*|[a-z_.]{3,80})$/;

/** @returns the account, or a text that names every field that is wrong */
export function readAccount(given: unknown): Account | string {
  if (typeof given !== 'object' || given === null) return 'expected object';
  const input: Readonly<Record<string, unknown>> = { ...given };
  const wrong = Object.entries(TEXTS)
    .filter(
      ([name, { pattern, optional }]) =>
        !fits(input[name], pattern) && !(optional === true && input[name] === undefined),
    )
    .map(([name, { what }]) => `${name}: expected ${what}`);
  for (const name of Object.keys(input)) {
    if (!(name in TEXTS) && name !== 'enabledEvents') wrong.push(`${name}: there is no such field`);
  }
  const { enabledEvents } = input;
  if (enabledEvents !== undefined && !areEvents(enabledEvents))
    wrong.push('enabledEvents: expected at most 50 types of event');
  if (wrong.length > 0) return wrong.join('; ');
  const text = (name: string): string => String(input[name]);
  return {
    id: text('id'),
    secretKey: text('secretKey'),
    publishableKey: text('publishableKey'),
    webhookSecret: text('webhookSecret'),
    webhookUrl: text('webhookUrl'),
    webhookHost: input['webhookHost'] === undefined ? undefined : text('webhookHost'),
    enabledEvents: areEvents(enabledEvents) ? enabledEvents : undefined,
  };
}

function fits(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && value.length <= 2_000 && pattern.test(value);
}

function areEvents(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= 50 &&
    value.every((each) => typeof each === 'string' && EVENT.test(each))
  );
}
