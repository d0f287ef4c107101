/** What the documents port takes, the same for every store behind it: parsed here once, so that no adapter has rules of its own. */
import { ShopError } from '../errors.ts';
import type { CollectionDefinition } from '../definition.ts';
import { isKept } from '../kept.ts';
import type { DocumentQuery, JsonObject, JsonValue } from '../ports.ts';

/** What a document can be found by. */
export type IndexedValue = string | number | boolean;

export interface DocumentRules {
  /** @throws ShopError `invalid_input` for an undeclared collection or a bad id */
  place(collection: string, id: string): void;
  /** The body as JSON, and what it can be found by. @throws ShopError `invalid_input` or `too_large` */
  body(
    collection: string,
    body: JsonObject,
  ): { json: string; fields: readonly (readonly [string, IndexedValue])[] };
  /** @throws ShopError `invalid_input` for what the collection does not declare */
  query(collection: string, query: DocumentQuery): readonly (readonly [string, IndexedValue])[];
}

/** Says of a write that nothing may be there yet. */
export const ABSENT = 'absent';

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const LARGEST_BYTES = 1024 * 1024;
const LONGEST_INDEXED = 256;
/** What JavaScript, or the encoder of a store, takes for something else than a field. */
const RESERVED = new Set(['__proto__', '_bsontype']);
/** Deeper than any document a shop has; stores refuse, or overflow their stack, somewhere beyond. */
const DEEPEST = 64;

export function documentRules(collections: readonly CollectionDefinition[]): DocumentRules {
  const known = new Map(collections.map(({ name, indexed }) => [name, new Set(indexed)]));

  function indexedOf(collection: string): ReadonlySet<string> {
    const indexed = known.get(collection);
    if (indexed !== undefined) return indexed;
    return refuse('collection', `no definition declares “${collection.slice(0, 60)}”`);
  }

  return {
    place(collection, id) {
      indexedOf(collection);
      if (!ID.test(id))
        refuse('id', 'must be 1 to 128 letters, digits and . _ : - and begin with a letter or digit');
    },
    body(collection, body) {
      const indexed = indexedOf(collection);
      check(body, '', 0);
      const json = JSON.stringify(body);
      const bytes = Buffer.byteLength(json);
      if (bytes > LARGEST_BYTES) {
        throw new ShopError(
          'too_large',
          `The document has ${bytes} bytes; at most ${LARGEST_BYTES} are kept.`,
          {
            remedy: 'Keep large things as objects of a bucket and name them in the document.',
          },
        );
      }
      const fields = Object.entries(body)
        .filter((entry): entry is [string, IndexedValue] => indexed.has(entry[0]) && isIndexed(entry[1]))
        .map(([field, value]) => [field, checkedValue(field, value)] as const);
      return { json, fields };
    },
    query(collection, { where, limit, after }) {
      const indexed = indexedOf(collection);
      if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) refuse('limit', 'must be 1 to 1,000');
      if (after !== undefined && !ID.test(after)) refuse('after', 'is not what a page before this one said');
      return Object.entries(where).map(([field, value]) => {
        if (!indexed.has(field)) refuse(field, `is not among the indexed fields of ${collection}`);
        return [field, checkedValue(field, value)] as const;
      });
    },
  };
}

function isIndexed(value: JsonValue): value is IndexedValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function checkedValue(field: string, value: IndexedValue): IndexedValue {
  check(value, `/${field}`, 1);
  if (typeof value === 'string' && value.length > LONGEST_INDEXED)
    refuse(`/${field}`, `is indexed, so at most ${LONGEST_INDEXED} letters long`);
  // The two zeros are equal, and are not the same text everywhere.
  return value === 0 ? 0 : value;
}

/** Types of callers end at run time. */
function check(value: unknown, where: string, depth: number): void {
  if (depth > DEEPEST) refuse(where, `is nested deeper than ${DEEPEST}`);
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') return checkText(value, where);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) refuse(where, 'is no number JSON can say');
    return;
  }
  if (Array.isArray(value))
    return value.forEach((item, index) => check(item, `${where}/${index}`, depth + 1));
  if (typeof value !== 'object') refuse(where, `is of type ${typeof value}, which JSON has not`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) refuse(where, 'is no plain object');
  // What else it could be was answered above.
  for (const [field, item] of Object.entries(value as object)) {
    if (field === '' || field.startsWith('$') || field.includes('.') || RESERVED.has(field))
      refuse(
        where,
        `has a field “${field.slice(0, 60)}”: no name may be empty, hold a dot, begin with $, or be one that programs reserve`,
      );
    checkText(field, where);
    check(item, `${where}/${field}`, depth + 1);
  }
}

function checkText(text: string, where: string): void {
  if (!isKept(text)) refuse(where, 'holds U+0000 or half a character, which stores cannot keep');
}

function refuse(where: string, what: string): never {
  throw new ShopError('invalid_input', 'That is no document, or no question for one.', {
    problems: [{ where, what }],
    remedy:
      'Correct what is named; collections and their indexed fields are declared in the domain’s definition.',
  });
}
