/**
 * Custom kinds for cases. Each definition has a group of its own, so that runs and cases do not meet.
 */
import { randomBytes } from 'node:crypto';
import type { Body } from './client.ts';
import { eventually, expect, type Scope } from './suite.ts';
import { at, listAt } from './value.ts';

/** A custom kind that is being served. */
export type Kind = {
  readonly group: string;
  readonly definition: string;
  /** The path of its collection in the scope's namespace (or of the cluster). */
  readonly path: string;
  /** An object of the kind. */
  make(name: string, spec?: unknown, more?: Body): Body;
};

export type Version = {
  readonly name?: string;
  /** Properties of the object beside metadata; `spec` of no particular form when absent. */
  readonly properties?: Body;
  readonly schema?: Body;
  readonly subresources?: Body;
  readonly additionalPrinterColumns?: readonly Body[];
  readonly selectableFields?: readonly Body[];
};

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Another for each group: a definition that goes is discovered for a moment longer, and a name of both may mean either. */
export function shortNameOf(group: string): string {
  return `w${group.split('.')[0]}`;
}

/** As short names. */
export function categoryOf(group: string): string {
  return `gadgets-${group.split('.')[0]}`;
}

/** A CustomResourceDefinition of kind Widget. */
export function widgetDefinition(group: string, version: Version = {}, spec: Body = {}): Body {
  const {
    name = 'v1',
    properties = { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    schema = {},
    ...rest
  } = version;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        plural: 'widgets',
        singular: 'widget',
        kind: 'Widget',
        listKind: 'WidgetList',
        shortNames: [shortNameOf(group)],
        categories: [categoryOf(group)],
      },
      versions: [
        {
          name,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties, ...schema } },
          ...rest,
        },
      ],
      ...spec,
    },
  };
}

/** A group that no other case uses. */
export function newGroup(): string {
  return `g${randomBytes(4).toString('hex')}.example.com`;
}

/** Creates a definition, waits until its kind is served, runs `work` and removes it. */
export async function withWidgets(
  scope: Scope,
  version: Version,
  work: (kind: Kind) => Promise<void>,
  spec: Body = {},
): Promise<void> {
  const group = newGroup();
  const definition = `widgets.${group}`;
  const { api, namespace } = scope;
  const name = version.name ?? 'v1';
  expect(await api.create(definitions, widgetDefinition(group, version, spec)), 201);
  try {
    await eventually(
      () => api.get(`${definitions}/${definition}`),
      ({ body }) => isEstablished(body),
      'the definition to be established',
    );
    const cluster = spec['scope'] === 'Cluster';
    const path = `/apis/${group}/${name}/${cluster ? '' : `namespaces/${namespace}/`}widgets`;
    await eventually(
      () => api.get(path),
      ({ status }) => status === 200,
      'the kind to be served',
    );
    await work({
      group,
      definition,
      path,
      make: (object, content, more = {}) => ({
        apiVersion: `${group}/${name}`,
        kind: 'Widget',
        metadata: { name: object },
        ...(content === undefined ? {} : { spec: content }),
        ...more,
      }),
    });
  } finally {
    await api.remove(`${definitions}/${definition}`);
  }
}

/** Whether a definition's kind is served. */
export function isEstablished(body: unknown): boolean {
  return listAt(body, 'status.conditions').some(
    (condition) => at(condition, 'type') === 'Established' && at(condition, 'status') === 'True',
  );
}
