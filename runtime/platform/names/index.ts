/**
 * What things are called in the systems of the data plane. Operator and runtime both read it: what one makes, the other finds.
 * Everything stands under its scope: `pool` for what pooled tenants share, a tenant's name for what is its own.
 */

/** The scope that pooled tenants share. No tenant can be called that. */
export const POOL_SCOPE = 'pool';

/** Scope of a runtime: of a dedicated tenant, or of the pool. */
export function scopeOf(tenant: string | undefined): string {
  return tenant ?? POOL_SCOPE;
}

/** `pool.orders.order`, a Kafka topic. A tenant's name holds no dot, so no scope's names begin with those of another. */
export function topicName(scope: string, topic: string): string {
  return `${scope}.${topic}`;
}

/** Where events go that a consumer has given up: `pool.orders.order.dead`. */
export function deadTopicName(scope: string, topic: string): string {
  return `${topicName(scope, topic)}.dead`;
}

/** Group of a consumer: `pool.notification`. */
export function groupName(scope: string, consumer: string): string {
  return `${scope}.${consumer}`;
}

/** Begins every key of a tenant in a key-value store; the braces keep a tenant's keys on one node of a cluster. */
export function keyPrefix(scope: string, tenant: string): string {
  return `${scopePrefix(scope)}{${tenant}}:`;
}

/** Begins the keys and channels of a whole scope in a key-value store. A tenant's name holds no colon. */
export function scopePrefix(scope: string): string {
  return `${scope}:`;
}

/** A scope's database in a document store: `shopmind_acme`, 49 bytes at most. */
export function documentDatabase(scope: string): string {
  return `shopmind_${scope}`;
}

/** Key of a document within its collection. Neither a tenant's name nor a document's id holds a slash. */
export function documentKey(tenant: string, id: string): string {
  return `${tenant}/${id}`;
}
