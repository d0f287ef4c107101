/**
 * Kubernetes resource quantities (`100m`, `1.5Gi`, `2e3`), exactly.
 */

/** A quantity as an integer count of nano-units. */
export type Quantity = { readonly nanos: bigint };

/** Reads a quantity; undefined when the text is not one. */
export function parseQuantity(text: string): Quantity | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,3})?$/.exec(
    text,
  );
  if (parts === null) return undefined;
  const [, sign, whole = '', fraction = '', suffix = ''] = parts;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  const scaled = scale(digits, suffix, fraction.length);
  return { nanos: sign === '-' ? -scaled : scaled };
}

/** -1, 0 or 1. */
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  return a.nanos === b.nanos ? 0 : a.nanos < b.nanos ? -1 : 1;
}

const nano = 9;
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Counts finer than a nano-unit round away from zero, as Kubernetes does. */
function scale(digits: bigint, suffix: string, decimals: number): bigint {
  const power = binary.indexOf(suffix);
  const base = power < 0 ? digits : digits * 1024n ** BigInt(power + 1);
  const exponent = (power < 0 ? (decimal[suffix] ?? Number(suffix.slice(1))) : 0) - decimals + nano;
  if (exponent >= 0) return base * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  return (base + divisor - 1n) / divisor;
}
