/** The route table, compiled once: a path is matched segment by segment, without regular expressions or middleware. */
import type { RouteDefinition } from '../platform/definition.ts';
import type { RouteHandler } from '../platform/domain.ts';

export interface Route {
  readonly domain: string;
  readonly definition: RouteDefinition;
  readonly handler: RouteHandler;
  /** For metrics and OpenAPI: `catalog.listProducts`. */
  readonly operationId: string;
}

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

export interface RouteTable {
  /** `undefined`: no such path. A list: the path exists, for these methods only. */
  match(method: string, path: string): Match | readonly string[] | undefined;
}

interface Node {
  readonly children: Map<string, Node>;
  parameter: Node | undefined;
  readonly routes: Map<string, { route: Route; names: readonly string[] }>;
}

/** Throws when two routes claim the same method and path. */
export function compileRoutes(routes: readonly Route[]): RouteTable {
  const root = emptyNode();
  for (const route of routes) add(root, route);
  return {
    match(method, path) {
      const values: string[] = [];
      const node = find(root, path.split('/').slice(1), 0, values);
      if (!node || node.routes.size === 0) return undefined;
      const hit = node.routes.get(method);
      if (!hit) return [...node.routes.keys()];
      const params: Record<string, string> = {};
      for (const [index, name] of hit.names.entries()) params[name] = values[index] ?? '';
      return { route: hit.route, params };
    },
  };
}

function emptyNode(): Node {
  return { children: new Map(), parameter: undefined, routes: new Map() };
}

function add(root: Node, route: Route): void {
  const { method, path } = route.definition;
  const names: string[] = [];
  let node = root;
  for (const segment of path.split('/').slice(1)) {
    if (segment.startsWith('{')) {
      names.push(segment.slice(1, -1));
      node = node.parameter ??= emptyNode();
    } else {
      let child = node.children.get(segment);
      if (!child) node.children.set(segment, (child = emptyNode()));
      node = child;
    }
  }
  if (node.routes.has(method)) throw new Error(`Two routes claim ${method} ${path}.`);
  node.routes.set(method, { route, names });
}

/** A fixed segment wins over a parameter; a parameter is never empty. */
function find(node: Node, segments: readonly string[], at: number, values: string[]): Node | undefined {
  const segment = segments[at];
  if (segment === undefined) return node;
  const child = node.children.get(segment);
  const hit = child && find(child, segments, at + 1, values);
  if (hit && hit.routes.size > 0) return hit;
  if (!node.parameter || segment === '') return undefined;
  const value = decode(segment);
  if (value === undefined) return undefined;
  values.push(value);
  const deeper = find(node.parameter, segments, at + 1, values);
  if (!deeper || deeper.routes.size === 0) values.pop();
  return deeper;
}

function decode(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    // A malformed escape names nothing.
    return undefined;
  }
}
