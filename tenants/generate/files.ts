/** From a shop's list to its files: the catalogue as Shopify's product CSV, and one SVG for each picture. */
import { HOME } from './art/home.ts';
import { LOGOS } from './art/logo.ts';
import { OUTDOOR } from './art/outdoor.ts';
import { paint, picture, rect, oval } from './art/pen.ts';
import type { Draw, Paint } from './art/pen.ts';
import { TEA } from './art/tea.ts';
import type { Item, Shop, Words } from './shop.ts';

const DRAWINGS: Readonly<Record<string, Readonly<Record<string, Draw>>>> = {
  acme: OUTDOOR,
  sakura: TEA,
  fjord: HOME,
};

/** ISO 4217 minor digits of the sample currencies. */
const DIGITS: Readonly<Record<string, number>> = { EUR: 2, USD: 2, NOK: 2, JPY: 0 };

/** Path under the tenant's folder → content. */
export function filesOf(shop: Shop): Map<string, string> {
  const files = new Map<string, string>();
  const rows = shop.items.flatMap((item, index) => {
    const pictures = picturesOf(shop, item);
    for (const one of pictures) files.set(one.src, one.svg);
    return rowsOf(shop, item, index, pictures);
  });
  files.set('catalog.csv', csv(rows));
  const logo = LOGOS[shop.name];
  if (logo !== undefined) files.set('logo.svg', logo);
  return files;
}

interface Picture {
  readonly src: string;
  readonly alt: string;
  /** The colour it shows; absent: the scene. */
  readonly colour?: string;
  readonly svg: string;
}

/** One studio picture for each colour, the first colour's scene after the first. */
function picturesOf(shop: Shop, item: Item): Picture[] {
  const draw = DRAWINGS[shop.name]?.[item.draw];
  if (draw === undefined)
    throw new Error(`${item.handle}: there is no drawing "${item.draw}" for ${shop.name}`);
  const accent = paint(item.accent ?? shop.accent);
  const inColour = (colour: string) => {
    const hex = shop.palette[colour];
    if (hex === undefined)
      throw new Error(`${item.handle}: "${colour}" is not in the palette of ${shop.name}`);
    return draw(paint(hex), clashes(hex, accent) ? INK : accent, item);
  };
  const [first = ''] = item.colours;
  const studio = item.colours.map((colour, at) => ({
    src: `images/${item.handle}${at === 0 ? '' : `-${at + 1}`}.svg`,
    alt: shop.alt(item.title, colour),
    colour,
    svg: picture(backdrop(shop.studio), inColour(colour)),
  }));
  const scene = {
    src: `images/${item.handle}-scene.svg`,
    alt: shop.sceneAlt(item.title),
    svg: picture(shop.scene, inColour(first)),
  };
  return [...studio.slice(0, 1), scene, ...studio.slice(1)];
}

/** An accent too near the colour of the product would vanish in it. */
function clashes(hex: string, accent: Paint): boolean {
  const far = [1, 3, 5].reduce(
    (sum, at) =>
      sum +
      Math.abs(
        Number.parseInt(hex.slice(at, at + 2), 16) - Number.parseInt(accent.base.slice(at, at + 2), 16),
      ),
    0,
  );
  return far < 40;
}

/** Stands in for an accent that would vanish. */
const INK = paint('#3b4148');

/** A seamless studio wall with a pool of light. */
const backdrop = (colour: string): string =>
  rect(0, 0, 800, 1000, 0, colour) + oval(400, 480, 520, 560, 'url(#l)');

type Row = Readonly<Record<string, string>>;

function columns(shop: Shop): string[] {
  return [
    'Handle',
    'Title',
    'Body (HTML)',
    'Vendor',
    'Product Category',
    'Type',
    'Tags',
    'Published',
    'Option1 Name',
    'Option1 Value',
    'Option2 Name',
    'Option2 Value',
    'Option3 Name',
    'Option3 Value',
    'Variant SKU',
    'Variant Grams',
    'Variant Inventory Tracker',
    'Variant Inventory Qty',
    'Variant Inventory Policy',
    'Variant Fulfillment Service',
    'Variant Price',
    'Variant Compare At Price',
    ...shop.others.flatMap(({ currency }) => [`Price / ${currency}`, `Compare At Price / ${currency}`]),
    'Variant Requires Shipping',
    'Variant Taxable',
    'Variant Barcode',
    'Image Src',
    'Image Position',
    'Image Alt Text',
    'Gift Card',
    'SEO Title',
    'SEO Description',
    'Variant Image',
    'Variant Weight Unit',
    'Status',
    'Collection',
    ...Object.keys(shop.translations ?? {}).flatMap((locale) => [
      `Title / ${locale}`,
      `Body (HTML) / ${locale}`,
    ]),
    ...(shop.items.some(({ bundle }) => bundle !== undefined)
      ? ['Bundle Components', 'Bundle Discount Percent']
      : []),
  ];
}

