#!/usr/bin/env node
// Entry of `npx shopmind` and `kubectl shopmind`: finds a Node that runs TypeScript, then hands over to main.ts.
// Plain JavaScript that any Node >= 20 can run, because the machine's own Node may be too old for the rest.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const root = fileURLToPath(new URL('../../', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  module.enableCompileCache?.(`${root}node_modules/.cache/shopmind`);
  // node:sqlite and type stripping announce themselves as experimental on every start; users can do nothing about it.
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    const kind = typeof rest[0] === 'string' ? rest[0] : rest[0]?.type;
    if (kind !== 'ExperimentalWarning') emitWarning(warning, ...rest);
  };
  // Whoever reads us may stop reading: `shopmind status | head`.
  process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 74));
  const [{ main }, { processIo }] = await Promise.all([import('./main.ts'), import('./cli.ts')]);
  process.exitCode = await main(process.argv.slice(2), processIo());
} else {
  handOver(installedNode());
}

function installedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const binary = `${root}node_modules/node-${platform}-${process.arch}/bin/node${process.platform === 'win32' ? '.exe' : ''}`;
  if (existsSync(binary)) return binary;
  process.stderr.write(
    `shopmind needs Node ${NEEDED_MAJOR}; this is ${process.version} and ${binary} is missing.\n` +
      `Run \`npm ci\` in ${root} (without --omit=optional), or put Node ${NEEDED_MAJOR} on the PATH.\n`,
  );
  process.exit(69);
}

function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
