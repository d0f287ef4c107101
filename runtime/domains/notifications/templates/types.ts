/** What a template may name, and of which type: read off the zod schema of what a notification is about. */
import { z } from 'zod';
import type { ZodType } from 'zod';

export type Type =
  | { readonly kind: 'text' | 'number' | 'flag' | 'moment' | 'link' | 'money' }
  | { readonly kind: 'list'; readonly of: Type }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Type> };

/** @throws Error for a schema a template could not show, which is a mistake of ours */
export function typeOf(schema: ZodType): Type {
  // zod gives what it documents as JSON Schema.
  return fromJsonSchema(z.toJSONSchema(schema, { io: 'output' }) as JsonSchema, '');
}

interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

function fromJsonSchema(schema: JsonSchema, where: string): Type {
  switch (schema.type) {
    case 'string':
      if (schema.format === 'date-time') return { kind: 'moment' };
      return { kind: schema.format === 'uri' ? 'link' : 'text' };
    case 'number':
    case 'integer':
      return { kind: 'number' };
    case 'boolean':
      return { kind: 'flag' };
    case 'array':
      return { kind: 'list', of: fromJsonSchema(schema.items ?? {}, `${where}[]`) };
    case 'object': {
      const properties = schema.properties ?? {};
      if (Object.keys(properties).toSorted().join() === 'amount,currency') return { kind: 'money' };
      const fields = Object.entries(properties).map(
        ([name, field]) => [name, fromJsonSchema(field, `${where}.${name}`)] as const,
      );
      return { kind: 'object', fields: new Map(fields) };
    }
    default:
      throw new Error(`a template cannot show ${where || 'a value'} of JSON Schema type ${schema.type}`);
  }
}

/** Names and types, one line each, for whoever writes a template: `order.lines[].title: text`. */
export function describe(type: Type, path = ''): string[] {
  if (type.kind === 'list') return describe(type.of, `${path}[]`);
  if (type.kind !== 'object') return [`${path}: ${type.kind}`];
  return [...type.fields].flatMap(([name, field]) => describe(field, path === '' ? name : `${path}.${name}`));
}
