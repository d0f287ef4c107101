/** What a schema of one field cannot see of a product's variants. Pure. */
import type { ProductInput } from './schemas.ts';

interface Variants {
  readonly options: readonly string[];
  readonly variants: readonly (Pick<ProductInput['variants'][number], 'optionValues' | 'prices'> & {
    readonly bundle?: { readonly offBasisPoints?: number | undefined } | undefined;
  })[];
}

/** @returns each with its place in the product: `variants/0/prices` */
export function problemsOfVariants({
  options,
  variants,
}: Variants): { readonly where: string; readonly what: string }[] {
  const firsts = new Map<string, number>();
  const problems = variants.flatMap(({ optionValues, prices, bundle }, index) => {
    if (prices.length === 0 && bundle?.offBasisPoints === undefined)
      return [{ where: `variants/${index}/prices`, what: 'is missing' }];
    const where = `variants/${index}/optionValues`;
    if (optionValues.length !== options.length)
      return [{ where, what: `has ${optionValues.length} values for ${options.length} options` }];
    const key = optionValues.join('\0');
    const twin = firsts.get(key);
    if (twin === undefined) firsts.set(key, index);
    return twin === undefined ? [] : [{ where, what: `is the same variant as the one at ${twin}` }];
  });
  if (new Set(options).size < options.length)
    problems.push({ where: 'options', what: 'names an option twice' });
  return problems;
}
