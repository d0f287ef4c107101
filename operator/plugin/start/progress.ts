/**
 * Shows what is awaited and how long each step took: a living line on a terminal, one line a step elsewhere.
 * Messages go to stderr, so that stdout stays free for the table a script may read.
 */

export interface Progress {
  /** Begins a step; the returned function ends it. Steps may overlap. */
  step(name: string): (outcome?: string) => void;
  /** A line of its own, above the living one. */
  say(line: string): void;
  close(): void;
}

export interface ProgressOptions {
  readonly out: NodeJS.WriteStream;
  readonly now: () => number;
  readonly colour: boolean;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;

export function createProgress({ out, now, colour }: ProgressOptions): Progress {
  const awaited = new Map<string, number>();
  const alive = out.isTTY === true;
  let frame = 0;
  const green = paint(colour, 32);
  const dim = paint(colour, 2);

  const clear = (): void => {
    if (alive) out.write('\r\u001b[2K');
  };
  const draw = (): void => {
    if (!alive || awaited.size === 0) return;
    const names = [...awaited].map(([name, since]) => `${name} ${seconds(now() - since)}`).join(dim(' · '));
    clear();
    out.write(
      `${FRAMES[frame % FRAMES.length] ?? ''} ${names}`.slice(0, (out.columns ?? 80) - 1 + (colour ? 9 : 0)),
    );
  };
  const timer = alive
    ? setInterval(() => {
        frame += 1;
        draw();
      }, FRAME_MS).unref()
    : undefined;
  const line = (text: string): void => {
    clear();
    out.write(`${text}\n`);
    draw();
  };

  return {
    step(name) {
      const since = now();
      awaited.set(name, since);
      draw();
      return (outcome) => {
        if (!awaited.delete(name)) return;
        line(
          `${green('✓')} ${name}${outcome === undefined ? '' : `: ${outcome}`} ${dim(seconds(now() - since))}`,
        );
      };
    },
    say: line,
    close() {
      clearInterval(timer);
      clear();
      awaited.clear();
    },
  };
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)}s`;
}

function paint(colour: boolean, code: number): (text: string) => string {
  return (text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
}