/** The rows of one product: the first carries the product, each carries a variant, a picture, or both. */
function rowsOf(shop: Shop, item: Item, index: number, pictures: readonly Picture[]): Row[] {
  const variants = item.colours.flatMap((colour) =>
    (item.sizes ?? [['', 0] as const]).map(([size, extra]) => ({ colour, size, extra })),
  );
  const count = Math.max(variants.length, pictures.length);
  return Array.from({ length: count }, (_, at) => {
    const variant = variants[at];
    const image = pictures[at];
    return {
      Handle: item.handle,
      ...(at === 0 ? productCells(shop, item) : {}),
      ...(variant === undefined ? {} : variantCells(shop, item, index, at, variant, pictures)),
      ...(image === undefined
        ? {}
        : { 'Image Src': image.src, 'Image Position': String(at + 1), 'Image Alt Text': image.alt }),
    };
  }).map((row) => complete(shop, row));
}

const complete = (shop: Shop, row: Row): Row =>
  Object.fromEntries(columns(shop).map((name) => [name, row[name] ?? '']));

function productCells(shop: Shop, item: Item): Row {
  return {
    Title: item.title,
    'Body (HTML)': bodyOf(item),
    Vendor: shop.vendor,
    'Product Category': '',
    Type: item.type,
    Tags: item.tags.join(', '),
    Published: 'true',
    'Gift Card': 'false',
    'SEO Title': `${item.title} · ${shop.vendor}`,
    'SEO Description': item.story.slice(0, 155),
    Status: 'active',
    Collection: item.collection,
    ...Object.fromEntries(
      Object.entries(shop.translations ?? {}).flatMap(([locale, { [item.handle]: words }]) =>
        words === undefined
          ? []
          : [
              [`Title / ${locale}`, words.title],
              [`Body (HTML) / ${locale}`, bodyOf(words)],
            ],
      ),
    ),
  };
}

function bodyOf({ story, facts }: Words): string {
  const list = facts.map((fact) => `<li>${fact}</li>`).join('');
  return `<p>${story}</p>${list === '' ? '' : `<ul>${list}</ul>`}`;
}

function variantCells(
  shop: Shop,
  item: Item,
  index: number,
  at: number,
  variant: { readonly colour: string; readonly size: string; readonly extra: number },
  pictures: readonly Picture[],
): Row {
  const price = item.price + variant.extra;
  const was = item.was === undefined ? undefined : item.was + variant.extra;
  const seed = index * 31 + at * 17;
  return {
    'Option1 Name': at === 0 ? shop.colourOption : '',
    'Option1 Value': variant.colour,
    'Option2 Name': at === 0 && variant.size !== '' ? shop.sizeOption : '',
    'Option2 Value': variant.size,
    'Variant SKU': skuOf(shop, index, at),
    'Variant Grams': String(item.grams),
    'Variant Inventory Tracker': 'shopify',
    'Variant Inventory Qty': String(stockOf(seed)),
    'Variant Inventory Policy': 'deny',
    'Variant Fulfillment Service': 'manual',
    'Variant Price': shown(price, shop.currency),
    'Variant Compare At Price': was === undefined ? '' : shown(was, shop.currency),
    ...Object.fromEntries(
      shop.others.flatMap(({ currency, rate, ends }) => {
        const inOther = (amount: number): string =>
          shown(Math.max(ends, Math.round((amount * rate) / ends) * ends), currency);
        return [
          [`Price / ${currency}`, inOther(price)],
          [`Compare At Price / ${currency}`, was === undefined ? '' : inOther(was)],
        ];
      }),
    ),
    'Variant Requires Shipping': 'true',
    'Variant Taxable': 'true',
    'Variant Image': pictures.find((one) => one.colour === variant.colour)?.src ?? '',
    'Variant Weight Unit': 'g',
    ...bundleCells(shop, item),
  };
}

const skuOf = (shop: Shop, index: number, at: number): string =>
  `${shop.name.slice(0, 2).toUpperCase()}-${String(index + 1).padStart(3, '0')}-${String(at + 1).padStart(2, '0')}`;

/** A bundle has neither prices nor stock of its own. */
function bundleCells(shop: Shop, { bundle }: Item): Row {
  if (bundle === undefined) return {};
  const components = bundle.of.map(([handle, units]) => {
    const index = shop.items.findIndex((item) => item.handle === handle);
    if (index < 0) throw new Error(`${handle} is not on the list of ${shop.name}.`);
    return `${units} x ${skuOf(shop, index, 0)}`;
  });
  return {
    'Variant Inventory Qty': '',
    'Variant Price': '',
    ...Object.fromEntries(shop.others.map(({ currency }) => [`Price / ${currency}`, ''])),
    'Bundle Components': components.join('; '),
    'Bundle Discount Percent': String(bundle.percentOff),
  };
}

/** A believable shelf: mostly well filled, some nearly gone, one in nineteen sold out. */
function stockOf(seed: number): number {
  if (seed % 19 === 13) return 0;
  return seed % 7 === 3 ? 2 + (seed % 3) : 12 + ((seed * 13) % 60);
}

const shown = (amount: number, currency: string): string => amount.toFixed(DIGITS[currency] ?? 2);

/** RFC 4180: quotes where needed, a comma between cells. */
function csv(rows: readonly Row[]): string {
  const [first = {}] = rows;
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [Object.keys(first), ...rows.map((row) => Object.values(row))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\n`).join('');
}
