/**
 * A cluster to look at: `node tests/cluster/run.ts` starts a control plane, prints how to reach it, and ends it with Ctrl-C.
 */
import { once } from 'node:events';
import { startControlPlane } from './control-plane.ts';

const plane = await startControlPlane();
process.stdout.write(`export KUBECONFIG=${plane.kubeconfig}\n`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await plane.stop();
