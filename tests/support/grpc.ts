/** A shop asked by gRPC, through the gateway as anybody would: by grpc-js and the published `shopmind.proto`. */
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { HEALTH, REFLECTIONS } from '../../runtime/host/grpc/known.ts';
import type { Method } from '../../runtime/host/grpc/proto.ts';
import { decode, encode, type Json } from '../../runtime/host/grpc/wire.ts';

export interface GrpcShop {
  /** @throws ServiceError of grpc-js */
  ask(
    service: string,
    method: string,
    request?: object,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<Json>;
  /** What a stream answers to one message. */
  first(
    service: string,
    method: string,
    request: object,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<Json>;
  close(): void;
}

/** How a method is called and its messages are written. */
type Called = Pick<MethodDefinition<object, object>, 'path' | 'requestSerialize' | 'responseDeserialize'>;

const WAIT_MS = 30_000;

export function grpcShopAt(port: number, host: string): GrpcShop {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.default_authority': host,
  });
  const published = loadSync(new URL('../../docs/api/shopmind.proto', import.meta.url).pathname, {
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  return {
    ask(service, name, request = {}, metadata = {}) {
      const method = methodOf(published, service, name);
      return new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          metadataOf(metadata),
          { deadline: Date.now() + WAIT_MS },
          (error, answer) => (error === null ? resolve(answer as Json) : reject(error)), // any message
        );
      });
    },
    first(service, name, request, metadata = {}) {
      const method = methodOf(published, service, name);
      const call = client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        metadataOf(metadata),
        { deadline: Date.now() + WAIT_MS },
      );
      call.end(request);
      return new Promise((resolve, reject) => {
        call.on('error', (error: ServiceError) => reject(error));
        call.on('data', (answer: Json) => resolve(answer));
      });
    },
    close: () => client.close(),
  };
}

function methodOf(published: PackageDefinition, service: string, name: string): Called {
  const ours = [HEALTH, ...REFLECTIONS]
    .flatMap(({ services }) => services)
    .find(({ fullName }) => fullName === service)
    ?.methods.find((method) => method.name === name);
  if (ours !== undefined) return calledOf(service, ours);
  const found = (published[service] as Readonly<Record<string, Called>> | undefined)?.[name]; // a service, as its name says
  if (found === undefined) throw new Error(`There is no ${service}.${name}.`);
  return found;
}

function calledOf(service: string, { name, input, output }: Method): Called {
  return {
    path: `/${service}/${name}`,
    requestSerialize: (message) => encode(input, message as Json), // as asked
    responseDeserialize: (bytes) => decode(output, bytes),
  };
}

function metadataOf(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}
