/**
 * Carries a delivery out: has `decide` say what comes next of what is running and what was counted, and tells people of each turn.
 */
import type { CanaryStatus } from '../../../../crds/index.ts';
import type { ReconcileContext } from '../../../kube/controller.ts';
import { keyOfObject } from '../../../kube/types.ts';
import { canaryName } from '../../../resources/canary.ts';
import type { WorkloadInput } from '../../../resources/workload.ts';
import type { ServiceObject } from '../../kinds.ts';
import { lookIn } from '../../look.ts';
import type { Window } from '../../traffic/traffic.ts';
import type { World } from '../../world.ts';
import { decide } from './decide.ts';
import type { Decision, Situation } from './decide.ts';
import { deliveryOf } from './delivery.ts';
import type { Delivered } from './delivery.ts';

export interface Delivery extends Delivered {
  readonly status: CanaryStatus | undefined;
  readonly requeueAfterMs: number | undefined;
}

export interface Deliverer {
  /** @param secretRevision stamped on every template: a new password must roll Pods of whatever revision */
  plan(
    context: ReconcileContext,
    service: ServiceObject,
    input: WorkloadInput,
    secretRevision: string | undefined,
  ): Promise<Delivery>;
}

export function createDeliverer(world: World): Deliverer {
  /** Windows whose counting this process has begun, by Service. */
  const opened = new Map<string, string>();

  /** Counting begins with the first question, so it is asked as soon as there is a window, also after a restart. */
  async function openWindow(
    service: ServiceObject,
    status: CanaryStatus | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const key = keyOfObject(service);
    const window = windowOf(service, status);
    if (window === undefined) {
      if (opened.delete(key)) world.traffic.forget(backendOf(service));
    } else if (opened.get(key) !== window.id) {
      opened.set(key, window.id);
      await world.traffic.read(window, signal);
    }
  }

  async function decided(
    situation: Situation,
    service: ServiceObject,
    signal: AbortSignal,
  ): Promise<Decision> {
    const first = decide(situation);
    const window = windowOf(service, situation.before);
    if (first.needsFigures === undefined || window === undefined) return first;
    return decide({ ...situation, figures: await world.traffic.read(window, signal) });
  }

  return {
    async plan({ signal }, service, input, secretRevision) {
      const subject = { service, input, secretRevision, look: lookIn(world) };
      const delivery = deliveryOf(subject, world.clock.now());
      if ('byArgo' in delivery) return { ...delivery.byArgo, status: undefined, requeueAfterMs: undefined };
      const { situation, to } = delivery.course;
      const decision = await decided(situation, service, signal);
      const { status, requeueAfterMs } = decision;
      tell(world, service, decision);
      await openWindow(service, status, signal);
      return { ...to(status), status, requeueAfterMs };
    },
  };
}

// ── figures and events ───────────────────────────────────────────────────────────────────────────

/** The requests to the canary at the weight it has now. */
function windowOf(service: ServiceObject, status: CanaryStatus | undefined): Window | undefined {
  const { canary, since, weight = 0 } = status ?? {};
  if (canary === undefined || since === undefined || weight === 0) return undefined;
  return { backend: backendOf(service), id: `${canary}/${since}`, startedAt: new Date(since) };
}

function backendOf({ metadata: { name, namespace = '' }, spec }: ServiceObject): string {
  return `${namespace}/${canaryName(name)}:${spec.port}`;
}

/** Each turn of a delivery is told once. */
function tell(world: World, service: ServiceObject, { status, ignored }: Decision): void {
  const record = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    world.events.record(service, { type, reason, message: message.slice(0, 1000) });
  if (ignored !== undefined) record('Warning', 'CommandIgnored', ignored);
  const before = service.status?.canary;
  if (status === undefined || before === undefined) return;
  if (status.phase !== before.phase) {
    const [type, reason] = TOLD[status.phase];
    record(type, reason, status.message);
  } else if (status.phase === 'Progressing' && status.weight > before.weight) {
    record('Normal', 'CanaryWeight', status.message);
  }
}

const TOLD: Readonly<Record<CanaryStatus['phase'], readonly ['Normal' | 'Warning', string]>> = {
  Idle: ['Normal', 'CanaryEnded'],
  Progressing: ['Normal', 'CanaryProgressing'],
  Paused: ['Warning', 'CanaryPaused'],
  Promoting: ['Normal', 'CanaryPromoting'],
  RolledBack: ['Warning', 'RolledBack'],
};
