/**
 * One thing a tenant consists of or depends on, and how it fares. Trees of them are what `tree` draws and where the root cause
 * of trouble is looked for.
 */

/** `failing` needs somebody, `waiting` may pass, `off` is so on purpose, `unknown` was not or could not be looked at. */
export type Health = 'ready' | 'waiting' | 'failing' | 'off' | 'unknown';

export interface Judgement {
  readonly health: Health;
  /** CamelCase word of whoever found it. */
  readonly reason?: string | undefined;
  /** Whole sentence; never cut. */
  readonly message?: string | undefined;
  /** RFC 3339; since when it is so. */
  readonly since?: string | undefined;
}

export interface HealthNode extends Judgement {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  /** Short facts beside the name: `2/2`, `restarted 3 times`. */
  readonly facts?: readonly string[];
  readonly children: readonly HealthNode[];
  /** Nodes elsewhere in the tree that it cannot do without, by `idOf`. */
  readonly needs?: readonly string[];
}

/** `Pod tenant-acme/runtime-5d9`: how people and commands name it. */
export function idOf({ kind, namespace, name }: Pick<HealthNode, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

export function isTrouble({ health }: Judgement): boolean {
  return health === 'failing' || health === 'waiting';
}
