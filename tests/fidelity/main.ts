/**
 * `npm run test:fidelity`: Kubernetes's own end-to-end tests of the API machinery against the embedded cluster.
 * `npm run fidelity` (`--write`) also writes docs/fidelity.md. `--focus TEXT` runs only tests whose names contain it, and
 * `--keep` leaves logs and reports where they are printed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { startEmbeddedCluster } from '../../operator/embedded/cluster.ts';
import { program } from '../cluster/binaries.ts';
import { ownFolder } from '../support/owned.ts';
import { judgedImages } from './images.ts';
import { listTests, runTests, type Verdict } from './judge.ts';
import { renderReport, type Result } from './report.ts';
import { CANDIDATES, isConformance, isFurther, KNOWN_TO_FAIL, sharedPort, whyNotRun } from './selection.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/fidelity.md');
/** As with kube-apiserver, old states go after five minutes; one of the tests waits for that. */
const COMPACTION_MS = 60_000;

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    focus: { type: 'string', default: '' },
  },
});

const directory = options.keep ? await mkdtemp(join(tmpdir(), 'shopmind-fidelity-')) : ownFolder('fidelity');
try {
  process.exitCode = await main();
} finally {
  if (options.keep) say(`reports and logs are in ${directory}`);
  else await rm(directory, { recursive: true, force: true });
}

async function main(): Promise<number> {
  const judge = { program: await program('e2e.test'), directory };
  const listed = await listTests(judge, CANDIDATES);
  const wanted = listed.filter(({ name }) => isConformance(name) || isFurther(name));
  const chosen = wanted.filter(({ name }) => name.includes(options.focus));
  const started = performance.now();
  const verdicts = await withCluster((kubeconfig) =>
    runTests(
      judge,
      kubeconfig,
      chosen.filter(({ name }) => whyNotRun(name) === undefined),
      sharedPort,
    ),
  );
  const results = chosen.map(({ name }): Result => {
    const verdict = verdicts.find((one) => one.name === name);
    return { name, conformance: isConformance(name), verdict, whyNotRun: whyNotRun(name) };
  });
  for (const verdict of verdicts) say(lineOf(verdict));
  if (options.write) await writeFile(DOCUMENT, renderReport(results));
  return summary(results, Math.round((performance.now() - started) / 1_000));
}

async function withCluster<T>(work: (kubeconfig: string) => Promise<T>): Promise<T> {
  const kubeconfigPath = join(directory, 'kubeconfig');
  const log = pino({ level: 'info' }, pino.destination(join(directory, 'cluster.log')));
  const cluster = await startEmbeddedCluster({
    dataDir: join(directory, 'cluster'),
    kubeconfigPath,
    images: await judgedImages(),
    compactionMs: COMPACTION_MS,
    log,
  });
  try {
    return await work(kubeconfigPath);
  } finally {
    await cluster.close();
  }
}

function lineOf({ name, passed, seconds, why }: Verdict): string {
  const time = `(${seconds.toFixed(1)} s)`;
  return passed ? `✔ ${name} ${time}` : `✖ ${name} ${time}\n${why.replaceAll(/^/gm, '    ')}`;
}

/** Prints how it went. @returns the exit status: 0 when everything passed that is not known to fail, and nothing else is */
function summary(results: readonly Result[], seconds: number): number {
  const ran = results.filter(({ verdict }) => verdict !== undefined);
  const failed = ran.filter(({ verdict }) => verdict?.passed !== true);
  const official = ran.filter(({ conformance }) => conformance);
  const officiallyFailed = failed.filter(({ conformance }) => conformance);
  const unexpected = failed.filter(({ name }) => !Object.hasOwn(KNOWN_TO_FAIL, name));
  const mended = ran.filter(
    ({ name, verdict }) => verdict?.passed === true && Object.hasOwn(KNOWN_TO_FAIL, name),
  );
  for (const { name } of mended) say(`${name} passes: take it out of KNOWN_TO_FAIL`);
  say(
    `conformance: ${official.length - officiallyFailed.length} passed, ${officiallyFailed.length} failed, ${results.filter((one) => one.conformance && one.verdict === undefined).length} not run`,
  );
  say(`${ran.length - failed.length} passed, ${failed.length} failed in ${seconds} s`);
  return unexpected.length > 0 || mended.length > 0 || ran.length === 0 ? 1 : 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
