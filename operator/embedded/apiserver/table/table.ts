/** Answers as rows for a printer, which is what `kubectl get` asks for. */
import { metadataOnly } from './metadata.ts';
import type { Json, JsonObject, KubeObject } from '../objects.ts';

/** Which part of each object goes with its row. */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** Columns above 0 show in wide output only. */
  readonly priority?: number;
  readonly cell: (object: KubeObject, now: Date) => Json;
}

export function tableOf(
  columns: readonly Column[],
  objects: readonly KubeObject[],
  metadata: JsonObject,
  include: IncludeObject,
  now: Date,
): JsonObject {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, type, format = '', description = '', priority = 0 }) => ({
      name,
      type,
      format,
      description,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, now)),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : metadataOnly(object) }),
    })),
  };
}
