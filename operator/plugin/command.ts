/**
 * What a command says of itself. Help, completion, docs/plugin.md and the roles of `rbac` are all drawn from these values, and
 * nothing of them is written twice. A definition is data: its `run` loads the work only when the command is called.
 */
import type { Cli } from './cli.ts';

/** What a word on the command line names, so that a shell can complete it. */
export type Completes = 'tenant' | 'service' | 'domain' | 'file' | readonly string[];

export interface Argument {
  readonly name: string;
  readonly summary: string;
  readonly required?: boolean;
  /** Takes all words that are left. */
  readonly rest?: boolean;
  readonly completes?: Completes;
}

export interface Option {
  /** As commander reads it: `-o, --output <format>`. */
  readonly flags: string;
  readonly summary: string;
  readonly default?: string;
  /** The command cannot do without it. */
  readonly required?: boolean;
  readonly completes?: Completes;
}

/** One permission a command uses: the smallest role that runs it has exactly these. */
export interface Need {
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** `cluster`: everywhere; `system`: in shopmind-system; `tenant`: where the tenant's objects are. */
  readonly where: 'cluster' | 'system' | 'tenant';
  readonly why: string;
  /** Without it the command still works, and says what it leaves out. */
  readonly optional?: boolean;
}

export type Group = 'Look' | 'Change' | 'Roll out' | 'Data' | 'Installation';

export interface CommandDefinition {
  readonly name: string;
  readonly group: Group;
  readonly summary: string;
  /** More than the summary: what it shows, what it leaves alone. */
  readonly about?: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** Command lines without the leading `kubectl shopmind`, and what each is for. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** Exit codes with a meaning of this command's own; the common ones are in `failure.ts`. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  readonly needs: readonly Need[];
  /** False: speaks to no cluster, so it takes no `--context`. */
  readonly cluster?: false;
  readonly run: (call: Call) => Promise<number | void>;
}

export interface Call {
  readonly cli: Cli;
  /** By position; an argument that was left out is undefined. */
  readonly args: readonly (string | undefined)[];
  /** The words of the `rest` argument. */
  readonly rest: readonly string[];
  readonly flags: Flags;
}

/** Options by their long name in camelCase, as text: each command parses what it was given. */
export interface Flags {
  /** The option's value. */
  text(name: string): string | undefined;
  /** The values of an option that takes several, in the order given. */
  all(name: string): readonly string[];
  /** Whether a switch was given; `--no-x` makes `x` false. */
  on(name: string): boolean;
}

/** Reads Secrets of a tenant, each by its name. */
export function readSecret(why: string): Need {
  return { group: '', resources: ['secrets'], verbs: ['get'], where: 'tenant', why };
}

/** The permissions most commands begin with. */
export const READ_TENANTS: Need = {
  group: 'shopmind.ai',
  resources: ['shopmindtenants'],
  verbs: ['get', 'list'],
  where: 'cluster',
  why: 'finds the tenant, and suggests one when the name is misspelt',
};

/** Of commands that list several tenants: a tenant of its own is named, not looked for in a namespace. */
export const NAMESPACE: Option = {
  flags: '-n, --namespace <name>',
  summary: 'only what lives in this namespace',
};

export const OUTPUT: Option = {
  flags: '-o, --output <format>',
  summary: 'text, json or yaml',
  default: 'text',
  completes: ['text', 'json', 'yaml'],
};

export const TENANT: Argument = {
  name: 'tenant',
  summary: 'name of a tenant',
  required: true,
  completes: 'tenant',
};

export const YES: Option = { flags: '-y, --yes', summary: 'do not ask' };
