/**
 * The catalogue that every shop of the comparison sells: the same names, words, prices and variants, each in the form its shop imports.
 */

const KINDS = [
  'laptop',
  'camera',
  'chair',
  'bike',
  'phone',
  'lamp',
  'desk',
  'shoe',
  'tent',
  'speaker',
] as const;
const SHELVES = ['Computers', 'Furniture', 'Equipment', 'Photo'] as const;
const IN_STOCK = 1_000_000;

interface Product {
  readonly title: string;
  readonly handle: string;
  readonly words: string;
  readonly shelf: string;
  readonly brand: string;
  readonly sku: string;
  /** Name and price in whole units; every second product has two. */
  readonly variants: readonly { readonly size?: string; readonly price: number }[];
}

function product(index: number): Product {
  const kind = KINDS[index % KINDS.length] ?? KINDS[0];
  const price = 10 + (index % 500);
  return {
    title: `${kind} model ${index}`,
    handle: `${kind}-${index}`,
    words: `A dependable ${kind} number ${index} for everyday use; light, sturdy and well priced, with a two year warranty and free returns.`,
    shelf: SHELVES[index % SHELVES.length] ?? SHELVES[0],
    brand: `Brand${index % 25}`,
    sku: `SKU${index}`,
    variants:
      index % 2 === 0
        ? [
            { size: 'small', price },
            { size: 'large', price: price + 5 },
          ]
        : [{ price }],
  };
}

/** Addresses of products, spread evenly over the catalogue. */
export function handles(products: number, howMany = 100): readonly string[] {
  return Array.from(
    { length: howMany },
    (_, at) => product(1 + Math.floor((at * products) / howMany)).handle,
  );
}

/** In the Shopify product format, as our import reads it; in parts of at most `each` products. */
export function* shopifyFiles(products: number, each: number): Generator<string> {
  const head =
    'Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Requires Shipping,Variant Taxable,Status';
  for (let first = 1; first <= products; first += each) {
    const rows = [head];
    for (let index = first; index < Math.min(first + each, products + 1); index += 1)
      rows.push(...shopifyRows(product(index)));
    yield `${rows.join('\n')}\n`;
  }
}

function shopifyRows({ handle, title, words, brand, shelf, sku, variants }: Product): string[] {
  return variants.map(({ size, price }, at) => {
    const about = at === 0 ? [title, `"${words}"`, brand, shelf, shelf, 'true'] : ['', '', '', '', '', ''];
    const option = size === undefined ? ['Title', 'Default Title'] : ['Size', size];
    const stock = [`${sku}${'AB'[at] ?? ''}`, 'shopify', String(IN_STOCK), 'deny'];
    return [
      handle,
      ...about,
      ...option,
      ...stock,
      price.toFixed(2),
      'true',
      'true',
      at === 0 ? 'active' : '',
    ].join(',');
  });
}

/**
 * In the format of `@vendure/core/cli`'s populate.
 * @param pictures file names of its sample pictures
 */
export function vendureFile(products: number, pictures: readonly string[]): string {
  const head =
    'name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets';
  const rows = Array.from({ length: products }, (_, at) => {
    const { title, handle, words, shelf, brand, sku, variants } = product(at + 1);
    const facets = `category:${shelf}|brand:${brand}`;
    return variants.map(({ size, price }, of) => {
      const about =
        of === 0
          ? [title, handle, `"${words}"`, pictures[at % pictures.length] ?? '', facets]
          : ['', '', '', '', ''];
      const group = of === 0 && size !== undefined ? 'size' : '';
      return [
        ...about,
        group,
        size ?? '',
        `${sku}${'AB'[of] ?? ''}`,
        price.toFixed(2),
        'standard',
        IN_STOCK,
        '',
        '',
        '',
      ].join(',');
    });
  });
  return `${[head, ...rows.flat()].join('\n')}\n`;
}
