/**
 * A cluster to look at: `node tests/cluster/run.ts` starts a control plane, `… run.ts 2` one with two nodes. Prints how to reach it;
 * Ctrl-C ends it.
 */
import { once } from 'node:events';
import { startCluster } from './cluster.ts';
import { startControlPlane } from './control-plane.ts';

const nodes = Number(process.argv[2] ?? 0);
const started = nodes > 0 ? await startCluster({ nodes }) : await startControlPlane();
const { kubeconfig } = 'plane' in started ? started.plane : started;
process.stdout.write(`export KUBECONFIG=${kubeconfig}\n`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await started.stop();
