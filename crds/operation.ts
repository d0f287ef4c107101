/**
 * What a person asks of a tenant's or the platform's backups, as one annotation; and how far it came, in the status.
 */
import { integer, object, oneOf, optional, string } from './schema.ts';
import type { Infer } from './schema.ts';

export const OPERATION_VERBS = ['backup', 'restore', 'drill', 'swap', 'abort'] as const;
export type OperationVerb = (typeof OPERATION_VERBS)[number];

/** A wish. `swap` and `abort` are about an operation that was asked for before. */
export type OperationRequest =
  | { readonly verb: 'backup' | 'drill'; readonly id: string }
  | { readonly verb: 'restore'; readonly id: string; readonly to: string; readonly mode: 'swap' | 'beside' }
  | { readonly verb: 'swap' | 'abort'; readonly id: string };

const ID = '(backup|restore|drill)-[a-z0-9]{10}';
const REQUEST = new RegExp(`^(${OPERATION_VERBS.join('|')}) (${ID})(?: to=(\\S+) mode=(swap|beside))?$`);

/** `restore restore-0a1b2c3d4e to=2026-11-25T12:00:00.000Z mode=swap`. The id makes it idempotent: it is done once. */
export function formatRequest(request: OperationRequest): string {
  const { verb, id } = request;
  return verb === 'restore' ? `${verb} ${id} to=${request.to} mode=${request.mode}` : `${verb} ${id}`;
}

/** `undefined`: it says nothing that is known here. */
export function parseRequest(text: string | undefined): OperationRequest | undefined {
  const [, verb, id = '', kind, to, mode] = REQUEST.exec(text ?? '') ?? [];
  switch (verb) {
    case 'backup':
    case 'drill':
      return kind === verb && to === undefined ? { verb, id } : undefined;
    case 'swap':
    case 'abort':
      return kind === 'restore' && to === undefined ? { verb, id } : undefined;
    case 'restore':
      if (kind !== verb || to === undefined || Number.isNaN(Date.parse(to))) return undefined;
      return { verb, id, to, mode: mode === 'beside' ? mode : 'swap' };
    default:
      return undefined;
  }
}

export const operation = object(
  'The last operation that annotation shopmind.ai/operation asked for, under way or ended.',
  {
    id: string('Its id.', { min: 1, max: 63 }),
    kind: oneOf('What it is.', ['backup', 'restore', 'drill']),
    state: oneOf(
      'Beside: the rows of a restore lie in tables of their own, until somebody says swap or abort.',
      ['Running', 'Beside', 'Succeeded', 'Failed'],
    ),
    message: optional(string('What it is at, or what came of it.', { max: 1024 })),
    to: optional(string('The moment that is restored to.', { max: 40, format: 'date-time' })),
    startedAt: string('When it began.', { max: 40, format: 'date-time' }),
    endedAt: optional(string('When it ended.', { max: 40, format: 'date-time' })),
    frozenMilliseconds: optional(
      integer('How long the shop took no changes.', { min: 0, max: 9007199254740991 }),
    ),
  },
);
export type OperationStatus = Infer<typeof operation>;
