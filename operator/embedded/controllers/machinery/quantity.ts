/**
 * Kubernetes quantities (`250m`, `1.5Gi`, `2e3`) as numbers, and back.
 */
const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** In the base unit: cores, bytes. @throws RangeError when it is no quantity */
export function parseQuantity(text: string | number): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(text));
  if (!match) throw new RangeError(`"${text}" is not a quantity such as 250m or 1.5Gi`);
  const [, digits = '', exponent = '', suffix = ''] = match;
  return Number(digits + exponent) * (FACTORS[suffix] ?? 1);
}

/** Whole thousandths of a core, for example `12m`. */
export const cpuQuantity = (cores: number): string => `${Math.max(0, Math.round(cores * 1e3))}m`;
/** Nanocores, as metrics-server writes them. */
export const nanoCpuQuantity = (cores: number): string => `${Math.max(0, Math.round(cores * 1e9))}n`;
/** Whole Ki. */
export const memoryQuantity = (bytes: number): string => `${Math.max(0, Math.round(bytes / 1024))}Ki`;
