/**
 * Draws the same view again with every change. On a terminal in place; elsewhere one whole view after the other, each once.
 */
import type { Client } from '../../kube/client.ts';
import { isAborted, isForbidden } from '../../kube/errors.ts';
import type { ResourceType } from '../../kube/types.ts';
import type { Cli } from '../cli.ts';
import { pause, type Selection } from '../cluster/watch.ts';
import { Interrupted } from '../failure.ts';

/** Objects whose changes are waited for. */
export interface Subject {
  readonly type: ResourceType;
  readonly options: Selection;
}

/** Changes come in bursts: one drawing for all of them. */
const SETTLE_MS = 150;
/** Ages grow although nothing changes. */
const REFRESH_MS = 10_000;

/** Ends when the user stops it. @throws Interrupted then */
export async function live(
  cli: Cli,
  client: Client,
  subjects: readonly Subject[],
  draw: () => Promise<string>,
): Promise<never> {
  const signal = cli.interrupted();
  const screen = createScreen(cli);
  let wake = (): void => undefined;
  const changed = (): void => wake();
  const watching = subjects.map((subject) => follow(client, subject, signal, changed));
  try {
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      screen.show(await draw());
      await Promise.race([next, pause(cli.stdout.isTTY === true ? REFRESH_MS : undefined, signal)]);
      await pause(SETTLE_MS, signal);
    }
  } finally {
    screen.close();
    await Promise.all(watching);
  }
  throw new Interrupted();
}

/** Calls `changed` for each event until the signal says stop. What may not be watched is not followed. */
async function follow(
  client: Client,
  { type, options }: Subject,
  signal: AbortSignal,
  changed: () => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { metadata } = await client.list(type, { ...options, limit: 1, signal });
      await client.watch(type, { ...options, resourceVersion: metadata.resourceVersion, signal }, (event) => {
        if (event.type !== 'BOOKMARK') changed();
      });
    } catch (error) {
      if (isAborted(error) || isForbidden(error)) return;
      // The connection broke, or the version was too old: what changed meanwhile is in the next view.
      changed();
      await pause(1_000, signal);
    }
  }
}

interface Screen {
  show(text: string): void;
  close(): void;
}

function createScreen({ stdout, style }: Cli): Screen {
  let last: string | undefined;
  if (stdout.isTTY !== true) {
    return {
      show(text) {
        if (text === last) return;
        stdout.write(`${last === undefined ? '' : '\n'}${text}\n`);
        last = text;
      },
      close: () => undefined,
    };
  }
  // The alternate screen: what stood on the terminal before is there again afterwards.
  stdout.write('\u001b[?1049h\u001b[?25l');
  return {
    show(text) {
      const rows = Math.max(1, (stdout.rows ?? 24) - 1);
      const lines = text.split('\n');
      const fitting =
        lines.length > rows
          ? [...lines.slice(0, rows - 1), style.dim(`… ${lines.length - rows + 1} more lines`)]
          : lines;
      stdout.write(`\u001b[H${fitting.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`);
      last = text;
    },
    close() {
      stdout.write('\u001b[?25h\u001b[?1049l');
      if (last !== undefined) stdout.write(`${last}\n`);
    },
  };
}
