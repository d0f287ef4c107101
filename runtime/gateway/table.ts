/**
 * Which candidate serves a request: by host first, then by the Gateway API's order of precedence.
 *
 * A host name belongs to the tenant whose route claimed it first. The Gateway API would merge routes of different
 * owners; here that would let one merchant take over paths of another's shop.
 */
import type { Candidate, CompiledRoute } from './compile.ts';

export interface Asked {
  /** Lower case, without port. */
  readonly host: string;
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** With lower-case names, as Node gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** After the question mark; empty without one. */
  readonly query: string;
}

/** `no-host`: nobody claims the host. `no-rule`: its owner has no rule for this. */
export type Found =
  | { readonly kind: 'found'; readonly candidate: Candidate }
  | { readonly kind: 'no-host' }
  | { readonly kind: 'no-rule' };

export interface RouteTable {
  /** Adds or replaces. */
  set(route: CompiledRoute): void;
  delete(key: string): void;
  find(asked: Asked): Found;
  /** Host names of this route that belong to another tenant. */
  lostHosts(key: string): readonly string[];
  readonly size: number;
}

interface HostEntry {
  readonly owner: string;
  readonly candidates: readonly Candidate[];
}

export function createTable(): RouteTable {
  const routes = new Map<string, CompiledRoute>();
  /** Host name, `*.example.com` included, to the keys of the routes that name it. */
  const claims = new Map<string, Set<string>>();
  /** What `claims` comes to, made when first asked for. */
  const hosts = new Map<string, HostEntry>();

  const forget = (route: CompiledRoute): void => {
    for (const host of route.hostnames) {
      const keys = claims.get(host);
      keys?.delete(route.key);
      if (keys?.size === 0) claims.delete(host);
      hosts.delete(host);
    }
  };

  const entryOf = (host: string): HostEntry | undefined => {
    const known = hosts.get(host);
    if (known !== undefined) return known;
    const claimants = [...(claims.get(host) ?? [])]
      .map((key) => routes.get(key))
      .filter((route) => route !== undefined)
      .toSorted(bySeniority);
    const owner = claimants[0]?.tenant;
    if (owner === undefined) return undefined;
    const entry = {
      owner,
      candidates: claimants
        .filter(({ tenant }) => tenant === owner)
        .flatMap(({ candidates }) => candidates)
        // Sorting is stable: equals stay in order of seniority, then of appearance.
        .toSorted((a, b) => compareRanks(b.rank, a.rank)),
    };
    hosts.set(host, entry);
    return entry;
  };

  /** The exact name, or the most specific wildcard: `*.b.example` also covers `a.x.b.example`. */
  const lookUp = (host: string): HostEntry | undefined => {
    const exact = entryOf(host);
    if (exact !== undefined) return exact;
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const wildcard = entryOf(`*${host.slice(dot)}`);
      if (wildcard !== undefined) return wildcard;
    }
    return undefined;
  };

  return {
    set(route) {
      const before = routes.get(route.key);
      if (before !== undefined) forget(before);
      routes.set(route.key, route);
      for (const host of route.hostnames) {
        const keys = claims.get(host);
        if (keys === undefined) claims.set(host, new Set([route.key]));
        else keys.add(route.key);
        hosts.delete(host);
      }
    },

    delete(key) {
      const route = routes.get(key);
      if (route === undefined) return;
      forget(route);
      routes.delete(key);
    },

    find(asked) {
      const entry = lookUp(asked.host);
      if (entry === undefined) return NO_HOST;
      for (const candidate of entry.candidates) {
        if (accepts(candidate, asked)) return { kind: 'found', candidate };
      }
      return NO_RULE;
    },

    lostHosts(key) {
      const route = routes.get(key);
      return (route?.hostnames ?? []).filter((host) => entryOf(host)?.owner !== route?.tenant);
    },

    get size() {
      return routes.size;
    },
  };
}

const NO_HOST: Found = { kind: 'no-host' };
const NO_RULE: Found = { kind: 'no-rule' };

function accepts(candidate: Candidate, asked: Asked): boolean {
  if (!candidate.matchesPath(asked.path)) return false;
  if (candidate.method !== undefined && candidate.method !== asked.method) return false;
  for (const { name, test } of candidate.headers) {
    const value = asked.headers[name];
    if (typeof value !== 'string' || !test(value)) return false;
  }
  if (candidate.query.length === 0) return true;
  const parameters = new URLSearchParams(asked.query);
  return candidate.query.every(({ name, test }) => {
    const value = parameters.get(name);
    return value !== null && test(value);
  });
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, rank] of a.entries()) {
    const difference = rank - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Older first, then by name, as the Gateway API orders routes that are equal otherwise. */
function bySeniority(a: CompiledRoute, b: CompiledRoute): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}
