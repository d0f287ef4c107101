/**
 * Where in HTML a piece of text ends: a value that stands there can be escaped so that it stays text, or it cannot and is refused.
 * Not a parser of pages: as much of the tokenizer of the HTML standard as tells these places apart.
 */

export type HtmlState =
  /** Between tags. */
  | { readonly in: 'text' }
  /** Within `<…>`, outside of any value. */
  | { readonly in: 'tag'; readonly attribute: string }
  /** Within a quoted value. */
  | { readonly in: 'value'; readonly quote: '"' | "'"; readonly attribute: string; readonly before: string }
  /** Where nothing may be put in. */
  | { readonly in: 'comment' | 'bare' };

export const START: HtmlState = { in: 'text' };

/** Elements that a mail does not need, and that make something else of what stands in them. */
const FORBIDDEN =
  /^<\/?(script|style|iframe|object|embed|form|input|textarea|title|xmp|noscript|template|svg|math|base|link|meta)\b/i;

/** @param refuse throws; it is told how many letters into `text` something stands that may not, and what */
export function after(
  state: HtmlState,
  text: string,
  refuse: (offset: number, what: string) => never,
): HtmlState {
  let now = state;
  for (let at = 0; at < text.length; at += 1) {
    const what = flawOf(now, text, at);
    if (what !== undefined) refuse(at, what);
    now = step(now, text, at);
  }
  return now;
}

export function sameState(one: HtmlState, other: HtmlState): boolean {
  if (one.in === 'value' && other.in === 'value')
    return one.quote === other.quote && one.attribute === other.attribute;
  return one.in === other.in;
}

/** Whether a value of this attribute is an address that programs follow. */
export function isAddress(attribute: string): boolean {
  return /^(href|src|background|action|formaction|poster|cite|data|srcset)$/.test(attribute);
}

function step(state: HtmlState, text: string, at: number): HtmlState {
  const letter = text.charAt(at);
  switch (state.in) {
    case 'text':
      if (text.startsWith('<!--', at)) return { in: 'comment' };
      if (letter !== '<' || !/[A-Za-z/!?]/.test(text.charAt(at + 1))) return state;
      return { in: 'tag', attribute: '' };
    case 'comment':
      return text.slice(Math.max(0, at - 2), at + 1) === '-->' ? { in: 'text' } : state;
    case 'tag':
      return inTag(state, letter);
    case 'value':
      if (letter === state.quote) return { in: 'tag', attribute: '' };
      return { ...state, before: state.before + letter };
    case 'bare':
      if (letter === '>') return { in: 'text' };
      return /\s/.test(letter) ? { in: 'tag', attribute: '' } : state;
  }
}

function inTag(state: HtmlState & { in: 'tag' }, letter: string): HtmlState {
  if (letter === '>') return { in: 'text' };
  if (letter === '=') return { in: 'tag', attribute: `${state.attribute.trim()}=` };
  if (!state.attribute.endsWith('=')) {
    // A blank after a name may be followed by `=`; another letter begins another name.
    const begins = /\s$/.test(state.attribute) && /\S/.test(letter);
    return { in: 'tag', attribute: (begins ? '' : state.attribute) + letter };
  }
  if (/\s/.test(letter)) return state;
  if (letter !== '"' && letter !== "'") return { in: 'bare' };
  return { in: 'value', quote: letter, attribute: nameOf(state.attribute), before: '' };
}

function flawOf(state: HtmlState, text: string, at: number): string | undefined {
  const letter = text.charAt(at);
  if (state.in === 'text' && letter === '<') {
    const name = FORBIDDEN.exec(text.slice(at))?.[1];
    return name === undefined ? undefined : `<${name.toLowerCase()}> has no place in a message`;
  }
  if (state.in === 'tag' && state.attribute.endsWith('=') && /[^\s>]/.test(letter)) {
    const name = nameOf(state.attribute);
    if (name.startsWith('on')) return `${name} would run a program; a message has none`;
    if (isAddress(name) && letter !== '"' && letter !== "'") return `the value of ${name} must be quoted`;
  }
  if (state.in === 'value' && letter === state.quote && isAddress(state.attribute) && !leads(state.before))
    return `${state.attribute} must be a link: https://…, mailto:…, or a variable that is one`;
  return undefined;
}

/** `<a href=` and `<a href =` are both about href. */
function nameOf(attribute: string): string {
  return (attribute.slice(0, -1).trim().split(/[\s/]/).at(-1) ?? '').toLowerCase();
}

/** Whether what an address begins with says where it leads, and that is to no program. */
export function leads(before: string): boolean {
  return before === '' || /^(https?:\/\/|mailto:|tel:|#)/i.test(before);
}
