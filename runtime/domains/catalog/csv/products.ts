/**
 * Rows of one handle become one product, or a list of what is wrong with them. Pure: pictures stay addresses.
 * Every problem of a product is told at once, with line, column, and what to do.
 */
import { COMPONENTS_COLUMN, DISCOUNT_COLUMN, readComponents, type NamedBundle } from '../bundles/csv.ts';
import { MOST_COMPONENTS, MOST_UNITS } from '../bundles/schemas.ts';
import { safeHtml } from '../html.ts';
import { parsePrice } from '../money.ts';
import type { ImportProblem } from '../schemas.ts';
import { optionsOf, type Price } from '../document.ts';
import type { ImportedImage, ImportedProduct, ImportedVariant } from '../imported.ts';
import type { OptionText, ProductText } from '../translations/schemas.ts';
import { clashIn, isEmpty } from '../translations/words.ts';
import { currencyOfColumn, isProductExtra, localeOfColumn, VARIANT_EXTRAS } from './columns.ts';

/** One record with the line it begins on, counted from 1, the head included. */
export interface CsvRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

export type CsvOutcome =
  | { readonly product: ImportedProduct }
  | { readonly problems: readonly ImportProblem[] };

const COLUMNS = { variantImage: 'Variant Image', components: COMPONENTS_COLUMN };

const MOST_VARIANTS = 2_048;
const MOST_IMAGES = 250;
/** How Shopify writes a product that has no options. */
const NO_OPTION = { name: 'Title', value: 'Default Title' } as const;

/** @param currency of the column `Variant Price`: the tenant's first. */
export function toProduct(rows: readonly [CsvRow, ...CsvRow[]], currency: string): CsvOutcome {
  const [first] = rows;
  const handle = cell(first, 'Handle');
  const problems: ImportProblem[] = [];
  const reader = readerOf(handle, problems);

  reader.require(
    /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,254}$/u.test(handle),
    first,
    'Handle',
    handle === '' ? 'is missing' : 'is not letters, digits, dashes and underscores',
    'Give every product a handle, like red-shirt.',
  );
  const title = reader.text(first, 'Title', 255);
  reader.require(title !== '', first, 'Title', 'is missing', 'Give the product a title in its first row.');
  const options = optionNames(first, reader);
  const variantRows = rows.filter((row, index) => index === 0 || isVariantRow(row));
  reader.require(
    variantRows.length <= MOST_VARIANTS,
    first,
    'Handle',
    `has ${variantRows.length} variants`,
    `A product has at most ${MOST_VARIANTS}.`,
  );
  const variants = variantRows
    .slice(0, MOST_VARIANTS)
    .map((row) => variantOf(row, options, currency, reader));
  refuseTwins(variantRows, variants, options, reader);
  const images = imagesOf(rows, reader);
  const product: ImportedProduct = {
    line: first.line,
    columns: COLUMNS,
    handle,
    title,
    descriptionHtml: safeHtml(reader.text(first, 'Body (HTML)', 200_000)),
    vendor: reader.text(first, 'Vendor', 255),
    type: reader.text(first, 'Type', 255),
    category: reader.text(first, 'Product Category', 1_000),
    tags: unique(cell(first, 'Tags').split(',')).slice(0, 250),
    status: reader.oneOf(first, 'Status', ['active', 'draft', 'archived'], 'active'),
    published: reader.flag(first, 'Published', true),
    giftCard: reader.flag(first, 'Gift Card', false),
    options,
    variants,
    images,
    seo: {
      title: reader.text(first, 'SEO Title', 255) || null,
      description: reader.text(first, 'SEO Description', 1_000) || null,
    },
    collections: unique(rows.flatMap((row) => cell(row, 'Collection').split(';'))).slice(0, 100),
    extra: extrasOf(first),
    ...translationsOf(variantRows.slice(0, MOST_VARIANTS), options, variants, reader),
  };
  return problems.length > 0 ? { problems } : { product };
}

type Reader = ReturnType<typeof readerOf>;

