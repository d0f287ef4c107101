/**
 * What the operator asks a tenant's runtime over HTTP: whether it serves the tenant, and to import a catalogue.
 */
import { z } from 'zod';
import { jsonIn } from '../../../runtime/platform/json/index.ts';

const Report = z.object({
  id: z.string(),
  state: z.enum(['waiting', 'running', 'succeeded', 'failed']),
  rows: z.number(),
  products: z.object({
    created: z.number(),
    updated: z.number(),
    unchanged: z.number(),
    rejected: z.number(),
  }),
  problems: z.array(z.object({ line: z.number(), what: z.string() })),
  problemCount: z.number(),
  error: z.string().nullable(),
});

export type ImportReport = z.infer<typeof Report>;

/** One tenant at one address. */
export interface RuntimeTarget {
  /** Address of the Service inside the cluster. */
  readonly address: string;
  /** Host name the runtime knows the tenant by. */
  readonly host: string;
  readonly adminToken: string;
}

/** The runtime answered, and the answer is no. */
export class RuntimeRefusal extends Error {
  readonly status: number;
  /** Whether the same question may get another answer later: the runtime need not have read of the tenant yet, or is busy. */
  readonly mayPass: boolean;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'RuntimeRefusal';
    this.status = status;
    this.mayPass = status >= 500 || NOT_YET.includes(status);
  }
}

/** Of a runtime that has not read the directory yet; of one that is busy. */
const NOT_YET: readonly number[] = [401, 403, 404, 408, 425, 429];

export interface RuntimeApi {
  /** True when the runtime serves this tenant; false while it does not know the tenant yet. */
  serves(target: RuntimeTarget): Promise<boolean>;
  /** @throws RuntimeRefusal, or any other error when the runtime is away */
  startImport(target: RuntimeTarget, source: string, idempotencyKey: string): Promise<ImportReport>;
  /** `undefined` when there is no such import. */
  importReport(target: RuntimeTarget, id: string): Promise<ImportReport | undefined>;
}

const IMPORTS = '/api/admin/catalog/imports';

export function createRuntimeApi(): RuntimeApi {
  return {
    async serves(target) {
      const { status } = await call(target, 'GET', '/api/store');
      return status === 200;
    },
    async startImport(target, source, idempotencyKey) {
      const { status, body } = await call(
        target,
        'POST',
        IMPORTS,
        { source },
        { 'idempotency-key': idempotencyKey },
      );
      if (status >= 200 && status < 300) return Report.parse(body);
      throw new RuntimeRefusal(status, detailOf(body));
    },
    async importReport(target, id) {
      const { status, body } = await call(target, 'GET', `${IMPORTS}/${encodeURIComponent(id)}`);
      if (status === 404) return undefined;
      if (status !== 200) throw new RuntimeRefusal(status, detailOf(body));
      return Report.parse(body);
    },
  };
}

async function call(
  { address, host, adminToken }: RuntimeTarget,
  method: string,
  path: string,
  json?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(`${address}${path}`, {
    method,
    headers: {
      'x-forwarded-host': host,
      ...(path.startsWith('/api/admin') ? { authorization: `Bearer ${adminToken}` } : {}),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  return { status: answer.status, body: jsonIn(text) ?? text.slice(0, 200) };
}

/** `detail` or `title` of a problem document. */
function detailOf(body: unknown): string {
  const Problem = z.object({
    title: z.string().optional(),
    detail: z.string().optional(),
    remedy: z.string().optional(),
  });
  const problem = Problem.safeParse(body).data;
  if (problem === undefined) return String(body).slice(0, 200);
  return [problem.detail ?? problem.title, problem.remedy].filter((part) => part !== undefined).join(' ');
}
