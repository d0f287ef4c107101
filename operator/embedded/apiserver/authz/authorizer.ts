/** Whether a user may do something, and why. */
import type { UserInfo } from '../authn.ts';

export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Empty for all namespaces and for resources that have none. */
  readonly namespace: string;
  /** Empty for collections. */
  readonly name: string;
}

export interface PathAttributes {
  readonly verb: string;
  readonly path: string;
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Rules in the form of a ClusterRole's. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface Authorizer {
  resource(user: UserInfo, asked: ResourceAttributes): Decision;
  path(user: UserInfo, asked: PathAttributes): Decision;
  /** What a user may do in a namespace. */
  rules(user: UserInfo, namespace: string): readonly PolicyRule[];
  close(): void;
}

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] },
  { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] },
];

const YES: Decision = { allowed: true, reason: 'every authenticated user may do everything in this cluster' };

/** For a cluster on one's own machine: whoever has a credential may do everything. */
export const allowAll: Authorizer = {
  resource: () => YES,
  path: () => YES,
  rules: () => EVERYTHING,
  close: () => undefined,
};

/** The group that no rule can shut out. */
export const MASTERS = 'system:masters';

/** What members of `system:masters` may do. */
export const EVERYTHING_RULES = EVERYTHING;
