/**
 * What a command may use of the world: where it writes, whom it asks, which cluster is meant, when to stop.
 * Tests make one with streams of their own.
 */
import type { ColourMode, Style } from './terminal/style.ts';
import { createStyle, wantsColour } from './terminal/style.ts';

/** A stream that is written to; `isTTY` and the size are there on a terminal. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The process around the command. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  /** Aborted when the user wants to stop. The process listens for signals from the first call on. */
  interrupted(): AbortSignal;
}

/** Which cluster is meant. */
export interface Target {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
}

export interface Cli extends Io {
  readonly target: Target;
  readonly quiet: boolean;
  /** For data on stdout. */
  readonly style: Style;
  /** For messages on stderr. */
  readonly notes: Style;
  /** A line of data. */
  print(text: string): void;
  /** A message for the person: progress, hints. Not with `--quiet`. */
  note(text: string): void;
  /** How the plugin was called, for suggestions: `kubectl shopmind` or `npx shopmind`. */
  readonly self: string;
}

export interface CliOptions {
  readonly target?: Partial<Target>;
  readonly quiet?: boolean;
  readonly colour?: ColourMode;
}

export function createCli(io: Io, options: CliOptions = {}): Cli {
  const { stdout, stderr, env } = io;
  const mode = options.colour ?? 'auto';
  const quiet = options.quiet ?? false;
  return {
    ...io,
    target: { kubeconfig: undefined, context: undefined, namespace: undefined, ...options.target },
    quiet,
    style: createStyle(wantsColour(mode, stdout.isTTY === true, env)),
    notes: createStyle(wantsColour(mode, stderr.isTTY === true, env)),
    print: (text) => void stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    note: (text) => void (quiet || stderr.write(`${text}\n`)),
    // kubectl tells its plugins nothing of itself; npm does.
    self: env['npm_lifecycle_event'] === undefined ? 'kubectl shopmind' : 'npx shopmind',
  };
}

/** The real process. */
export function processIo(): Io {
  let controller: AbortController | undefined;
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    now: Date.now,
    interrupted() {
      if (controller === undefined) {
        const stop = new AbortController();
        controller = stop;
        for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
          process.on(name, () => {
            // Who presses twice does not want to wait.
            if (stop.signal.aborted) process.exit(130);
            stop.abort();
          });
      }
      return controller.signal;
    },
  };
}
