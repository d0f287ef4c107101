/**
 * Every controller of the embedded cluster, started together on shared caches.
 */
import type { Context, Controller } from './machinery/controller.ts';
import { startDeployments } from './deployment.ts';
import { startEndpointSlices } from './endpointslice.ts';
import { startGarbageCollector } from './garbage.ts';
import { startNamespaces } from './namespace.ts';
import { startReplicaSets } from './replicaset.ts';
import { startScheduler } from './scheduler.ts';
import { startServiceAccounts } from './serviceaccount.ts';
import { startSweeper } from './sweeper.ts';

/** @param ca PEM of the API server's authority, given to every namespace */
export function startControllers(context: Context, ca: string): Controller {
  const controllers = [
    startScheduler(context),
    startReplicaSets(context),
    startDeployments(context),
    startEndpointSlices(context),
    startServiceAccounts(context, ca),
    startNamespaces(context),
    startGarbageCollector(context),
    startSweeper(context),
  ];
  return {
    async close() {
      await Promise.all(controllers.map((controller) => controller.close()));
    },
  };
}
