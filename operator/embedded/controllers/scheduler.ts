/**
 * The scheduler: binds every Pod that waits to the one node, unless the Pod says it must not run there.
 * What a Pod requests is not counted: the machine is shared by everything on it.
 */
import { on, runController, type Context, type Controller } from './machinery/controller.ts';
import { NODES, PODS, timestamp, type Node, type Pod } from './machinery/wire.ts';

const SCHEDULER_NAME = 'default-scheduler';

export type Decision =
  | { readonly bind: string }
  | { readonly unschedulable: string }
  /** Not ours to decide, or decided already. */
  | undefined;

export function decide(pod: Pod, nodes: readonly Node[]): Decision {
  if (pod.spec.nodeName || pod.metadata.deletionTimestamp) return undefined;
  if ((pod.spec.schedulerName ?? SCHEDULER_NAME) !== SCHEDULER_NAME) return undefined;
  if (pod.spec.schedulingGates && pod.spec.schedulingGates.length > 0) return undefined;
  const refusals = nodes.map((node) => ({ node, reason: refusal(pod, node) }));
  const fit = refusals.find(({ reason }) => reason === undefined);
  if (fit) return { bind: fit.node.metadata.name };
  const reasons = refusals.map(({ reason }) => `1 ${reason}`).join(', ');
  return { unschedulable: `0/${nodes.length} nodes are available${reasons ? `: ${reasons}` : ''}.` };
}

function refusal(pod: Pod, node: Node): string | undefined {
  if (node.spec.unschedulable) return 'node(s) were unschedulable';
  const labels = node.metadata.labels ?? {};
  const selected = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  return selected ? undefined : "node(s) didn't match Pod's node affinity/selector";
}

export function startScheduler(context: Context): Controller {
  const { api, recorder, clock } = context;
  const pods = context.informers.of(PODS);
  const nodes = context.informers.of(NODES);
  const recorded = recorder.as(SCHEDULER_NAME);

  async function reconcile(key: string): Promise<undefined> {
    const pod = pods.get(key);
    const decision = pod && decide(pod, nodes.list());
    if (!pod || !decision) return;
    const { namespace, name, uid } = pod.metadata;
    if ('bind' in decision) {
      await api.call({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/pods/${name}/binding`,
        body: {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name, namespace, uid },
          target: { apiVersion: 'v1', kind: 'Node', name: decision.bind },
        },
      });
      const message = `Successfully assigned ${key} to ${decision.bind}`;
      recorded.event(PODS, pod, { type: 'Normal', reason: 'Scheduled', message });
      return;
    }
    const message = decision.unschedulable;
    recorded.event(PODS, pod, { type: 'Warning', reason: 'FailedScheduling', message });
    const present = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (present?.message === message) return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime: present?.status === 'False' ? present.lastTransitionTime : timestamp(clock.now()),
    };
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
    const patch = { metadata: { uid }, status: { phase: 'Pending', conditions: [...others, condition] } };
    pods.observe(await api.patch(PODS, { namespace, name }, patch, { subresource: 'status' }));
  }

  return runController(context, {
    name: 'scheduler',
    sources: [
      on(pods),
      on(nodes, () =>
        pods
          .list()
          .filter((pod) => !pod.spec.nodeName)
          .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
      ),
    ],
    reconcile,
    concurrency: 8,
  });
}
