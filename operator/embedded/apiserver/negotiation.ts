/** Finds the form a client wants its answer in. Always JSON: clients that offer CBOR or protobuf accept it too. */
import { notAcceptable } from './errors.ts';

/** Whole objects, only their metadata, or rows for a printer. */
export type Form = 'object' | 'metadata' | 'table';

const FORMS: Readonly<Record<string, Form>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
};

const JSON_TYPES = new Set(['application/json', 'application/*', '*/*', 'application/yaml', '']);

/** @throws {ApiError} 406 when the client accepts nothing that is served */
export function formOf(accept: string | undefined): Form {
  if (accept === undefined || accept === '') return 'object';
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    if (!JSON_TYPES.has(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return 'object';
    const group = parameters.find((parameter) => parameter.startsWith('g='))?.slice(2);
    const form = FORMS[as];
    if (form && group === 'meta.k8s.io') return form;
  }
  throw notAcceptable(['application/json', 'application/json;stream=watch']);
}
