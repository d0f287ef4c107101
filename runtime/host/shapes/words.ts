/** How names are made of names. */

/** `priceRange` and `price-range` → `PriceRange`. */
export function pascal(text: string): string {
  return wordsOf(text)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** `title-asc` and `titleAsc` → `TITLE_ASC`. */
export function screaming(text: string): string {
  const name = wordsOf(text).join('_').toUpperCase();
  return /^[A-Z]/.test(name) ? name : `_${name}`;
}

/** `variants` → `variant`, `categories` → `category`: what one of a list is called. */
export function singular(text: string): string {
  if (/(?:ss|us|is)$/.test(text)) return text;
  if (text.endsWith('ies')) return `${text.slice(0, -3)}y`;
  if (/(?:ch|sh|x|ss)es$/.test(text)) return text.slice(0, -2);
  return text.replace(/s$/, '');
}

/** `getProduct` → `product`, `adminListProducts` → `adminProducts`, `getMe` → `me`. */
export function noun(routeId: string): string {
  const rest = routeId.replace(/^(admin)?(?:get|list|read|find)(?=[A-Z])/i, '$1');
  return rest.charAt(0).toLowerCase() + rest.slice(1);
}

function wordsOf(text: string): string[] {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
}
