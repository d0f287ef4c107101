/**
 * Preloaded into every file of a run (tests/run.ts): one that still lives when two of its tests could have taken as long as one may, because
 * something was left open or nobody answers, says what keeps it, and ends. Without this it would keep the whole run for ever.
 */
const TIMEOUT = '--test-timeout=';

const perTest = Number(process.execArgv.findLast((flag) => flag.startsWith(TIMEOUT))?.slice(TIMEOUT.length));
// Not in the process that runs the files.
if (process.env['NODE_TEST_CONTEXT'] !== undefined && perTest > 0)
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(
      `${process.argv[1]} has not ended within ${(2 * perTest) / 1_000} s; still open: ${open}\n`,
    );
    process.exit(1);
  }, 2 * perTest).unref();
