/**
 * Colour and emphasis, or neither: every command writes through a style, so that a pipe never sees a control code.
 */

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly magenta: Paint;
  readonly cyan: Paint;
}

export type Paint = (text: string) => string;

export type ColourMode = 'auto' | 'always' | 'never';

/**
 * Whether a stream gets colour. `always` and `never` are the user's word; otherwise a terminal does, unless NO_COLOR is set to
 * anything but nothing (no-color.org) or the terminal says it is dumb.
 */
export function wantsColour(
  mode: ColourMode,
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (mode !== 'auto') return mode === 'always';
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

export function createStyle(colour: boolean): Style {
  const paint =
    (open: number, close: number): Paint =>
    (text) =>
      colour && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    magenta: paint(35, 39),
    cyan: paint(36, 39),
  };
}

export const PLAIN = createStyle(false);

// The control character is what is looked for.
// oxlint-disable-next-line no-control-regex
const CONTROL = /\u001b\[[0-9;]*m/g;

/** The text without its colours. */
export const stripped = (text: string): string => text.replaceAll(CONTROL, '');
