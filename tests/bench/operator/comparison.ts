/**
 * From what the operator applied to what the bare loop applies: the same intents under other names, in steps, each of which
 * needs only those before it. Pure.
 */
import { keyOf, resourceName, type KubeObject } from '../../../operator/kube/types.ts';
import { tenants } from '../../../operator/controllers/kinds.ts';
import type { Recorded } from './protocol.ts';
import { PREFIX, tenantOf, type Placement } from './load.ts';

const BARE = 'bare';

/** The last apply of each object and subresource. @param lines one Recorded a line, as JSON */
export function lastOfEach(lines: string): readonly Recorded[] {
  const last = new Map<string, Recorded>();
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    // Written by the operator's process of this benchmark.
    const one = JSON.parse(line) as Recorded;
    last.set(`${resourceName(one.type)} ${keyOf(one.intent.metadata)} ${one.subresource ?? ''}`, one);
  }
  return [...last.values()];
}

/** Tenants, namespaces, everything else, statuses. */
export function stepsOf(
  recorded: readonly Recorded[],
  placement: Placement,
  count: number,
): readonly (readonly Recorded[])[] {
  const own = recorded.filter((one) => JSON.stringify(one.intent).includes(`${PREFIX}-${placement}-`));
  const made = Array.from({ length: count }, (_, index): Recorded => {
    return { type: tenants, intent: tenantOf(PREFIX, placement, index), subresource: undefined };
  });
  const steps = [
    made,
    own.filter(({ type, subresource }) => type.kind === 'Namespace' && subresource === undefined),
    own.filter(({ type, subresource }) => type.kind !== 'Namespace' && subresource === undefined),
    own.filter(({ subresource }) => subresource !== undefined),
  ];
  return steps.map((step) => step.map(renamed));
}

/** Under the bare loop's names, and without what only the original could satisfy: owners, UIDs, versions. */
function renamed({ type, intent, subresource }: Recorded): Recorded {
  const text = JSON.stringify(intent).replaceAll(`${PREFIX}-`, `${BARE}-`);
  // JSON of an object of the API is one again.
  const copy = JSON.parse(text) as KubeObject;
  delete copy.metadata.uid;
  delete copy.metadata.resourceVersion;
  delete copy.metadata.ownerReferences;
  return { type, intent: copy, subresource };
}
