/** What every handler works with: the store, the resources served and the rules of their kinds. */
import type { Store } from '../store/store.ts';
import type { Admission } from './admission/admission.ts';
import type { Authorizer } from './authz/authorizer.ts';
import type { Catalog } from './catalog.ts';
import type { Codec } from './codec.ts';
import type { Counters } from './counters.ts';
import type { Providers } from './providers.ts';
import type { ResourceType } from './resources.ts';
import type { KindRules } from './rules.ts';
import type { Column } from './table/table.ts';
import type { Tokens } from './tokens.ts';

/** The part of a pino logger that is used here. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Cluster {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly codec: Codec;
  readonly admission: Admission;
  readonly authorizer: Authorizer;
  readonly tokens: Tokens;
  readonly providers: Providers;
  readonly log: Logger;
  readonly counters: Counters;
  /** What is known of a kind beyond its place in discovery. */
  rulesOf(type: ResourceType): KindRules;
  /** The columns of a table of its objects. */
  columnsOf(type: ResourceType): readonly Column[];
  now(): Date;
}
