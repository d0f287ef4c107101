/** The keys of one shop, by its merchant API. */
import { request } from 'node:http';
import { z } from 'zod';
import { jsonIn } from '../../../runtime/platform/json/index.ts';
import { EXIT, Failure } from '../failure.ts';

export interface ShopAt {
  /** Where a gateway answers from here. */
  readonly gateway: { readonly host: string; readonly port: number };
  /** By which the gateway knows the shop. */
  readonly hostName: string;
  readonly adminKey: string;
}

const Key = z.object({
  id: z.string(),
  name: z.string(),
  hint: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  usedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});
export type Key = z.infer<typeof Key>;

const List = z.object({ keys: z.array(Key) });
const Made = Key.extend({ key: z.string() });
export type NewKey = z.infer<typeof Made>;

const Refusal = z.object({
  detail: z.string(),
  remedy: z.string().optional(),
  problems: z.array(z.object({ where: z.string(), what: z.string() })).default([]),
});

const PATH = '/api/admin/keys';
const ANSWER_MS = 10_000;

/** Each throws Failure with the shop's own words when it refuses, or what lay in the way. */
export interface Keys {
  list(): Promise<readonly Key[]>;
  create(key: {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly expiresAt?: string;
  }): Promise<NewKey>;
  revoke(id: string): Promise<void>;
}

export function keysOf(shop: ShopAt): Keys {
  return {
    list: async () => List.parse(JSON.parse(await ask(shop, 'GET', PATH))).keys,
    create: async (key) => Made.parse(JSON.parse(await ask(shop, 'POST', PATH, key))),
    async revoke(id) {
      await ask(shop, 'DELETE', `${PATH}/${encodeURIComponent(id)}`);
    },
  };
}

async function ask(
  { gateway, hostName, adminKey }: ShopAt,
  method: string,
  path: string,
  body?: object,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const payload = body === undefined ? undefined : JSON.stringify(body);
  // `fetch` sends no Host of one's own.
  request(
    {
      ...gateway,
      method,
      path,
      headers: {
        host: hostName,
        authorization: `Bearer ${adminKey}`,
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      },
      signal: AbortSignal.timeout(ANSWER_MS),
    },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    },
  )
    .once('error', reject)
    .end(payload);
  const { status, text } = await promise.catch((cause: unknown) => {
    throw new Failure(
      `the shop at ${hostName} does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        exitCode: EXIT.unavailable,
        cause,
      },
    );
  });
  if (status < 300) return text;
  throw refused(status, text);
}

/** What the shop says is wrong. A gateway without a shop behind it speaks no problem+json. */
function refused(status: number, text: string): Failure {
  const refusal = Refusal.safeParse(jsonIn(text));
  if (!refusal.success)
    return new Failure(`the shop answers ${status}`, {
      exitCode: EXIT.unavailable,
      details: [text.slice(0, 200)],
    });
  const { detail, remedy, problems } = refusal.data;
  return new Failure(detail, {
    exitCode: status === 400 || status === 404 ? EXIT.badInput : EXIT.failure,
    details: problems.map(({ where, what }) => `${where} ${what}`),
    ...(remedy === undefined ? {} : { remedy }),
  });
}
