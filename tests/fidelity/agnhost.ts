/**
 * The image agnhost as a local process: `agnhost.ts BINARY ARGUMENT…` becomes Kubernetes's own program. Without a mount namespace
 * its certificates are not where the Pod mounts them, but where the node agent says they are.
 */
import { env, execve } from 'node:process';

const [binary = '', ...args] = process.argv.slice(2);
const MOUNTED = '/webhook.local.config/certificates';
const [folder = MOUNTED] = Object.entries(env).flatMap(([name, value]) =>
  /^SHOPMIND_VOLUME_.*CERTS$/.test(name) && value !== undefined ? [value] : [],
);

if (execve === undefined) throw new Error('agnhost is run by execve, which this platform lacks');
if (args[0] === 'pause') execve('/bin/sleep', ['sleep', 'infinity'], definedOnly());
execve(binary, [binary, ...args.map((word) => word.replace(MOUNTED, folder))], definedOnly());

function definedOnly(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
