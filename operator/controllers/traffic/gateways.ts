/**
 * Figures from the gateways themselves: every Pod's `/metrics` is read and summed, what grew in between counts. Needs no
 * other system. What was counted before the first look, and while the operator was away, is not known and not guessed.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { Client } from '../../kube/client.ts';
import { endpointSlices } from '../../kube/resources.ts';
import { countersOf, figuresOf, growth, NOTHING, sum } from './exposition.ts';
import type { Counters } from './exposition.ts';
import type { Traffic, Window } from './traffic.ts';

export interface GatewaysOptions {
  readonly client: Pick<Client, 'listAll'>;
  /** Body of `/metrics` at `ip:port`. @throws when the Pod does not answer */
  readonly scrape?: (address: string, signal: AbortSignal) => Promise<string>;
}

/** Name of the gateways' Service and of its port that serves `/metrics`. */
const GATEWAY = 'gateway';
const ADMIN = 'admin';
const SCRAPE_TIMEOUT_MS = 3000;

interface Gateway {
  /** Uid of the Pod, or its address where nobody says. */
  readonly id: string;
  readonly address: string;
}

interface Record {
  readonly window: string;
  readonly total: Counters;
  /** What each gateway had counted when it was last asked. */
  readonly last: ReadonlyMap<string, Counters>;
}

export function createGatewayTraffic({ client, scrape = fetchMetrics }: GatewaysOptions): Traffic {
  const records = new Map<string, Record>();

  async function gateways(signal: AbortSignal): Promise<readonly Gateway[]> {
    const labelSelector = `kubernetes.io/service-name=${GATEWAY}`;
    const { items } = await client.listAll(endpointSlices, {
      namespace: SYSTEM_NAMESPACE,
      labelSelector,
      signal,
    });
    return items.flatMap(({ ports, endpoints }) => {
      // Of a Service without Pods kube-apiserver writes both as null.
      const port = ports?.find(({ name }) => name === ADMIN)?.port;
      if (port === undefined) return [];
      return (endpoints ?? []).flatMap(({ addresses: [ip], conditions, targetRef }) =>
        // One that drains still answers requests, and counts them.
        ip === undefined || (conditions?.ready === false && conditions.serving !== true)
          ? []
          : [{ id: targetRef?.uid ?? ip, address: `${ip.includes(':') ? `[${ip}]` : ip}:${port}` }],
      );
    });
  }

  async function ask(
    { backend, id }: Window,
    signal: AbortSignal,
  ): Promise<{ readonly record: Record; readonly missing: string | undefined }> {
    const pods = await gateways(signal);
    const before = records.get(backend);
    const isNew = before?.window !== id;
    const last = new Map<string, Counters>();
    const silent: string[] = [];
    let total = isNew ? NOTHING : before.total;
    await Promise.all(
      pods.map(async (pod) => {
        const known = before?.last.get(pod.id);
        try {
          const now = countersOf(await scrape(pod.address, signal), backend);
          last.set(pod.id, now);
          // One that is seen for the first time may have counted for longer than the window lasts.
          if (!isNew && known !== undefined) total = sum(total, growth(known, now));
        } catch (error) {
          if (known !== undefined) last.set(pod.id, known);
          silent.push(`${pod.address} (${error instanceof Error ? error.message : String(error)})`);
        }
      }),
    );
    const missing =
      pods.length === 0
        ? `no gateway with a port named ${ADMIN} is ready in ${SYSTEM_NAMESPACE}`
        : silent.length > 0
          ? `the figures of gateway ${silent.toSorted().join(', ')} cannot be read`
          : undefined;
    return { record: { window: id, total, last }, missing };
  }

  return {
    async read(window, signal) {
      try {
        const { record, missing } = await ask(window, signal);
        records.set(window.backend, record);
        return figuresOf(record.total, missing);
      } catch (error) {
        const known = records.get(window.backend);
        const total = known?.window === window.id ? known.total : NOTHING;
        return figuresOf(
          total,
          `the gateways are not known: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    },
    forget: (backend) => void records.delete(backend),
  };
}

async function fetchMetrics(address: string): Promise<string> {
  const answer = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(SCRAPE_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  return answer.text();
}
