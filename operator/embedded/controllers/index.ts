/**
 * Every controller of the embedded cluster, started together on shared caches.
 */
import type { Context, Controller } from './machinery/controller.ts';
import { apiVersionOf } from './machinery/wire.ts';
import { startAutoscalers } from './autoscaler.ts';
import { startCronJobs } from './cronjob.ts';
import { startDaemonSets } from './daemonset.ts';
import { startDeployments } from './deployment.ts';
import { discover } from './discovery.ts';
import { startDisruptionBudgets } from './disruption.ts';
import { startEndpointSlices } from './endpointslice.ts';
import { startGarbageCollector } from './garbage.ts';
import { startJobs } from './job.ts';
import { startNamespaces } from './namespace.ts';
import { startReplicaSets, startReplicationControllers } from './replicaset.ts';
import { startScheduler } from './scheduler.ts';
import { startServiceAccounts } from './serviceaccount.ts';
import { startStatefulSets } from './statefulset.ts';
import { startSweeper } from './sweeper.ts';

export interface ControllersOptions {
  /** PEM of the API server's authority, given to every namespace. */
  readonly ca: string;
  /** How often autoscalers look; default 15 s. */
  readonly autoscalerPeriodMs?: number;
}

export function startControllers(
  context: Context,
  { ca, autoscalerPeriodMs }: ControllersOptions,
): Controller {
  const pluralOf = async (apiVersion: string, kind: string): Promise<string | undefined> =>
    (await discover(context.api)).find((one) => apiVersionOf(one) === apiVersion && one.kind === kind)
      ?.plural;
  const controllers = [
    startScheduler(context),
    startReplicaSets(context),
    startReplicationControllers(context),
    startDeployments(context),
    startEndpointSlices(context),
    startServiceAccounts(context, ca),
    startNamespaces(context),
    startGarbageCollector(context),
    startSweeper(context),
    startStatefulSets(context),
    startDaemonSets(context),
    startJobs(context),
    startCronJobs(context),
    startDisruptionBudgets(context),
    startAutoscalers(context, pluralOf, autoscalerPeriodMs),
  ];
  return {
    async close() {
      await Promise.all(controllers.map((controller) => controller.close()));
    },
  };
}
