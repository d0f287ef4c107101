/**
 * The command line: `npx shopmind …` and `kubectl shopmind …`. A command is loaded only when it is called,
 * so that help and errors answer at once.
 */
import { Command, CommanderError, Option as CommanderOption } from 'commander';
import { createCli, type CliOptions, type Io } from './cli.ts';
import type { Call, CommandDefinition, Flags, Option } from './command.ts';
import { loadAll, loadOne } from './commands.ts';
import { describeFailure, EXIT, Failure, Interrupted } from './failure.ts';
import { CLUSTER_OPTIONS, COLOURS, GLOBAL_OPTIONS } from './options.ts';

/** Runs one command line. Never rejects. @returns the exit code */
export async function main(args: readonly string[], io: Io): Promise<number> {
  let code = 0;
  try {
    // What a shell asks: no command of a person's, so it is in no help.
    if (args[0] === '__complete') {
      const { answerShell } = await import('./completion/answer.ts');
      return await answerShell(args.slice(1), io);
    }
    const program = await programFor(args, io, (exit) => {
      code = exit;
    });
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    if (error instanceof Interrupted) return EXIT.interrupted;
    io.stderr.write(describeFailure(error));
    return error instanceof Failure ? error.exitCode : EXIT.failure;
  }
}

async function programFor(args: readonly string[], io: Io, onExit: (code: number) => void): Promise<Command> {
  const root = new Command('shopmind')
    .description('Thousands of AI-assisted shops on any Kubernetes, or on none.')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text),
    })
    .showHelpAfterError('(--help shows what there is)');
  // What stands before the command must not win, by its default, over what stands after it.
  addOptions(root, [...GLOBAL_OPTIONS, ...CLUSTER_OPTIONS], false);
  // Every word that could be the command: an option before it may have a value of that name.
  const named = (await Promise.all(args.map((word) => loadOne(word)))).filter((one) => one !== undefined);
  for (const definition of named.length === 0 ? await loadAll() : new Set(named))
    addCommand(root, definition, io, onExit);
  return root;
}

function addCommand(
  root: Command,
  definition: CommandDefinition,
  io: Io,
  onExit: (code: number) => void,
): void {
  const command = root
    .command(definition.name)
    .summary(definition.summary)
    .description([definition.summary, definition.about].filter((text) => text !== undefined).join('\n\n'))
    .helpGroup(`${definition.group}:`);
  for (const { name, summary, required, rest } of definition.arguments ?? []) {
    const written = rest === true ? `${name}...` : name;
    command.argument(required === true ? `<${written}>` : `[${written}]`, summary);
  }
  addOptions(command, definition.options ?? []);
  addOptions(command, [...GLOBAL_OPTIONS, ...(definition.cluster === false ? [] : CLUSTER_OPTIONS)]);
  command.addHelpText('after', () => closing(definition));
  command.action(async (...given: unknown[]) => {
    const values = command.optsWithGlobals<Readonly<Record<string, unknown>>>();
    const cli = createCli(io, cliOptions(values));
    // commander gives the arguments in order, then the options, then itself.
    const words = given.slice(0, definition.arguments?.length ?? 0);
    const call: Call = {
      cli,
      args: words.map((word) => (typeof word === 'string' ? word : undefined)),
      rest: words.flatMap((word) => (Array.isArray(word) ? word.map(String) : [])),
      flags: flagsOf(values),
    };
    onExit((await definition.run(call)) ?? 0);
  });
}

function addOptions(command: Command, options: readonly Option[], withDefaults = true): void {
  for (const { flags, summary, default: fallback, required, completes } of options) {
    const option = new CommanderOption(flags, summary);
    if (fallback !== undefined && withDefaults) option.default(fallback);
    if (required === true) option.makeOptionMandatory();
    if (typeof completes === 'object') option.choices(completes);
    command.addOption(option);
  }
}

function cliOptions(values: Readonly<Record<string, unknown>>): CliOptions {
  const { text, on } = flagsOf(values);
  return {
    quiet: on('quiet'),
    colour: COLOURS.find((mode) => mode === text('color')) ?? 'auto',
    target: { kubeconfig: text('kubeconfig'), context: text('context'), namespace: text('namespace') },
  };
}

function flagsOf(values: Readonly<Record<string, unknown>>): Flags {
  return {
    text(name) {
      const value = values[name];
      return typeof value === 'string' ? value : undefined;
    },
    all(name) {
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    on: (name) => values[name] === true,
  };
}

function closing({ examples, exitCodes = {} }: CommandDefinition): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, what]) => `  kubectl shopmind ${line.padEnd(width)}  ${what}`);
  const codes = Object.entries(exitCodes).map(([code, what]) => `  ${code}  ${what}`);
  return [
    ...(lines.length === 0 ? [] : ['', 'Examples:', ...lines]),
    ...(codes.length === 0 ? [] : ['', 'Exit codes:', ...codes]),
  ].join('\n');
}
