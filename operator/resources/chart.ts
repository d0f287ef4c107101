/**
 * Turns cdk8s charts into the plain manifests that the operator applies.
 * Builders are pure: the same input gives the same objects, byte for byte.
 */
import { hash } from 'node:crypto';
import { App, Chart } from 'cdk8s';
import { LABELS } from '../../crds/index.ts';

/** A Kubernetes object as it is applied: full intent, nothing the server fills in. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Labels every object of ours carries. */
export function ownLabels(name: string, tenant?: string, service?: string): Record<string, string> {
  return {
    [LABELS.managedBy]: 'shopmind',
    [LABELS.partOf]: 'shopmind',
    [LABELS.name]: name,
    ...(tenant === undefined ? {} : { [LABELS.tenant]: tenant }),
    ...(service === undefined ? {} : { [LABELS.service]: service }),
  };
}

/** Synthesises what `build` adds to a chart, in the order it was added. */
export function manifests(build: (chart: Chart) => void): readonly Manifest[] {
  const app = new App();
  const chart = new Chart(app, 'shopmind', { disableResourceNameHashes: true });
  build(chart);
  // The constructs above are typed by Kubernetes' own schema; cdk8s returns them as plain objects.
  return chart.toJson() as Manifest[];
}

/**
 * Remembers the latest results of a pure builder by its input, so that a steady-state reconcile synthesises nothing. Kept as
 * text under a digest of the input: thousands of tenants' manifests are remembered, and few are looked at at a time.
 * @param build its input and its result are plain JSON
 * @param limit number of results kept; the least recently used goes first
 */
export function memoised<In, Out>(build: (input: In) => Out, limit = 2048): (input: In) => Out {
  const kept = new Map<string, string>();
  return (input) => {
    const key = hash('sha256', JSON.stringify(input), 'base64url');
    const known = kept.get(key);
    // What `build` made, as JSON spells it.
    const result = known === undefined ? build(input) : (JSON.parse(known) as Out);
    kept.delete(key);
    kept.set(key, known ?? JSON.stringify(result));
    if (kept.size > limit) {
      const oldest = kept.keys().next();
      if (oldest.done !== true) kept.delete(oldest.value);
    }
    return result;
  };
}
