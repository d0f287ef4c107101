/**
 * Runs Kubernetes's `e2e.test` against a cluster and reads its reports.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { own } from '../support/owned.ts';

export interface OfficialTest {
  /** The whole name, as the project lists it. */
  readonly name: string;
  /** Must not run beside others. */
  readonly serial: boolean;
  readonly slow: boolean;
}

export interface Verdict {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** Why it did not pass, in its own words; empty when it did. */
  readonly why: string;
}

export interface Judge {
  /** The program `e2e.test`. */
  readonly program: string;
  /** Where reports and logs go. */
  readonly directory: string;
}

/** Processes at a time for tests that bear each other's company: most of a test is waiting. */
const FREE_LANES = 3;
const TIMEOUT = '25m';

/** The part of Ginkgo's JSON report that is read here. */
interface Report {
  readonly SpecReports: readonly {
    readonly ContainerHierarchyTexts: readonly string[] | null;
    readonly ContainerHierarchyLabels: readonly (readonly string[])[] | null;
    readonly LeafNodeText: string;
    readonly LeafNodeLabels: readonly string[] | null;
    readonly LeafNodeType: string;
    readonly State: string;
    readonly RunTime: number;
    readonly Failure?: { readonly Message?: string };
  }[];
}

/** The tests whose names match, without running them. */
export async function listTests(judge: Judge, focus: string): Promise<OfficialTest[]> {
  const report = await run(judge, 'list', ['--ginkgo.dry-run', `--ginkgo.focus=${focus}`]);
  return itsOf(report)
    .filter(({ State }) => State !== 'skipped')
    .map((one) => {
      const name = nameOf(one);
      return { name, serial: name.includes('[Serial]'), slow: name.includes('[Slow]') };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Runs the tests, those that bear it side by side, and says how each ended.
 * @param laneOf names what a test must not share with others at the same time; undefined when there is nothing
 */
export async function runTests(
  judge: Judge,
  kubeconfig: string,
  tests: readonly OfficialTest[],
  laneOf: (name: string) => string | undefined,
): Promise<Verdict[]> {
  const parallel = tests.filter(({ serial }) => !serial);
  const bound = Map.groupBy(
    parallel.filter(({ name }) => laneOf(name) !== undefined),
    ({ name }) => laneOf(name),
  );
  const free = parallel
    .filter(({ name }) => laneOf(name) === undefined)
    .toSorted((a, b) => Number(b.slow) - Number(a.slow));
  const dealt = Array.from({ length: FREE_LANES }, (_, lane) =>
    free.filter((_test, index) => index % FREE_LANES === lane),
  );
  const verdicts = await Promise.all(
    [...bound.values(), ...dealt].map((lane, index) => runLane(judge, kubeconfig, `lane-${index + 1}`, lane)),
  );
  const alone = tests.filter(({ serial }) => serial);
  return [...verdicts.flat(), ...(await runLane(judge, kubeconfig, 'serial', alone))].toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
}

async function runLane(
  judge: Judge,
  kubeconfig: string,
  lane: string,
  tests: readonly OfficialTest[],
): Promise<Verdict[]> {
  if (tests.length === 0) return [];
  const focus = tests.map(({ name }) => escaped(name)).join('|');
  const report = await run(judge, lane, [
    '--provider=skeleton',
    `--kubeconfig=${kubeconfig}`,
    '--dump-logs-on-failure=false',
    `--ginkgo.focus=${focus}`,
    `--ginkgo.timeout=${TIMEOUT}`,
  ]);
  const ended = new Map(itsOf(report).map((one) => [nameOf(one), one]));
  return tests.map(({ name }) => {
    const one = ended.get(name);
    if (!one || one.State === 'skipped')
      return {
        name,
        passed: false,
        seconds: 0,
        why: one ? skipReason(one) : 'the run ended before its turn',
      };
    const passed = one.State === 'passed';
    const why = passed ? '' : (one.Failure?.Message ?? one.State);
    return { name, passed, seconds: one.RunTime / 1e9, why };
  });
}

const skipReason = (one: Report['SpecReports'][number]): string =>
  `skipped itself: ${one.Failure?.Message ?? 'without a reason'}`;

async function run(
  { program, directory }: Judge,
  label: string,
  args: readonly string[],
): Promise<Report | undefined> {
  const file = join(directory, `${label}.json`);
  const log = createWriteStream(join(directory, `${label}.log`));
  const child = spawn(
    program,
    [...args, '--ginkgo.no-color', '--ginkgo.silence-skips', `--ginkgo.json-report=${file}`],
    // It leaves a kubeconfig behind for each of its tests.
    { cwd: directory, env: { ...process.env, TMPDIR: directory }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  own(child);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const [code] = await once(child, 'close');
  log.end();
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(
      `${program} ended with ${String(code)} and left no report; its log is ${log.path.toString()}`,
      {
        cause,
      },
    );
  });
  // One suite was run: the report of this program has one entry of Ginkgo's own form.
  return (JSON.parse(text) as Report[])[0];
}

const itsOf = (report: Report | undefined): Report['SpecReports'] =>
  (report?.SpecReports ?? []).filter(({ LeafNodeType }) => LeafNodeType === 'It');

const nameOf = ({ ContainerHierarchyTexts, LeafNodeText }: Report['SpecReports'][number]): string =>
  [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ');

const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
