/**
 * Go regular expressions (RE2) as JavaScript ones.
 */

const compiled = new Map<string, RegExp | Error>();

/**
 * Compiles a Go regular expression, remembering the last few hundred.
 *
 * @returns the expression, or the error that says why it is not one.
 */
export function goPattern(source: string): RegExp | Error {
  const before = compiled.get(source);
  if (before !== undefined) return before;
  if (compiled.size > 500) compiled.clear();
  const result = compile(source);
  compiled.set(source, result);
  return result;
}

function compile(source: string): RegExp | Error {
  const leading = /^\(\?([imsU]+)\)/.exec(source);
  const flags = [...(leading?.[1] ?? '')].filter((flag) => flag !== 'U').join('');
  const body = source
    .slice(leading?.[0].length ?? 0)
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\[\[:(\w+):\]\]/g, (whole, name: string) =>
      classes[name] === undefined ? whole : `[${classes[name]}]`,
    )
    .replaceAll(/\[:(\w+):\]/g, (whole, name: string) => classes[name] ?? whole);
  try {
    return new RegExp(body, `u${flags}`);
  } catch {
    // Go accepts needless escapes such as `\-` that the unicode mode refuses.
    try {
      return new RegExp(body, flags);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}

const classes: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
  punct: '!-\\/:-@\\[-`{-~',
};
