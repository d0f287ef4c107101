/** What a campaign found, for people. */
import { table } from '../bench/table.ts';
import type { Found, Report, Tally } from './campaign.ts';

export function summary({ seed, seconds, requests, tallies, findings, memory }: Report): string {
  const never = neverAnswered(tallies);
  const [before, after] = memory.map((bytes) => `${Math.round(bytes / 1e6)} MB`);
  return [
    endpoints(tallies),
    `${requests} requests to ${tallies.size} operations in ${seconds.toFixed(0)} s (seed ${seed}), ${tallies.size - never.length} of them answered 2xx at least once`,
    `memory of the runtime: ${before} before, ${after} at the end`,
    ...(never.length === 0
      ? []
      : ['never answered 2xx:', ...never.map((id) => `  ${id}: ${CANNOT[id] ?? whyNot(tallies.get(id))}`)]),
    findings.length === 0
      ? 'nothing found'
      : `${findings.length} found:\n\n${findings.map(told).join('\n\n')}`,
    '',
  ].join('\n');
}

/** What these shops cannot answer, whoever asks, and why. */
const CANNOT: Readonly<Record<string, string>> = {
  'catalog.getLogo': 'the shops of a campaign are declared without a logo',
  'notifications.getPushKey':
    'with a key of theirs the shops would send to the push services that browsers name',
  'accounts.adminPutSignInProvider': 'an identity provider has to answer at a public address',
  'accounts.adminDeleteSignInProvider': 'there is no identity provider that could be forgotten',
  'accounts.beginProviderSignIn': 'there is no identity provider to begin at',
  'accounts.endProviderSignIn': 'there is no identity provider to come back from',
  'accounts.endPostedProviderSignIn': 'as above',
  'accounts.authorizeApp': 'a browser is led on, to the app or to the page that asks',
  'accounts.continueAppSignIn': 'as above',
  'accounts.declineAppSignIn': 'as above',
  'accounts.endSessionFromApp': 'as above',
  'accounts.getConnection': 'what the browser keeps of a sign-in is sealed',
  'accounts.agreeToConnection': 'as above',
  'accounts.askForTokens': 'a code comes of a sign-in alone',
  'accounts.getUserInfo': 'as above, and so does a token',
  'accounts.askForUserInfo': 'as above',
  'accounts.disconnectApp': 'nobody is connected with an app',
  'accounts.removeIdentity': 'nobody has signed in at an identity provider',
};

export function neverAnswered(tallies: ReadonlyMap<string, Tally>): string[] {
  return [...tallies].filter(([, { classes }]) => (classes.get(2) ?? 0) === 0).map(([id]) => id);
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
