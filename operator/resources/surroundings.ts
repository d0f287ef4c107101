/**
 * What the cluster has beside Kubernetes itself, as far as builders care. Pure data: who looks is the controllers' business.
 */
export interface Surroundings {
  /** The custom metrics API serves requests per second of Pods. */
  readonly customMetrics: boolean;
}

/** A bare cluster. */
export const BARE: Surroundings = { customMetrics: false };
