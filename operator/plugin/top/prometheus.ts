/**
 * Reads the text format of Prometheus (0.0.4), as far as counters and histograms need it. Pure.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = line.startsWith('#') ? null : LINE.exec(line);
    if (match === null) return [];
    const [, name = '', labels = '', value = ''] = match;
    return [
      {
        name,
        labels: Object.fromEntries(
          [...labels.matchAll(LABEL)].map(([, label = '', text_ = '']) => [label, unescaped(text_)]),
        ),
        value: value === '+Inf' ? Infinity : Number(value),
      },
    ];
  });
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/**
 * The value below which this share of observations lie, by linear interpolation within its bucket, as `histogram_quantile` does.
 * @param buckets upper bound → observations up to it, cumulative
 * @returns `undefined` without observations; the highest finite bound when it lies above that
 */
export function quantile(share: number, buckets: ReadonlyMap<number, number>): number | undefined {
  const sorted = [...buckets].toSorted(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = share * total;
  let [lower, below] = [0, 0];
  for (const [upper, count] of sorted) {
    if (count >= rank) {
      if (upper === Infinity) return lower;
      return count === below ? upper : lower + ((upper - lower) * (rank - below)) / (count - below);
    }
    [lower, below] = [upper, count];
  }
  return lower;
}
