/**
 * docs/fidelity.md: what the embedded cluster does, pretends and leaves out, and what Kubernetes's own tests say of it.
 */
import type { Verdict } from './judge.ts';
import { FEATURES, type Feature } from './features.ts';
import { KNOWN_TO_FAIL } from './selection.ts';

export interface Result {
  readonly name: string;
  readonly conformance: boolean;
  /** Absent for a test that is not run. */
  readonly verdict: Verdict | undefined;
  readonly whyNotRun: string | undefined;
}

export function renderReport(results: readonly Result[]): string {
  const official = results.filter(({ conformance }) => conformance);
  const further = results.filter(({ conformance }) => !conformance);
  return [
    '# Fidelity of the embedded cluster',
    '',
    '<!-- Written by `npm run fidelity`; change tests/fidelity/ instead. -->',
    '',
    'What the cluster of `npm start` is to a client, and what it is not. The verdicts are those of `e2e.test` of Kubernetes v1.34.4, a program that',
    'nobody here wrote, in one run against one embedded cluster. Its images (pause, nginx, busybox, agnhost) are stood in for by local processes;',
    "agnhost's webhooks are Kubernetes's own code. Nothing else in the cluster knows that it is being tested.",
    '',
    '## In figures',
    '',
    '| tests of `[sig-api-machinery]` | run | passed | failed | not run |',
    '|---|---:|---:|---:|---:|',
    figures('conformance', official),
    figures('beyond conformance', further),
    '',
    ...(['supported', 'simulated', 'absent'] as const).flatMap(featureSection),
    '## Conformance tests',
    '',
    ...table(official),
    '## Beyond conformance',
    '',
    ...table(further),
  ].join('\n');
}

function figures(title: string, results: readonly Result[]): string {
  const ran = results.filter(({ verdict }) => verdict !== undefined);
  const passed = ran.filter(({ verdict }) => verdict?.passed === true).length;
  return `| ${title} | ${ran.length} | ${passed} | ${ran.length - passed} | ${results.length - ran.length} |`;
}

const TITLES = { supported: 'Supported', simulated: 'Simulated', absent: 'Absent' } as const;

function featureSection(kind: keyof typeof TITLES): string[] {
  const rows = FEATURES.filter((feature: Feature) => feature.is === kind);
  return [
    `## ${TITLES[kind]}`,
    '',
    '| part | what |',
    '|---|---|',
    ...rows.map(({ part, what }) => `| ${part} | ${what} |`),
    '',
  ];
}

function table(results: readonly Result[]): string[] {
  return [
    '| test | verdict |',
    '|---|---|',
    ...results.map((result) => `| ${shortName(result.name)} | ${verdictOf(result)} |`),
    '',
  ];
}

/** Without what all of them share. */
const shortName = (name: string): string =>
  name
    .replace(/^\[sig-api-machinery\] /, '')
    .replace(/ \[Conformance\]$/, '')
    .replaceAll('|', '\\|');

function verdictOf({ name, verdict, whyNotRun }: Result): string {
  if (!verdict) return `not run: ${whyNotRun ?? 'not chosen'}`;
  if (verdict.passed) return 'passed';
  const [first = ''] = (KNOWN_TO_FAIL[name] ?? verdict.why).split('\n');
  return `**failed**: ${first.replaceAll('|', '\\|')}`;
}
