/**
 * What a shell may offer for the word under the cursor: commands, options, choices, and names asked of the cluster. Pure but for
 * the names, which are asked for only where one can stand.
 */
import { DOMAINS } from '../../../crds/tenant.ts';
import type { Argument, CommandDefinition, Completes, Option } from '../command.ts';

export interface Candidate {
  readonly value: string;
  readonly summary: string;
}

/** `file`: the shell knows files better than anybody. */
export type Completion = readonly Candidate[] | 'file';

/** Names that only the cluster knows. */
export interface Names {
  tenants(): Promise<readonly Candidate[]>;
  /** Services and the domains they host, of one tenant. */
  services(tenant: string | undefined): Promise<readonly Candidate[]>;
}

export interface Grammar {
  readonly commands: readonly CommandDefinition[];
  /** Options that every command has, and those of commands that speak to a cluster. */
  readonly globals: readonly Option[];
  readonly clusterOptions: readonly Option[];
}

/** Whose logs and figures can be asked for. */
const COMPONENTS: readonly string[] = [...DOMAINS, 'operator', 'gateway', 'storefront'];

/** @param words after the program's name; the last one is the word under the cursor, perhaps empty */
export async function complete(
  words: readonly string[],
  grammar: Grammar,
  names: Names,
): Promise<Completion> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commandIn(before, grammar);
  const options = optionsOf(command, grammar);
  const previous = before.at(-1);
  const [inline] = /^(--[a-z-]+)=/.exec(current) ?? [];
  const awaited =
    inline === undefined
      ? options.find((option) => takesValue(option) && isNamed(option, previous))
      : options.find((option) => isNamed(option, inline.slice(0, -1)));
  if (awaited !== undefined) {
    const found = await candidatesFor(awaited.completes, undefined, names);
    return found === 'file'
      ? 'file'
      : matching(
          inline === undefined ? found : found.map((one) => ({ ...one, value: `${inline}${one.value}` })),
          current,
        );
  }
  if (current.startsWith('-')) return matching(options.flatMap(spellings), current);
  if (command === undefined)
    return matching(
      grammar.commands.map(({ name, summary }) => ({ value: name, summary })),
      current,
    );
  const given = positionals(before.slice(before.indexOf(command.name) + 1), options);
  const argument = argumentAt(command.arguments ?? [], given.length);
  const found = await candidatesFor(argument?.completes, given[0], names);
  return found === 'file'
    ? 'file'
    : matching(
        found.filter(({ value }) => !given.includes(value)),
        current,
      );
}

function commandIn(words: readonly string[], grammar: Grammar): CommandDefinition | undefined {
  const [first] = positionals(words, [...grammar.globals, ...grammar.clusterOptions]);
  return grammar.commands.find(({ name }) => name === first);
}

function optionsOf(command: CommandDefinition | undefined, grammar: Grammar): readonly Option[] {
  const cluster = command?.cluster === false ? [] : grammar.clusterOptions;
  return [...(command?.options ?? []), ...grammar.globals, ...cluster];
}

/** Words that are neither options nor their values. */
function positionals(words: readonly string[], options: readonly Option[]): readonly string[] {
  const found: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) found.push(word);
    else if (options.some((option) => takesValue(option) && isNamed(option, word))) index += 1;
  }
  return found;
}

function argumentAt(all: readonly Argument[], position: number): Argument | undefined {
  const last = all.at(-1);
  return all[position] ?? (last?.rest === true ? last : undefined);
}

async function candidatesFor(
  completes: Completes | undefined,
  tenant: string | undefined,
  names: Names,
): Promise<Completion> {
  if (completes === undefined) return [];
  if (completes === 'file') return 'file';
  if (completes === 'tenant') return names.tenants();
  if (completes === 'service') return names.services(tenant);
  if (completes === 'domain') return COMPONENTS.map((value) => ({ value, summary: '' }));
  return completes.map((value) => ({ value, summary: '' }));
}

function matching(candidates: readonly Candidate[], current: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(current));
}

function takesValue({ flags }: Option): boolean {
  return /[<[]/.test(flags);
}

function isNamed({ flags }: Option, word: string | undefined): boolean {
  return word !== undefined && spelled(flags).includes(word);
}

/** `-o, --output <format>` → `-o`, `--output`. */
function spelled(flags: string): readonly string[] {
  return flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));
}

function spellings({ flags, summary }: Option): readonly Candidate[] {
  // One spelling is enough to choose from: the long one.
  const long = spelled(flags).find((one) => one.startsWith('--'));
  return long === undefined ? [] : [{ value: long, summary }];
}
