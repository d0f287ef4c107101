/** The methods of a runtime process: a route each, asked as over REST; and what gRPC's own tools ask. */
import { DEFAULT_LIMIT } from '../body.ts';
import { hostNameOf, shopAt, type ShopsOptions } from '../shop.ts';
import type { Invoke, Visit } from '../invoke.ts';
import { ShopError } from '../../platform/errors.ts';
import { EMPTY, HEALTH, STRUCT } from './known.ts';
import type { GrpcModel, RpcCall } from './model.ts';
import { reflectionOf } from './reflection.ts';
import type { Call, ServedMethod } from './server.ts';
import { Unimplemented } from './status.ts';
import { askedBy } from './values.ts';
import type { Json } from './wire.ts';

export interface MethodsOptions extends ShopsOptions {
  readonly model: GrpcModel;
  /** Domains that are hosted here or reached from here. */
  readonly served: ReadonlySet<string>;
  readonly invoke: (visit: Visit) => Invoke;
  /** Whether anybody may look at the schema; otherwise merchants only. */
  readonly open: boolean;
  readonly isMerchant: (visit: Visit) => Promise<boolean>;
}

export function methodsOf(options: MethodsOptions): Map<string, ServedMethod> {
  const { model, served, open } = options;
  const calls = model.calls.filter(({ operation }) => served.has(operation.domain));
  return new Map([
    ...calls.map((call): [string, ServedMethod] => [
      `/${call.service}/${call.method.name}`,
      {
        method: call.method,
        operation: `${call.operation.domain}.${call.operation.route.id}`,
        // Around the body there is little.
        messageBytes: (call.operation.route.maxBodyBytes ?? DEFAULT_LIMIT) + 4_096,
        answer: (asked, messages) => ask(options, call, asked, messages),
      },
    ]),
    ...reflectionOf([model.file, HEALTH, STRUCT, EMPTY], async (call) => {
      if (open || (await options.isMerchant(await visitOf(options, call)))) return;
      throw new ShopError('forbidden', 'The schema is not shown to shoppers.', {
        remedy: 'Read shopmind.proto among the documents, or send the merchant’s key.',
      });
    }),
  ]);
}

async function visitOf(options: ShopsOptions, { headers, requestId, signal }: Call): Promise<Visit> {
  return { tenant: await shopAt(options, hostNameOf({ headers })), headers, requestId, signal };
}

async function* ask(
  options: MethodsOptions,
  { operation, wrapped }: RpcCall,
  call: Call,
  messages: AsyncIterable<Json>,
): AsyncGenerator<Json> {
  const invoke = options.invoke(await visitOf(options, call));
  for await (const message of messages) {
    const { body, headers } = await invoke(operation, {
      ...askedBy(operation, message),
      idempotencyKey: call.headers['idempotency-key'],
    });
    if (!Buffer.isBuffer(body)) {
      body.destroy();
      throw new Unimplemented(`Ask ${operation.route.path} over HTTP: this is no message.`);
    }
    if (operation.answer === 'nothing') yield {};
    else if (headers['content-type']?.startsWith('application/json') !== true)
      throw new Unimplemented(
        `Ask ${operation.route.path} over HTTP: this is answered as ${headers['content-type']}.`,
      );
    else {
      const answer: unknown = JSON.parse(body.toString('utf8'));
      yield wrapped === undefined ? (answer as Json) : { [wrapped]: answer }; // as the route's schema has it
    }
  }
}
