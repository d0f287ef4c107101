/**
 * What a delivery consists of besides the Service's own objects: the canary's Deployment with what surrounds it, the route
 * that shares the requests, and the revisions that are kept.
 */
import { ANNOTATIONS, LABELS } from '../../crds/index.ts';
import type { ServiceSpec } from '../../crds/index.ts';
import { replicasOf } from './autoscaling.ts';
import { ownLabels } from './chart.ts';
import type { Manifest } from './chart.ts';
import { workload } from './workload.ts';
import type { WorkloadInput } from './workload.ts';

/** Name of the Deployment and Service that run the revision under test; never the name of a Service of its own. */
export function canaryName(service: string): string {
  return `${service}-canary`;
}

/** Name of the route. A dot keeps it apart from tenants' routes, whose names have none. */
export function splitName(service: string): string {
  return `${service}.canary`;
}

export function revisionName(service: string, revision: string): string {
  return `${service}-${revision}`;
}

/**
 * The workload of the revision under test. Its Pods carry labels of their own, so that no selector of the stable ones
 * finds them; the tenant's label, by which network policies and quotas go, is the same.
 * @param pods how many carry its share; an autoscaler may add more, up to the Service's own limit
 */
export function canaryWorkload(input: WorkloadInput, pods: number): readonly Manifest[] {
  const { autoscaled, max } = replicasOf(input.spec);
  const { scaling, ...rest } = input.spec;
  const spec: ServiceSpec = {
    ...rest,
    replicas: pods,
    ...(scaling === undefined || !autoscaled
      ? {}
      : { scaling: { ...scaling, min: pods, max: Math.max(pods, max) } }),
  };
  return workload({ ...input, name: canaryName(input.name), spec }).map((manifest) =>
    withLabel(manifest, input.name),
  );
}

/**
 * The spec whose autoscaler never goes below `floor`: what was carried before must be carried until the end. One Pod of
 * room stays, because an autoscaler with nothing to decide is none.
 */
export function withFloor(spec: ServiceSpec, floor: number | undefined): ServiceSpec {
  if (floor === undefined || spec.scaling === undefined || !replicasOf(spec).autoscaled) return spec;
  const min = Math.max(spec.scaling.min, Math.min(floor, spec.scaling.max - 1));
  return { ...spec, scaling: { ...spec.scaling, min } };
}

export interface SplitInput {
  readonly name: string;
  readonly namespace: string;
  readonly tenant: string | undefined;
  readonly port: number;
  /** Percent of the requests for the canary. */
  readonly weight: number;
}

/** The route whose parent is the Service itself (GEP-1426): one object, whatever number of routes lead to the Service. */
export function splitRoute({ name, namespace, tenant, port, weight }: SplitInput): Manifest {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name: splitName(name),
      namespace,
      labels: { ...ownLabels(splitName(name), tenant, name), [LABELS.canaryOf]: name },
    },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name, port }],
      rules: [
        {
          backendRefs: [
            { name, port, weight: 100 - weight },
            { name: canaryName(name), port, weight },
          ],
        },
      ],
    },
  };
}

/** A template that outlives the Deployment's: what a rollback goes back to. */
export function keptRevision(
  { name, namespace, tenant }: Pick<SplitInput, 'name' | 'namespace' | 'tenant'>,
  revision: string,
  template: object,
): Manifest {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: revisionName(name, revision),
      namespace,
      labels: ownLabels(revisionName(name, revision), tenant, name),
      annotations: { [ANNOTATIONS.revision]: revision },
    },
    data: { template },
    // The name says which it is; the number is the API's, and has no meaning here.
    revision: 1,
  };
}

/** The Pod template of a Deployment among these. @throws RangeError when there is none */
export function templateOf(manifests: readonly Manifest[]): Template {
  const deployment = manifests.find(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) throw new RangeError('a workload has no Deployment');
  // The builder's own Deployment: spec.template is there.
  return (deployment['spec'] as { template: Template }).template;
}

export interface Template {
  readonly metadata: { readonly labels?: object; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: object;
}

/** The same manifests, with this template in their Deployment and its revision written on it. */
export function withTemplate(
  manifests: readonly Manifest[],
  template: Template,
  revision: string,
): readonly Manifest[] {
  return manifests.map((manifest) => {
    if (manifest.kind !== 'Deployment') return manifest;
    const annotations = { ...manifest.metadata.annotations, [ANNOTATIONS.revision]: revision };
    // The builder's own Deployment: spec is an object.
    const spec = { ...(manifest['spec'] as object), template };
    return { ...manifest, metadata: { ...manifest.metadata, annotations }, spec };
  });
}

function withLabel(manifest: Manifest, service: string): Manifest {
  const labelled = <T extends { readonly labels?: object }>(metadata: T): T => ({
    ...metadata,
    labels: { ...metadata.labels, [LABELS.canaryOf]: service },
  });
  const { metadata, ...rest } = manifest;
  if (manifest.kind !== 'Deployment') return { ...rest, metadata: labelled(metadata) } as Manifest;
  const spec = rest['spec'] as { readonly template: Template };
  const template = { ...spec.template, metadata: labelled(spec.template.metadata) };
  return { ...rest, metadata: labelled(metadata), spec: { ...spec, template } } as Manifest;
}
