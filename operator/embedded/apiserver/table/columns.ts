/** The columns of each kind, as kubectl users know them. */
import type { ResourceType } from '../resources.ts';
import type { Column } from './table.ts';
import { age } from './cells.ts';

const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name,
};

const AGE: Column = { name: 'Age', type: 'string', cell: (object, now) => age(object.metadata.creationTimestamp, now) };

const DEFAULT_COLUMNS: readonly Column[] = [NAME, AGE];

export function columnsOf(_type: ResourceType): readonly Column[] {
  return DEFAULT_COLUMNS;
}
