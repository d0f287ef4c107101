/** Kubernetes quantities as numbers, and numbers as people read them. Pure. */

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** `250m` → 0.25, `104184Ki` → 106684416. Zero for what is no quantity. */
export function parseQuantity(text: string | undefined): number {
  const [, number = '', unit = ''] = /^([0-9.]+(?:e[0-9]+)?)([a-zA-Z]*)$/.exec(text ?? '') ?? [];
  return number === '' ? 0 : Number(number) * (FACTORS[unit] ?? 0);
}

/** Cores as `kubectl top` writes them: `6m`, `1250m`. */
export const cores = (value: number): string => `${Math.ceil(value * 1000)}m`;

/** Bytes in mebibytes: `102Mi`. */
export const mebibytes = (value: number): string => `${Math.round(value / 2 ** 20)}Mi`;
