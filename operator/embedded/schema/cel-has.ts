/**
 * CEL's `has()` for any operand. The evaluator takes only chains of names; `has(a[k].b)` is said to it as `(a[k]).?b.hasValue()`.
 */

/** Rewrites the calls of `has` in an expression that the evaluator would refuse; others stay as they are. */
export function withGeneralHas(source: string): string {
  return replaceHas(source, (argument, call) => {
    const dot = lastDot(argument);
    const [operand, field] = [argument.slice(0, dot), argument.slice(dot + 1)];
    if (dot < 0 || !/[[(]/.test(operand) || !/^\s*\w+\s*$/.test(field)) return `${call}${argument})`;
    return `(${withGeneralHas(operand)}).?${field.trim()}.hasValue()`;
  });
}

/** Rewrites the calls of `has` to an expression of the same type that reads the field: for finding fields that cannot be there. */
export function withoutHas(source: string): string {
  return replaceHas(source, (argument) => {
    const plain = withoutHas(argument);
    return `(dyn(${plain}) == dyn(${plain}))`;
  });
}

function replaceHas(source: string, rewrite: (argument: string, call: string) => string): string {
  if (!/\bhas\s*\(/.test(source)) return source;
  let result = '';
  let at = 0;
  while (at < source.length) {
    const text = literalAt(source, at);
    const call =
      text === undefined && !/[\w.]/.test(source[at - 1] ?? '') ? /^has\s*\(/.exec(source.slice(at)) : null;
    if (call === null) {
      result += text ?? source[at];
      at += text?.length ?? 1;
      continue;
    }
    const open = at + call[0].length;
    const close = closing(source, open);
    result += rewrite(source.slice(open, close), source.slice(at, open));
    at = close + 1;
  }
  return result;
}

/** The string literal that begins here, if one does. */
function literalAt(source: string, at: number): string | undefined {
  const quote = source[at];
  if (quote !== '"' && quote !== "'") return undefined;
  for (let end = at + 1; end < source.length; end += 1) {
    if (source[end] === '\\') end += 1;
    else if (source[end] === quote) return source.slice(at, end + 1);
  }
  return source.slice(at);
}

/** Where the bracket that was opened before `from` closes; the end of the text when it never does. */
function closing(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length;) {
    const text = literalAt(source, at);
    const character = source[at] ?? '';
    if (text === undefined && '([{'.includes(character)) depth += 1;
    if (text === undefined && ')]}'.includes(character)) {
      if (depth === 0) return at;
      depth -= 1;
    }
    at += text?.length ?? 1;
  }
  return source.length;
}

/** The last dot that is outside brackets and literals. */
function lastDot(source: string): number {
  let last = -1;
  for (let at = 0; at < source.length;) {
    const character = source[at] ?? '';
    const text = literalAt(source, at);
    if (text !== undefined) at += text.length;
    else if ('([{'.includes(character)) at = closing(source, at + 1) + 1;
    else {
      if (character === '.') last = at;
      at += 1;
    }
  }
  return last;
}
