/** What a campaign found, for people. */
import { table } from '../bench/table.ts';
import { successesOf, type Found, type Report, type Tally } from './campaign.ts';

export function summary({ seed, seconds, requests, tallies, findings, memory }: Report): string {
  const never = neverAnswered(tallies);
  const [before, after] = memory.map((bytes) => `${Math.round(bytes / 1e6)} MB`);
  return [
    endpoints(tallies),
    `${requests} requests to ${tallies.size} operations in ${seconds.toFixed(0)} s (seed ${seed}), ${tallies.size - never.length} of them answered as wished at least once`,
    `memory of the runtime: ${before} before, ${after} at the end`,
    ...(never.length === 0
      ? []
      : [
          'never answered as wished:',
          ...never.map((id) => `  ${id}: ${CANNOT[id] ?? whyNot(tallies.get(id))}`),
        ]),
    findings.length === 0
      ? 'nothing found'
      : `${findings.length} found:\n\n${findings.map(told).join('\n\n')}`,
    '',
  ].join('\n');
}

/** What these shops cannot answer, whoever asks, and why. */
const CANNOT: Readonly<Record<string, string>> = {
  'accounts.endPostedProviderSignIn': 'Apple alone posts, and Apple is not here',
  'notifications.getPushKey':
    'with a key of theirs the shops would send to the push services that browsers name',
};

export function neverAnswered(tallies: ReadonlyMap<string, Tally>): string[] {
  return [...tallies].filter(([, tally]) => successesOf(tally) === 0).map(([id]) => id);
}

/** What requests that were as described heard most. */
function whyNot(tally: Tally | undefined): string {
  const ordered = [...(tally?.refusals ?? [])].toSorted(([, one], [, other]) => other - one);
  return ordered
    .slice(0, 4)
    .map(([why, times]) => `${why} (${times})`)
    .join('; ');
}

function endpoints(tallies: ReadonlyMap<string, Tally>): string {
  const count = ({ classes }: Tally, group: number): string => String(classes.get(group) ?? 0);
  return table(
    ['operation', 'requests', '2xx', '3xx', '4xx', '5xx', 'cut off', 'slowest'],
    [...tallies].map(([id, tally]) => [
      id,
      String(tally.requests),
      ...[2, 3, 4, 5, 0].map((group) => count(tally, group)),
      `${tally.slowest.toFixed(0)} ms`,
    ]),
  );
}

export function told({ kind, what, operation, times, curl, answer, log }: Found): string {
  return [
    `${operation}: ${kind}: ${what} (${times} times)`,
    ...(curl === '' ? [] : [`  ${curl.slice(0, 3_000)}`, `  → ${answer}`]),
    ...(log === undefined ? [] : [`  log: ${log.slice(0, 1_500)}`]),
  ].join('\n');
}
