/** What a story is told with: requests that have to be answered as wished, and what people would see in between. */
import type { Actor } from '../actors.ts';
import type { FuzzRequest } from '../requests.ts';

/** An answer, as far as a story goes on with it. */
export type Said = any; // oxlint-disable-line typescript/no-explicit-any -- whatever the description of the operation says

/** Tells itself as far as it comes. @throws Refused where it is not answered as wished */
export type Story = (guide: Guide) => Promise<void>;

export interface Guide {
  readonly tenant: string;
  /** Where the shop's pages are, and its payment processor. */
  readonly origin: string;
  readonly pay: string;
  /** @throws Refused unless it is answered 2xx */
  ask(operation: string, asked?: Asked): Promise<Said>;
  /** Asks until the answer is as wished. @throws Refused when it never is */
  until(operation: string, asked: Asked, wished: (said: Said) => boolean): Promise<Said>;
  /** Asks as a browser does. @throws Refused unless it is led on */
  visit(operation: string, asked?: Asked): Promise<Led>;
  /** Somebody new, signed in: a customer of this address, or an owner of the shop. */
  enter(email: string, kind?: 'customer' | 'owner'): Promise<Actor>;
  /** The customer whose session this token is of. */
  known(token: string): Actor;
  /** What was mailed to somebody last: the token of the link to one of these pages. */
  mailed(email: string, pages: readonly string[]): Promise<string>;
  /** Headers that prove an event to be PayPal's. */
  signed(event: string): Promise<Record<string, string>>;
  readonly elsewhere: Elsewhere;
  /** Never the same twice. */
  fresh(word: string): string;
}

/** Where a browser is led, and the cookie that it is given: `name=value`; empty: none. */
export interface Led {
  readonly to: URL;
  readonly cookie: string;
}

/** An OpenID provider that people have accounts at. */
export interface Elsewhere {
  readonly issuer: string;
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  /** Somebody of this address, who is led there, signs in. @returns where they are led back to */
  signIn(address: URL, email: string): Promise<URL>;
}

export type Asked = Partial<
  Pick<FuzzRequest, 'path' | 'query' | 'json' | 'bytes' | 'contentType' | 'headers'>
> & {
  /** Otherwise whoever has the admin key, or nobody. */
  readonly as?: Actor;
};

export class Refused extends Error {
  override readonly name = 'Refused';
}

/** @throws what is no refusal */
export function orRefused(error: unknown): Refused {
  if (error instanceof Refused) return error;
  throw error;
}
