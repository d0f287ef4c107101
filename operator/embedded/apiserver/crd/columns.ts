/** The table columns of a custom resource, as its definition wants them. */
import { columnValue, compileJsonPath, type JsonPath } from '../../schema/json-path.ts';
import type { Json } from '../objects.ts';
import { age } from '../table/cells.ts';
import { CUSTOM_DEFAULT_LAST, CUSTOM_FIRST } from '../table/columns.ts';
import type { Column } from '../table/table.ts';
import type { CustomVersion, PrinterColumn } from './definition.ts';

export function customColumns(version: CustomVersion): readonly Column[] {
  if (version.printerColumns.length === 0) return [CUSTOM_FIRST, CUSTOM_DEFAULT_LAST];
  return [CUSTOM_FIRST, ...version.printerColumns.map(columnOf)];
}

const TYPES = new Set(['string', 'integer', 'number', 'boolean', 'date'] as const);

function columnOf(printed: PrinterColumn): Column {
  const path: JsonPath = compileJsonPath(printed.jsonPath) ?? (() => []);
  const { name, format, description, priority } = printed;
  return {
    name,
    type: [...TYPES].find((one) => one === printed.type) ?? 'string',
    format,
    description,
    priority,
    cell(object, now): Json {
      const value = columnValue(printed, path, object);
      return printed.type === 'date' && typeof value === 'string' ? age(value, now) : value;
    },
  };
}