/** Reads cells and notes what is wrong with them. */
function readerOf(handle: string, problems: ImportProblem[]) {
  const note = (row: CsvRow, column: string, what: string, remedy: string): void => {
    problems.push({ line: row.line, column, handle: handle || null, what: `${column} ${what}.`, remedy });
  };
  return {
    note,
    require(condition: boolean, row: CsvRow, column: string, what: string, remedy: string): void {
      if (!condition) note(row, column, what, remedy);
    },
    text(row: CsvRow, column: string, longest: number): string {
      const text = cell(row, column);
      if (text.length > longest)
        note(row, column, `has ${text.length} characters`, `Use at most ${longest}.`);
      if (text.includes('\0')) note(row, column, 'holds a null character', 'Remove it.');
      return text;
    },
    flag(row: CsvRow, column: string, absent: boolean): boolean {
      const text = cell(row, column).toLowerCase();
      if (text === '') return absent;
      if (['true', 'yes', '1', 'y', 't'].includes(text)) return true;
      if (['false', 'no', '0', 'n', 'f'].includes(text)) return false;
      note(row, column, `is “${shorten(text)}”`, 'Use true or false.');
      return absent;
    },
    oneOf<const Choice extends string>(
      row: CsvRow,
      column: string,
      choices: readonly Choice[],
      absent: Choice,
    ): Choice {
      const text = cell(row, column).toLowerCase();
      if (text === '') return absent;
      const choice = choices.find((candidate) => candidate === text);
      if (choice === undefined) note(row, column, `is “${shorten(text)}”`, `Use ${choices.join(', ')}.`);
      return choice ?? absent;
    },
    /** A number of at most `decimals` digits after the point; `undefined` when the cell is empty or wrong. */
    number(
      row: CsvRow,
      column: string,
      { decimals, most }: { decimals: number; most: number },
    ): number | undefined {
      const text = cell(row, column);
      if (text === '') return undefined;
      const number = new RegExp(
        decimals === 0 ? '^\\d{1,15}$' : `^\\d{1,15}(?:\\.\\d{1,${decimals}})?$`,
      ).test(text)
        ? Number(text)
        : NaN;
      if (number <= most) return number;
      note(
        row,
        column,
        `is “${shorten(text)}”`,
        decimals === 0 ? `Use a whole number from 0 to ${most}.` : `Use a number from 0 to ${most}.`,
      );
      return undefined;
    },
    price(row: CsvRow, column: string, currency: string): number | undefined {
      const text = cell(row, column);
      if (text === '') return undefined;
      const amount = parsePrice(text, currency);
      if (amount === undefined)
        note(
          row,
          column,
          `is “${shorten(text)}”, which is no amount of ${currency}`,
          'Use a plain number like 19.90, without sign, currency or thousands separators.',
        );
      return amount;
    },
  };
}

function isVariantRow(row: CsvRow): boolean {
  return ['Option1 Value', 'Option2 Value', 'Option3 Value', 'Variant SKU', 'Variant Price'].some(
    (column) => cell(row, column) !== '',
  );
}

function optionNames(first: CsvRow, reader: Reader): string[] {
  const names = [1, 2, 3].map((number) => cell(first, `Option${number} Name`));
  const lone =
    names[0] === NO_OPTION.name && names[1] === '' && cell(first, 'Option1 Value') === NO_OPTION.value;
  if (lone) return [];
  const used = names.filter((name) => name !== '');
  const gap = names.findIndex(
    (name, index) => name === '' && names.slice(index + 1).some((later) => later !== ''),
  );
  if (gap >= 0) {
    reader.note(
      first,
      `Option${gap + 1} Name`,
      'is missing although a later option has one',
      'Name the options from the first on.',
    );
    return [];
  }
  if (new Set(used.map((name) => name.toLowerCase())).size < used.length)
    reader.note(first, 'Option1 Name', 'is the name of another option too', 'Give each option its own name.');
  return used;
}

