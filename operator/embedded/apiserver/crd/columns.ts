/** The table columns of a custom resource, as its definition wants them. */
import type { Json } from '../objects.ts';
import { age } from '../table/cells.ts';
import { CUSTOM_DEFAULT_LAST, CUSTOM_FIRST } from '../table/columns.ts';
import type { Column } from '../table/table.ts';
import type { CustomVersion, PrinterColumn } from './definition.ts';
import { compileJsonPath } from './json-path.ts';

export function customColumns(version: CustomVersion): readonly Column[] {
  if (version.printerColumns.length === 0) return [CUSTOM_FIRST, CUSTOM_DEFAULT_LAST];
  return [CUSTOM_FIRST, ...version.printerColumns.map(columnOf)];
}

const TYPES = new Set(['string', 'integer', 'number', 'boolean', 'date'] as const);

function columnOf(printed: PrinterColumn): Column {
  const values = compileJsonPath(printed.jsonPath) ?? (() => []);
  const type = [...TYPES].find((one) => one === printed.type) ?? 'string';
  return {
    name: printed.name,
    type,
    format: printed.format,
    description: printed.description,
    priority: printed.priority,
    cell: (object, now) => cellOf(type, values(object), now),
  };
}

/** A value that is not of its column's type shows as nothing. */
function cellOf(type: Column['type'], values: readonly Json[], now: Date): Json {
  const [value = null] = values;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? age(value, now) : value === null ? null : '<unknown>';
    case 'string':
      if (values.length === 0 || value === null) return null;
      return values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(',');
  }
}
