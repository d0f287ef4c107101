/**
 * Says CEL expressions so that the evaluator understands them as Kubernetes does: `has()` takes any operand (the evaluator takes
 * only chains of names, so `has(a[k].b)` becomes `(a[k]).?b.hasValue()`), and `matches()` takes Go's regular expressions.
 */

/** What `matches` is called here: the evaluator's own speaks JavaScript's dialect. */
export const goMatches = 'matchesGo';

/** The expression for the evaluator. */
export function forEvaluator(source: string): string {
  return withGoMatches(withGeneralHas(source));
}

/** Something of the evaluator's that Kubernetes does not have; undefined when there is none. */
export function foreignName(source: string): string | undefined {
  return /\bcel\s*\.\s*bind\b/.test(withoutLiterals(source)) ? 'cel' : undefined;
}

function withGoMatches(source: string): string {
  return outsideLiterals(source, (code) => code.replaceAll(/\.(\s*)matches(\s*\()/g, `.$1${goMatches}$2`));
}

function withoutLiterals(source: string): string {
  return outsideLiterals(
    source,
    (code) => code,
    () => '""',
  );
}

function outsideLiterals(
  source: string,
  code: (text: string) => string,
  literal = (text: string): string => text,
): string {
  let result = '';
  let begin = 0;
  for (let at = 0; at < source.length;) {
    const text = literalAt(source, at);
    if (text === undefined) {
      at += 1;
      continue;
    }
    result += code(source.slice(begin, at)) + literal(text);
    at += text.length;
    begin = at;
  }
  return result + code(source.slice(begin));
}

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
