/**
 * Kubernetes quantities (`250m`, `1.5Gi`, `2e3`) as numbers, and back.
 */
import { parseQuantity as parseExactly } from '../../schema/quantity.ts';

const NANOS = 1_000_000_000n;

/** In the base unit: cores, bytes. @throws RangeError when it is no quantity */
export function parseQuantity(text: string | number): number {
  const exact = parseExactly(String(text));
  if (exact === undefined) throw new RangeError(`"${text}" is not a quantity such as 250m or 1.5Gi`);
  return Number(exact.nanos / NANOS) + Number(exact.nanos % NANOS) / Number(NANOS);
}

/** Nanocores, as metrics-server writes them. */
export const nanoCpuQuantity = (cores: number): string => `${Math.max(0, Math.round(cores * 1e9))}n`;
/** Whole Ki. */
export const memoryQuantity = (bytes: number): string => `${Math.max(0, Math.round(bytes / 1024))}Ki`;
