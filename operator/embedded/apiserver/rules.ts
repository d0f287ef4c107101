/** What the registry asks of each kind: schema, defaults, what a write may change, and what is valid. */
import type { Cause } from './errors.ts';
import type { KubeObject } from './objects.ts';
import type { ResourceType } from './resources.ts';
import type { Schema } from '../schema/schema.ts';
import type { Entry } from '../store/store.ts';

/** Which part of an object a write addresses; the empty string is the whole. */
export type Part =
  | ''
  | 'status'
  | 'scale'
  | 'finalize'
  | 'binding'
  | 'ephemeralcontainers'
  | 'resize'
  | 'approval';

/** Where a kind keeps what its scale subresource shows. */
export interface ScalePaths {
  readonly spec: readonly string[];
  readonly status: readonly string[];
  readonly selector: readonly string[] | undefined;
}

/** How stored objects of a custom kind become objects of one of its versions. */
export interface Versions {
  /** Whether an entry of this version is known to be as the version's schema wants it: it was written under that schema. */
  isWhole(entry: Entry): boolean;
  /** Prunes an object of this version and fills in its defaults, in place. */
  complete(object: KubeObject): void;
  /** Removes what this version does not know, in place. */
  prune(object: KubeObject): void;
  /** The same kind in another version, served or not. */
  typeOf(version: string): ResourceType | undefined;
  /**
   * Brings objects, which are left as they are, into this version; absent where versions differ in apiVersion only.
   * @throws {ApiError} 500 when the webhook fails or answers with something else
   */
  readonly webhook?: (objects: readonly KubeObject[], target: ResourceType) => Promise<KubeObject[]>;
}

export interface KindRules {
  /** Absent for built-in kinds, which `conversion.ts` converts. */
  readonly versions?: Versions;
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
