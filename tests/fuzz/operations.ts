/** The operations of an OpenAPI document, as far as a fuzzer looks at them. */

/** JSON Schema, as the documents hold it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

export interface Operation {
  /** `<domain>.<route>` */
  readonly id: string;
  readonly method: string;
  /** With `{parameters}`. */
  readonly path: string;
  /** Whose credentials it takes; absent: nobody needs any. */
  readonly audience: 'customer' | 'merchant' | undefined;
  readonly parameters: readonly Parameter[];
  /** `raw`: bytes of any kind. */
  readonly body: Schema | 'raw' | undefined;
  /** Status to the schema of its JSON; undefined: an answer of that status has no described body. */
  readonly answers: ReadonlyMap<number, Schema | undefined>;
  readonly problem: Schema;
  /** Whether each request has to be given an Idempotency-Key. */
  readonly idempotent: boolean;
}

/** @throws TypeError for a document that is not one of ours */
export function operationsOf(document: unknown): Operation[] {
  const { paths, components } = document as Document; // OpenAPI 3.1, drawn from the definitions
  const problem = components.schemas['Problem'];
  if (problem === undefined) throw new TypeError('The document describes no Problem.');
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const parameters = described.parameters ?? [];
      return {
        id: described.operationId,
        method: method.toUpperCase(),
        path,
        audience: audienceOf(described),
        parameters,
        body: bodyOf(described),
        answers: answersOf(described),
        problem,
        idempotent: parameters.some(({ name }) => name === 'Idempotency-Key'),
      };
    }),
  );
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Described {
  readonly operationId: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: Schema } | undefined>>;

function audienceOf({ security }: Described): Operation['audience'] {
  const names = (security ?? []).flatMap((scheme) => Object.keys(scheme));
  return names.includes('merchant') ? 'merchant' : names.includes('customer') ? 'customer' : undefined;
}

function bodyOf({ requestBody }: Described): Operation['body'] {
  if (requestBody === undefined) return undefined;
  return requestBody.content['application/json']?.schema ?? 'raw';
}

function answersOf({ responses }: Described): Operation['answers'] {
  return new Map(
    Object.entries(responses)
      .filter(([status]) => /^\d+$/.test(status))
      .map(([status, { content }]) => [Number(status), content?.['application/json']?.schema]),
  );
}
