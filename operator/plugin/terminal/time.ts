/**
 * Spans of time, as kubectl writes them and as people type them.
 */
import { EXIT, Failure } from '../failure.ts';

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** `45s`, `3m20s`, `5h`, `3d4h`, `120d`: two units while they say something, as kubectl's age column. */
export function span(milliseconds: number): string {
  let left = Math.max(0, Math.floor(milliseconds / 1000) * 1000);
  if (left === 0) return '0s';
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    if (count === 0 && parts.length === 0) continue;
    if (count > 0) parts.push(`${count}${unit}`);
    left -= count * size;
    // Past ten of a unit the next smaller one is noise.
    if (parts.length === 0 || parts.length === 2 || count >= 10 || unit === 's') break;
  }
  return parts.join('');
}

/** Age of an RFC 3339 time; empty when there is none. */
export function age(time: string | undefined, now: number): string {
  if (time === undefined) return '';
  const at = Date.parse(time);
  return Number.isNaN(at) ? '' : span(now - at);
}

/**
 * `90s`, `5m`, `1h30m`, `2d`: as Go's durations, and days.
 * @returns milliseconds
 * @throws Failure naming the flag
 */
export function parseSpan(text: string, flag: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|d|h|m|s)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) {
    throw new Failure(`${flag} ${text} is no span of time`, {
      exitCode: EXIT.usage,
      remedy: 'Write it as 90s, 5m, 1h30m or 2d.',
    });
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (SIZES[unit ?? ''] ?? 0), 0);
}

const SIZES: Readonly<Record<string, number>> = { ms: 1, ...Object.fromEntries(UNITS) };
