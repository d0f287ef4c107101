/** Writes objects and lists as text in the form a client asked for. */
import type { Entry } from '../store/store.ts';
import type { Cluster } from './cluster.ts';
import type { Page } from './list.ts';
import type { Form } from './negotiation.ts';
import type { JsonObject, KubeObject } from './objects.ts';
import { apiVersionOf, type ResourceType } from './resources.ts';
import { metadataOnly } from './table/metadata.ts';
import { tableOf, type IncludeObject } from './table/table.ts';

export function objectText(
  cluster: Cluster,
  type: ResourceType,
  entry: Entry,
  form: Form,
  include: IncludeObject,
): string {
  return form === 'object'
    ? cluster.codec.text(entry, type)
    : formText(cluster, type, cluster.codec.read(entry, type), form, include);
}

/** An object that is not, or not yet, stored. */
export function formText(
  cluster: Cluster,
  type: ResourceType,
  object: KubeObject,
  form: Form,
  include: IncludeObject,
): string {
  switch (form) {
    case 'object':
      return JSON.stringify(object);
    case 'metadata':
      return JSON.stringify(metadataOnly(object));
    case 'table':
      return JSON.stringify(
        tableOf(
          cluster.columnsOf(type),
          [object],
          { resourceVersion: object.metadata.resourceVersion },
          include,
          cluster.now(),
        ),
      );
  }
}

export function listText(
  cluster: Cluster,
  type: ResourceType,
  page: Page,
  form: Form,
  include: IncludeObject,
): string {
  const metadata: JsonObject = { resourceVersion: String(page.revision) };
  if (page.next !== '') metadata['continue'] = page.next;
  if (page.remaining !== undefined) metadata['remainingItemCount'] = page.remaining;
  switch (form) {
    case 'object':
      return wrapped(
        type.listKind,
        apiVersionOf(type),
        metadata,
        page.entries.map((entry) => itemText(cluster, type, entry)),
      );
    case 'metadata':
      return wrapped(
        'PartialObjectMetadataList',
        'meta.k8s.io/v1',
        metadata,
        page.entries.map((entry) => JSON.stringify(metadataOnly(cluster.codec.read(entry, type)))),
      );
    case 'table':
      return JSON.stringify(
        tableOf(
          cluster.columnsOf(type),
          page.entries.map((entry) => cluster.codec.read(entry, type)),
          metadata,
          include,
          cluster.now(),
        ),
      );
  }
}

/** Items of built-in lists do not repeat what the list says of their kind. */
function itemText(cluster: Cluster, type: ResourceType, entry: Entry): string {
  const text = cluster.codec.text(entry, type);
  if (type.custom) return text;
  const prefix = `{"apiVersion":${JSON.stringify(apiVersionOf(type))},"kind":${JSON.stringify(type.kind)},`;
  return text.startsWith(prefix) ? `{${text.slice(prefix.length)}` : text;
}

/** Joins texts that are JSON already, so that a list costs no parsing. */
function wrapped(kind: string, apiVersion: string, metadata: JsonObject, texts: readonly string[]): string {
  return `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[${texts.join(',')}]}`;
}
