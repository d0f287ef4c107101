/** What the registry asks of each kind: schema, defaults, what a write may change, and what is valid. */
import type { Cause } from './errors.ts';
import type { KubeObject } from './objects.ts';
import type { Schema } from '../schema/schema.ts';

/** Which part of an object a write addresses; the empty string is the whole. */
export type Part = '' | 'status' | 'scale' | 'finalize' | 'binding' | 'ephemeralcontainers' | 'resize';

/** Where a kind keeps what its scale subresource shows. */
export interface ScalePaths {
  readonly spec: readonly string[];
  readonly status: readonly string[];
  readonly selector: readonly string[] | undefined;
}

export interface KindRules {
  /** Where the scale subresource finds its figures; absent where they stand as in a Deployment. */
  readonly scale?: ScalePaths;
  /** Prunes, defaults and validates what it describes; absent where the kind is open. */
  readonly schema?: Schema;
  /** The schema with apiVersion, kind and metadata, where `schema` leaves these out. */
  readonly wholeSchema?: Schema;
  /** Fills in what was left open. Runs on every write, so it must not change what it has set before. */
  readonly setDefaults?: (object: KubeObject, old: KubeObject | undefined) => void;
  /** Sets what only the server may decide when the object is made, such as a first status. */
  readonly prepareCreate?: (object: KubeObject) => void;
  readonly prepareUpdate?: (object: KubeObject, old: KubeObject, part: Part) => void;
  /** Causes beyond the schema's; none when the object is valid. */
  readonly validate?: (object: KubeObject, old: KubeObject | undefined, part: Part) => readonly Cause[];
  /** The CEL rules of the schema; asked only when everything else is valid. */
  readonly validateRules?: (object: KubeObject, old: KubeObject | undefined) => readonly Cause[];
  /** Told to whoever uses this version, when it is on its way out. */
  readonly deprecation?: string;
  /** How names of this kind are written; default: a DNS subdomain. */
  readonly nameForm?: NameForm;
}

export type NameForm = 'subdomain' | 'label' | 'service' | 'path';
