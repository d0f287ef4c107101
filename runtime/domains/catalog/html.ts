/** Descriptions from merchants become safe to show: known tags and attributes stay, everything else becomes text or goes. Pure. */

/** Never throws; the result holds no script, style, handler, form or unknown scheme. */
export function safeHtml(html: string): string {
  let out = '';
  let at = 0;
  const open: string[] = [];
  while (at < html.length) {
    const next = html.indexOf('<', at);
    if (next < 0) {
      out += html.slice(at).replaceAll('>', '&gt;');
      break;
    }
    out += html.slice(at, next).replaceAll('>', '&gt;');
    if (html.startsWith('<!--', next)) {
      const end = html.indexOf('-->', next + 4);
      at = end < 0 ? html.length : end + 3;
      continue;
    }
    const tag = tagAt(html, next);
    if (!tag) {
      out += '&lt;';
      at = next + 1;
      continue;
    }
    const { name, closing, attributes } = tag;
    at = tag.end;
    if (SWALLOWED.has(name)) {
      if (!closing) at = endOf(html, name, at);
    } else if (ALLOWED.has(name)) {
      if (!closing) {
        if (open.length >= DEEPEST) continue;
        out += `<${name}${attributesOf(name, attributes)}>`;
        if (!VOID.has(name)) open.push(name);
      } else if (open.includes(name)) {
        // Close what was left open inside, so that nothing leaks out of the description.
        for (let inner = open.pop(); inner !== undefined; inner = open.pop()) {
          out += `</${inner}>`;
          if (inner === name) break;
        }
      }
    }
  }
  while (open.length > 0) out += `</${open.pop()}>`;
  return out;
}

/** The text of a description, for search. */
export function textOf(html: string): string {
  return html
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/&[a-z#0-9]+;/gi, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

const NAME = /<(\/?)([a-z][a-z0-9]{0,30})(?=[\s/>])/iy;
/** Of tags in tags: further in there is text only. */
const DEEPEST = 100;
/** Letters of one tag; a longer one is none. */
const LONGEST_TAG = 8_000;
const ATTRIBUTE = /(?<![a-z-])([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;
const ALLOWED = new Set(
  'p br ul ol li strong b em i u s h1 h2 h3 h4 h5 h6 blockquote a img table thead tbody tr th td span div hr sup sub small figure figcaption code pre dl dt dd'.split(
    ' ',
  ),
);
const VOID = new Set(['br', 'hr', 'img']);
const SWALLOWED = new Set([
  'script',
  'style',
  'iframe',
  'object',
  'embed',
  'template',
  'noscript',
  'svg',
  'math',
  'textarea',
  'select',
  'title',
  'head',
  'xmp',
  'plaintext',
]);
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ['href', 'title'],
  img: ['src', 'alt', 'width', 'height'],
  td: ['colspan', 'rowspan'],
  th: ['colspan', 'rowspan'],
};

interface Tag {
  readonly name: string;
  readonly closing: boolean;
  readonly attributes: string;
  /** Past its `>`. */
  readonly end: number;
}

/** Letter by letter, and not by a pattern: one that lets attributes follow each other goes back and forth in those that never end. */
function tagAt(html: string, from: number): Tag | undefined {
  NAME.lastIndex = from;
  const [start = '', slash, name = ''] = NAME.exec(html) ?? [];
  if (name === '') return undefined;
  const begin = from + start.length;
  const last = Math.min(html.length, from + LONGEST_TAG);
  let quote: string | undefined;
  for (let at = begin; at < last; at++) {
    const letter = html[at];
    if (quote !== undefined) {
      if (letter === quote) quote = undefined;
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '<') return undefined;
    else if (letter === '>')
      return {
        name: name.toLowerCase(),
        closing: slash === '/',
        attributes: html.slice(begin, at),
        end: at + 1,
      };
  }
  return undefined;
}

function endOf(html: string, name: string, from: number): number {
  const closing = new RegExp(`</${name}\\s*>`, 'gi');
  closing.lastIndex = from;
  return closing.exec(html) ? closing.lastIndex : html.length;
}

function attributesOf(name: string, text: string): string {
  const allowed = ATTRIBUTES[name];
  if (!allowed) return '';
  let out = '';
  for (const [, key = '', double, simple, bare] of text.matchAll(ATTRIBUTE)) {
    const attribute = key.toLowerCase();
    const value = double ?? simple ?? bare ?? '';
    if (!allowed.includes(attribute) || ((attribute === 'href' || attribute === 'src') && !isSafeUrl(value)))
      continue;
    out += ` ${attribute}="${value.replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}"`;
  }
  return name === 'a' && out !== '' ? `${out} rel="nofollow noopener"` : out;
}

/** Entities and control characters can hide a scheme, so a URL that has them before its path is refused. */
function isSafeUrl(url: string): boolean {
  return /^(?:https?:\/\/|mailto:|\/(?!\/)|#)[^\s\\]*$/i.test(url.trim()) && !/^[^/?#]*&/.test(url.trim());
}
