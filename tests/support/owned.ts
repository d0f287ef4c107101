/**
 * What must not outlive the process that made it: folders of /tmp, and servers that it started. Whoever owns them ends them itself;
 * what it leaves, because a test failed or the process was killed, is ended by a shell beside it that reads until its owner is gone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @param name what it is for; @returns a new folder in that of temporary files, absolute, readable by its owner alone */
export function ownFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `shopmind-${name}-`));
  tell(`folder ${folder}`);
  return folder;
}

/** @param signal asks it to end; thirty seconds later it is killed */
export function own(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): void {
  const { pid } = child;
  if (pid === undefined) return; // it could not be started
  tell(`process ${pid} ${signal.slice('SIG'.length)}`);
  // Its number may soon be another's.
  child.once('exit', () => tell(`ended ${pid}`));
}

let keeper: ChildProcess | undefined;

function tell(line: string): void {
  keeper ??= startKeeper();
  keeper.stdin?.write(`${line}\n`);
}

/** In a session of its own, so that Ctrl-C does not end it with its owner; it keeps nobody from ending. */
function startKeeper(): ChildProcess {
  const child = spawn('sh', ['-c', KEEPER], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  // Whoever ended it has only to tidy up himself.
  child.stdin?.on('error', () => undefined);
  if (child.stdin !== null && 'unref' in child.stdin && typeof child.stdin.unref === 'function')
    child.stdin.unref();
  return child;
}

/** Arguments are folders, `$left` are processes with their signals. */
const KEEPER = `
  left=
  while read -r what it how; do
    case $what in
      folder) set -- "$@" "$it" ;;
      process) left="$left $it:$how" ;;
      ended)
        others=
        for one in $left; do [ "\${one%:*}" = "$it" ] || others="$others $one"; done
        left=$others ;;
    esac
  done
  for one in $left; do kill -s "\${one#*:}" "\${one%:*}"; done
  tries=0
  while [ -n "$left" ] && [ $tries -lt 300 ]; do
    others=
    for one in $left; do kill -0 "\${one%:*}" && others="$others $one"; done
    left=$others
    tries=$((tries + 1))
    [ -z "$left" ] || sleep 0.1
  done
  for one in $left; do kill -s KILL "\${one%:*}"; done
  rm -rf -- "$@"`;