function variantOf(
  row: CsvRow,
  options: readonly string[],
  currency: string,
  reader: Reader,
): ImportedVariant {
  const optionValues = options.map((name, index) => {
    const column = `Option${index + 1} Value`;
    const value = reader.text(row, column, 255);
    reader.require(value !== '', row, column, 'is missing', `Say which ${name} this variant has.`);
    return value;
  });
  if (options.length === 0) {
    const value = cell(row, 'Option1 Value');
    reader.require(
      value === '' || value === NO_OPTION.value,
      row,
      'Option1 Value',
      'is given, but Option1 Name is not',
      'Name the option in the product’s first row.',
    );
  }
  const policy = cell(row, 'Variant Inventory Policy').toLowerCase();
  const bundle = bundleOf(row, reader);
  return {
    ...(bundle === undefined ? {} : { bundle }),
    sku: reader.text(row, 'Variant SKU', 255).replace(/^'/, '') || null,
    optionValues,
    prices: pricesOf(row, currency, reader, bundle?.offBasisPoints !== undefined),
    barcode: reader.text(row, 'Variant Barcode', 255).replace(/^'/, '') || null,
    weightGrams: reader.number(row, 'Variant Grams', { decimals: 6, most: 10_000_000 }) ?? null,
    requiresShipping: reader.flag(row, 'Variant Requires Shipping', true),
    taxable: reader.flag(row, 'Variant Taxable', true),
    inventoryPolicy:
      policy === 'true'
        ? 'continue'
        : policy === 'false'
          ? 'deny'
          : reader.oneOf(row, 'Variant Inventory Policy', ['deny', 'continue'], 'deny'),
    inventoryQuantity: reader.number(row, 'Variant Inventory Qty', { decimals: 0, most: 100_000_000 }) ?? 0,
    image: cell(row, 'Variant Image') || null,
    extra: Object.fromEntries(
      VARIANT_EXTRAS.map((column) => [column, cell(row, column)]).filter(([, value]) => value !== ''),
    ),
  };
}

function bundleOf(row: CsvRow, reader: Reader): NamedBundle | undefined {
  const text = reader.text(row, COMPONENTS_COLUMN, 10_000);
  const percent = reader.number(row, DISCOUNT_COLUMN, { decimals: 2, most: 100 });
  if (text === '') {
    if (percent !== undefined)
      reader.note(row, DISCOUNT_COLUMN, 'is given for what is no bundle', `Fill in ${COMPONENTS_COLUMN}.`);
    return undefined;
  }
  const components = readComponents(text);
  if (components === undefined)
    reader.note(
      row,
      COMPONENTS_COLUMN,
      `is “${shorten(text)}”`,
      `Write 1 x SKU-A; 2 x SKU-B: at most ${MOST_COMPONENTS}, each once, with up to ${MOST_UNITS} units.`,
    );
  return {
    line: row.line,
    components: components ?? [],
    offBasisPoints: percent === undefined ? undefined : Math.round(percent * 100),
  };
}

/** @param isOptional what it is made of says what it costs */
function pricesOf(row: CsvRow, currency: string, reader: Reader, isOptional: boolean): Price[] {
  const amounts = new Map<string, number>();
  const compareAts = new Map<string, number>();
  const main = reader.price(row, 'Variant Price', currency);
  if (main !== undefined) amounts.set(currency, main);
  const mainCompareAt = reader.price(row, 'Variant Compare At Price', currency);
  if (mainCompareAt !== undefined) compareAts.set(currency, mainCompareAt);
  for (const column of Object.keys(row.cells)) {
    const named = currencyOfColumn(column);
    if (!named) continue;
    const amount = reader.price(row, column, named.currency);
    if (amount === undefined) continue;
    const target = named.isCompareAt ? compareAts : amounts;
    if (!target.has(named.currency)) target.set(named.currency, amount);
  }
  // A column with a wrong price has been told of already.
  const given = Object.keys(row.cells).some(
    (column) =>
      cell(row, column) !== '' &&
      (column === 'Variant Price' || currencyOfColumn(column)?.isCompareAt === false),
  );
  if (!given && !isOptional)
    reader.note(row, 'Variant Price', 'is missing', `Give the price in ${currency}, like 19.90.`);
  return [...amounts].map(([key, amount]) => ({
    amount,
    currency: key,
    compareAt: compareAts.get(key) ?? null,
  }));
}

function refuseTwins(
  rows: readonly CsvRow[],
  variants: readonly ImportedVariant[],
  options: readonly string[],
  reader: Reader,
): void {
  const seen = new Map<string, number>();
  for (const [index, variant] of variants.entries()) {
    const row = rows[index];
    if (!row) continue;
    const key = variant.optionValues.join('\0');
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, row.line);
    else if (options.length === 0)
      reader.note(
        row,
        'Option1 Value',
        'is missing, so this is the same variant as the first',
        'Name an option to tell the variants apart.',
      );
    else
      reader.note(
        row,
        'Option1 Value',
        `makes the same variant as line ${earlier}: ${variant.optionValues.join(' / ')}`,
        'Remove one of the two rows, or change a value.',
      );
  }
}

function imagesOf(rows: readonly CsvRow[], reader: Reader): ImportedImage[] {
  const images = new Map<string, ImportedImage>();
  for (const row of rows) {
    const src = reader.text(row, 'Image Src', 2_048);
    if (src === '' || images.has(src)) continue;
    const position = reader.number(row, 'Image Position', { decimals: 0, most: 100_000 }) ?? images.size + 1;
    images.set(src, {
      line: row.line,
      column: 'Image Src',
      src,
      alt: reader.text(row, 'Image Alt Text', 512),
      position,
    });
  }
  const [first] = rows;
  if (first && images.size > MOST_IMAGES)
    reader.note(first, 'Image Src', `names ${images.size} pictures`, `A product has at most ${MOST_IMAGES}.`);
  return [...images.values()].toSorted((a, b) => a.position - b.position);
}

/** @param rows those of the variants, in their order; the first is the product's */
function translationsOf(
  rows: readonly CsvRow[],
  options: readonly string[],
  variants: readonly ImportedVariant[],
  reader: Reader,
): Pick<ImportedProduct, 'translations'> {
  const [first] = rows;
  if (first === undefined) return {};
  const locales = [...new Set(Object.keys(first.cells).flatMap((column) => localeOfColumn(column) ?? []))];
  if (locales.length === 0) return {};
  const known = optionsOf({ options, variants });
  const said = locales.map((locale) => {
    const text: ProductText = {
      title: reader.text(first, `Title / ${locale}`, 255) || null,
      descriptionHtml: safeHtml(reader.text(first, `Body (HTML) / ${locale}`, 200_000)) || null,
      seo: {
        title: reader.text(first, `SEO Title / ${locale}`, 255) || null,
        description: reader.text(first, `SEO Description / ${locale}`, 1_000) || null,
      },
      options: options.flatMap((name, index) => optionText(rows, variants, name, index, locale, reader)),
    };
    const clash = clashIn(known, text.options);
    if (clash !== undefined)
      reader.note(
        first,
        `Option1 Name / ${locale}`,
        `or another of its options says “${shorten(clash)}” twice`,
        'Give each option, and each value of one, its own name.',
      );
    return [locale, isEmpty(text) ? null : text] as const;
  });
  return { translations: Object.fromEntries(said) };
}

/** None where the rows say nothing of it. */
function optionText(
  rows: readonly CsvRow[],
  variants: readonly ImportedVariant[],
  name: string,
  index: number,
  locale: string,
  reader: Reader,
): OptionText[] {
  const [first] = rows;
  const as = first === undefined ? '' : reader.text(first, `Option${index + 1} Name / ${locale}`, 255);
  const values = new Map<string, string>();
  for (const [at, row] of rows.entries()) {
    const of = variants[at]?.optionValues[index] ?? '';
    const said = reader.text(row, `Option${index + 1} Value / ${locale}`, 255);
    if (of !== '' && said !== '' && !values.has(of)) values.set(of, said);
  }
  if (as === '' && values.size === 0) return [];
  return [{ of: name, as: as || name, values: [...values].map(([of, said]) => ({ of, as: said })) }];
}

function extrasOf(row: CsvRow): Record<string, string> {
  return Object.fromEntries(
    Object.entries(row.cells)
      .filter(([column, value]) => value.trim() !== '' && isProductExtra(column))
      .slice(0, 200),
  );
}

function cell(row: CsvRow, column: string): string {
  return (row.cells[column] ?? '').trim();
}

function unique(parts: readonly string[]): string[] {
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== '' && part.length <= 255))];
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
