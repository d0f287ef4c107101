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

/** The scope of what all gateways count together. No tenant can be called that either. */
export const GATEWAY_SCOPE = 'gateway';

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

/** A scope's database in ClickHouse: `shopmind_acme`. */
export function analyticsDatabase(scope: string): string {
  return `shopmind_${scope}`;
}

/** Key of a document within its collection. Neither a tenant's name nor a document's id holds a slash. */
export function documentKey(tenant: string, id: string): string {
  return `${tenant}/${id}`;
}

/** Mappings and settings of search indices are of this version; an index of another one is made anew beside and taken over. */
export const SEARCH_FORM = 2;

/** `pool.products.v2`: shared by the tenants of a scope, whatever their languages are. */
export function searchIndexName(scope: string, index: string): string {
  return `${scope}.${index}.v${SEARCH_FORM}`;
}

/** `pool.products.of.acme`: shows of an index one tenant's documents. */
export function searchAliasName(scope: string, index: string, tenant: string): string {
  return `${scope}.${index}.of.${tenant}`;
}

/** While an index is made anew, the one that is being filled: written to, not read. */
export function nextSearchAliasName(scope: string, index: string, tenant: string): string {
  return `${searchAliasName(scope, index, tenant)}.next`;
}

/** Elasticsearch's analyzer of a language; words of a language it has none for are taken as they are. */
const ANALYZERS: Readonly<Record<string, string>> = {
  ar: 'arabic',
  bg: 'bulgarian',
  bn: 'bengali',
  ca: 'catalan',
  cs: 'czech',
  da: 'danish',
  de: 'german',
  el: 'greek',
  en: 'english',
  es: 'spanish',
  et: 'estonian',
  eu: 'basque',
  fa: 'persian',
  fi: 'finnish',
  fr: 'french',
  ga: 'irish',
  gl: 'galician',
  hi: 'hindi',
  hu: 'hungarian',
  hy: 'armenian',
  id: 'indonesian',
  it: 'italian',
  ja: 'cjk',
  ko: 'cjk',
  lt: 'lithuanian',
  lv: 'latvian',
  nb: 'norwegian',
  nl: 'dutch',
  nn: 'norwegian',
  no: 'norwegian',
  pt: 'portuguese',
  ro: 'romanian',
  ru: 'russian',
  sv: 'swedish',
  th: 'thai',
  tr: 'turkish',
  zh: 'cjk',
};

export const SEARCH_ANALYZERS: readonly string[] = [...new Set([...Object.values(ANALYZERS), 'standard'])];

/** `nb-NO` → `norwegian`. */
export function analyzerOf(locale: string): string {
  return ANALYZERS[locale.split(/[-_]/)[0]?.toLowerCase() ?? ''] ?? 'standard';
}

/** A tenant's realm at the identity provider: `shop-acme`, so that none is called `master`. */
export function realmName(tenant: string): string {
  return `shop-${tenant}`;
}

/** The address a browser uses for a host: no port where the scheme implies it. */
export function publicOrigin(host: string, port: number): string {
  if (port === 443) return `https://${host}`;
  return port === 80 ? `http://${host}` : `http://${host}:${port}`;
}

/** A tenant's entry in a store of secrets: `pool/acme`. */
export function secretPath(scope: string, tenant: string): string {
  return `${scope}/${tenant}`;
}

/** What a sealed secret is bound to, in base64: opened for another tenant or name, it does not open. */
export function secretBinding(tenant: string, name: string): string {
  return Buffer.from(`${tenant}/${name}`).toString('base64');
}

/** The package of every message and service by which shops are asked over gRPC. */
export const GRPC_PACKAGE = 'shopmind.v1';

/** A domain's gRPC service: `shopmind.v1.OrdersService`. Domains are called by one word, and may have a message of that name. */
export function grpcService(domain: string): string {
  return `${GRPC_PACKAGE}.${domain.charAt(0).toUpperCase()}${domain.slice(1)}Service`;
}

/** The domain of what the host answers itself, whichever domains it has: the shop, its keys, its audit log. */
export const HOST_DOMAIN = 'store';
