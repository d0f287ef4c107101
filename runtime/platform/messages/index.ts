/**
 * Who sends mail and SMS: providers' addresses, one after another with space between, in the order in which they are asked.
 * `MAIL_PROVIDERS: smtp://user:password@host:587` in Secret `platform`; `MAIL_PROVIDERS.acme` is for one dedicated tenant, `embedded`
 * takes it back. A shop's own secrets `mail-providers` and `sms-providers` are of the same form.
 */
import { parseAddress } from '../address/index.ts';
import type { Address } from '../address/index.ts';

const PROVIDERS = {
  mail: { key: 'MAIL_PROVIDERS', schemes: { smtp: 587, smtps: 465 } },
  sms: { key: 'SMS_PROVIDERS', schemes: { 'twilio+https': 443, 'twilio+http': 80 } },
} as const satisfies Readonly<Record<string, { key: string; schemes: Readonly<Record<string, number>> }>>;

export type ProvidedChannel = keyof typeof PROVIDERS;

/** As they were written, logins included; what is absent lies in the shop's outbox. */
export type ProvidersOfScope = Readonly<Partial<Record<ProvidedChannel, string>>>;

export interface Providers {
  readonly shared: ProvidersOfScope;
  /** By tenant: what differs. */
  readonly own: Readonly<Record<string, ProvidersOfScope>>;
}

const EMBEDDED = 'embedded';

/** @throws Error that says what is wrong and repeats nothing of the addresses: they are secrets */
function readProviders(channel: ProvidedChannel, text: string): readonly Address[] {
  return addressesIn(text).map((address) => readProvider(channel, address));
}

/** @throws Error as `readProviders` */
export function readProvider(channel: ProvidedChannel, text: string): Address {
  const schemes: Readonly<Record<string, number>> = PROVIDERS[channel].schemes;
  const defaultPort = schemes[/^[^:]*/.exec(text)?.[0] ?? ''];
  if (defaultPort === undefined)
    throw new Error(
      `a provider of ${channel} must begin with ${Object.keys(schemes)
        .map((one) => `${one}://`)
        .join(' or ')}`,
    );
  return parseAddress(text, defaultPort);
}

export function addressesIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((address) => address !== '');
}

/**
 * @param config data of ConfigMap platform, where no provider may be: its address holds a login
 * @param secret data of Secret platform, decoded
 * @param refuse throws with what is wrong, in words that name the key
 */
export function parseProviders(
  config: Readonly<Record<string, string>>,
  secret: Readonly<Record<string, string>>,
  refuse: (message: string) => never,
): Providers {
  const shared: Partial<Record<ProvidedChannel, string>> = {};
  const own: Record<string, Partial<Record<ProvidedChannel, string>>> = {};
  for (const channel of channels()) {
    const { key: variable } = PROVIDERS[channel];
    const isOurs = (key: string): boolean => key === variable || key.startsWith(`${variable}.`);
    const misplaced = Object.keys(config).find(isOurs);
    if (misplaced !== undefined) refuse(`${misplaced} holds a login: it belongs into the Secret`);
    for (const [key, value] of Object.entries(secret).filter(([name]) => isOurs(name))) {
      check(channel, key, value, refuse);
      const scope = key.slice(variable.length + 1);
      if (scope === '') shared[channel] = value;
      else (own[scope] ??= {})[channel] = value;
    }
  }
  return { shared, own };
}

/** Providers of a scope: the pool, or one dedicated tenant. */
export function providersOf({ shared, own }: Providers, scope: string): ProvidersOfScope {
  const chosen = { ...shared, ...own[scope] };
  return Object.fromEntries(Object.entries(chosen).filter(([, text]) => text !== EMBEDDED));
}

/** As variables of the runtime, and keys of its Secret. */
export function providerVariables(providers: ProvidersOfScope): Readonly<Record<string, string>> {
  return Object.fromEntries(
    channels().flatMap((channel) => {
      const text = providers[channel];
      return text === undefined ? [] : [[PROVIDERS[channel].key, text]];
    }),
  );
}

/** Where a scope's providers are. */
export function providerServers(providers: ProvidersOfScope): readonly Address['servers'][number][] {
  return channels().flatMap((channel) =>
    readProviders(channel, providers[channel] ?? '').flatMap(({ servers }) => servers),
  );
}

function check(
  channel: ProvidedChannel,
  key: string,
  value: string,
  refuse: (message: string) => never,
): void {
  if (value === EMBEDDED) return;
  try {
    readProviders(channel, value);
  } catch (error) {
    refuse(`${key}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function channels(): readonly ProvidedChannel[] {
  // The keys of a literal are its names.
  return Object.keys(PROVIDERS) as ProvidedChannel[];
}
