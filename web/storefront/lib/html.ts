/**
 * Merchants' HTML, made safe to show: a few text elements survive, without attributes; links keep an address that is
 * http(s), mail or on the shop. Everything else becomes text or nothing.
 */
const KEPT = new Set([
  'p',
  'br',
  'ul',
  'ol',
  'li',
  'strong',
  'b',
  'em',
  'i',
  'h3',
  'h4',
  'blockquote',
  'a',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
  'sub',
  'sup',
]);
const RENAMED: Readonly<Record<string, string>> = { h1: 'h3', h2: 'h3', h5: 'h4', h6: 'h4', div: 'p' };
/** Elements whose content is not text either. */
const SWALLOWED =
  /<(script|style|iframe|object|template|noscript|svg|math|textarea|title|select)\b[\s\S]*?(?:<\/\1\s*>|$)/gi;
const TOKEN = /<!--[\s\S]*?(?:-->|$)|<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>|[<>]|[^<>]+/g;

export function safeHtml(html: string): string {
  const open: string[] = [];
  let out = '';
  for (const [token, slash, rawName, attributes] of html.replaceAll(SWALLOWED, '').matchAll(TOKEN)) {
    if (token.startsWith('<!--')) continue;
    if (rawName === undefined) {
      out += token.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
      continue;
    }
    const lower = rawName.toLowerCase();
    const name = RENAMED[lower] ?? lower;
    if (!KEPT.has(name)) continue;
    if (slash === '/') {
      if (!open.includes(name)) continue;
      while (open.length > 0) {
        const last = open.pop() ?? '';
        out += `</${last}>`;
        if (last === name) break;
      }
    } else if (name === 'br') out += '<br>';
    else {
      open.push(name);
      out += name === 'a' ? link(attributes ?? '') : `<${name}>`;
    }
  }
  return (
    out +
    open
      .reverse()
      .map((name) => `</${name}>`)
      .join('')
  );
}

function link(attributes: string): string {
  const [, , double, single, bare] =
    /(^|\s)href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i.exec(attributes) ?? [];
  const address = (double ?? single ?? bare ?? '').trim();
  const safe = /^(https?:\/\/|mailto:|\/(?!\/)|#)/i.test(address) && !/["<>\p{Cc}]/u.test(address);
  return safe ? `<a href="${address}" rel="noopener nofollow">` : '<a>';
}

/** The text of HTML, for descriptions in search results. */
export function plainText(html: string, limit: number): string {
  const text = html
    .replaceAll(SWALLOWED, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.length <= limit ? text : `${text.slice(0, limit - 1).trimEnd()}…`;
}
