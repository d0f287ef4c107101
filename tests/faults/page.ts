/**
 * What was tried and seen under faults, kept beside the code: the last run of each scenario on each API server, and the tables of
 * `docs/faults.md` made from that.
 */
import { z } from 'zod';

/** The last run of a scenario. */
export const Result = z.object({
  server: z.string(),
  scenario: z.string(),
  tried: z.number(),
  converged: z.number(),
  seconds: z.number(),
  steps: z.record(z.string(), z.number()).optional(),
  /** Each n-th of the crash points there are. */
  every: z.number(),
  seed: z.number(),
  /** Of the code that ran. */
  commit: z.string(),
  date: z.string(),
  /** The machine's load average over five minutes when the run ended, and its cores. */
  load: z.number(),
  cores: z.number(),
});
export type Result = z.infer<typeof Result>;

export function parseResults(text: string): readonly Result[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Result.parse(JSON.parse(line)));
}

/** A line each, in an order that a rerun does not change. */
export function formatResults(results: readonly Result[]): string {
  return results
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .map((result) => `${JSON.stringify(result)}\n`)
    .join('');
}

/** What is new takes the place of what was seen of the same scenario on the same server. */
export function merged(before: readonly Result[], now: readonly Result[]): readonly Result[] {
  return [...new Map([...before, ...now].map((result) => [keyOf(result), result])).values()];
}

const BEGIN = '<!-- Written by `npm run test:faults -- --full --write`. -->';
const END = '<!-- Until here. -->';

/** @throws Error when the page has no place for the tables */
export function withTables(page: string, results: readonly Result[]): string {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the page has no ${BEGIN} with ${END} after it`);
  const tables = [...Map.groupBy(results, ({ server }) => server)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([server, own]) => `### ${server}\n\n${table(own)}`);
  return `${page.slice(0, from)}${BEGIN}\n\n${tables.join('\n\n')}\n\n${page.slice(to)}`;
}

function table(results: readonly Result[]): string {
  const rows = results.toSorted(inReadingOrder).map((one) => {
    const steps = Object.entries(one.steps ?? {}).map(([step, count]) => `${step} ${count}`);
    const share = one.every === 1 ? '' : `each ${ordinal(one.every)}: `;
    return [
      one.scenario,
      `${share}${one.tried}${steps.length < 2 ? '' : ` (${steps.join(', ')})`}`,
      String(one.converged),
      String(Math.round(one.seconds)),
      `${one.load.toFixed(0)} on ${one.cores}`,
      `\`${one.commit}\``,
    ];
  });
  return [
    ['scenario', 'tried', 'converged', 'seconds', 'load on cores', 'commit'],
    ['---', '---', '---', '---', '---', '---'],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

const ordinal = (n: number): string => (n === 2 ? '2nd' : n === 3 ? '3rd' : `${n}th`);

const keyOf = ({ server, scenario, seed }: Result): string =>
  [server, ...(isOfSpecs(scenario) ? ['specs', seed] : [scenario])].join('\n');

/** Their scenario says what chance made of them. */
const isOfSpecs = (scenario: string): boolean => scenario.startsWith('generated specs');

/** Crash points first, generated specs last. */
function inReadingOrder(a: Result, b: Result): number {
  const place = ({ scenario, steps }: Result): string =>
    `${steps !== undefined ? 0 : isOfSpecs(scenario) ? 2 : 1} ${scenario}`;
  return place(a) < place(b) ? -1 : 1;
}
