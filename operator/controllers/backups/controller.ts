/**
 * Which changes concern the archive.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { ofSpec, source } from '../../kube/controller.ts';
import type { Source } from '../../kube/controller.ts';
import type { KubeObject } from '../../kube/types.ts';
import { DATABASE_SECRET } from '../../resources/environment.ts';
import { ARCHIVER, DRILL } from '../../resources/recovery.ts';
import { cronJobs, deployments, secrets, shopServices } from '../kinds.ts';
import type { ServiceObject } from '../kinds.ts';
import type { Reflectors } from '../reflectors.ts';
import { PLATFORM_KEY } from './keep.ts';

export function archiveSources(reflectors: Reflectors): readonly Source[] {
  const named =
    (...names: readonly string[]) =>
    ({ object: { metadata } }: { readonly object: KubeObject }): readonly string[] =>
      metadata.namespace === SYSTEM_NAMESPACE && names.includes(metadata.name) ? [PLATFORM_KEY] : [];
  return [
    source(reflectors.platform.config, () => [PLATFORM_KEY], 'platform'),
    source(reflectors.platform.secret, () => [PLATFORM_KEY], 'platform'),
    source(reflectors.of(secrets), named(DATABASE_SECRET, ARCHIVER)),
    source(reflectors.of(deployments), ofSpec(named(ARCHIVER))),
    source(reflectors.of(cronJobs), ofSpec(named(DRILL))),
    source(reflectors.of(shopServices), drilled),
  ];
}

/** A drill that was asked for has ended: what it showed is a condition at once, not at the next look. */
function drilled({ object: { metadata, status } }: { readonly object: ServiceObject }): readonly string[] {
  const operation = status?.operation;
  const ended = operation?.kind === 'drill' && operation.state !== 'Running';
  return metadata.namespace === SYSTEM_NAMESPACE && ended ? [PLATFORM_KEY] : [];
}
