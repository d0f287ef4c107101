/** Asks the admission webhooks that are configured before a write is stored. */
import type { Cluster } from '../cluster.ts';
import type { KubeObject } from '../objects.ts';
import type { ResourceType } from '../resources.ts';
import type { UserInfo } from '../authn.ts';

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly type: ResourceType;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** Texts for the client's `Warning` headers are added here. */
  readonly warnings: Set<string>;
}

export interface Admission {
  /** The object as the mutating webhooks leave it; the same one when none changes it. */
  mutate(cluster: Cluster, request: AdmissionRequest): Promise<KubeObject | undefined>;
  /** @throws {ApiError} when a validating webhook refuses */
  validate(cluster: Cluster, request: AdmissionRequest): Promise<void>;
}
