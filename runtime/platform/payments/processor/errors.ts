/**
 * The processor's refusals in Stripe's shape, as values: a refused payment still changes what is stored,
 * so a refusal is an answer to be committed and not an exception that rolls back.
 */

export interface ApiProblem {
  readonly type:
    | 'api_error'
    | 'card_error'
    | 'idempotency_error'
    | 'invalid_request_error'
    | 'authentication_error';
  readonly message: string;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
  readonly decline_code?: string | undefined;
  readonly payment_intent?: unknown;
  readonly charge?: string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export function ok(body: unknown): Reply {
  return { status: 200, body };
}

export function refuse(status: number, problem: ApiProblem): Reply {
  return { status, body: { error: problem } };
}

export function badRequest(message: string, param?: string, code?: string): Reply {
  return refuse(400, { type: 'invalid_request_error', message, param, code });
}

export function noSuch(what: string, id: string, param = 'id'): Reply {
  return refuse(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${what}: '${id}'`,
    param,
  });
}
