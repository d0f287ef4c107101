/** Server reflection: `grpcurl` and its kin learn from it what there is, without a .proto file at hand. */
import { CODE } from '../../platform/grpc.ts';
import { descriptorOf } from './descriptor.ts';
import { servedBy } from './health.ts';
import { REFLECTIONS } from './known.ts';
import type { ProtoFile } from './proto.ts';
import type { Call, ServedMethod } from './server.ts';
import type { Json } from './wire.ts';

/**
 * @param files what is told of, with all that they import
 * @param admit throws unless the caller may know
 */
export function reflectionOf(
  files: readonly ProtoFile[],
  admit: (call: Call) => Promise<void>,
): Map<string, ServedMethod> {
  const all = [...files, ...REFLECTIONS];
  const byPath = new Map(all.map((file) => [file.path, file]));
  const bySymbol = new Map(all.flatMap((file) => symbolsIn(file).map((symbol) => [symbol, file])));
  const services = all.flatMap((file) => file.services.map(({ fullName }) => ({ name: fullName })));
  const descriptors = new Map<ProtoFile, Buffer>();

  function found(file: ProtoFile | undefined, what: unknown): Json {
    if (file === undefined) return missing(`There is no ${String(what)}.`);
    const descriptor = descriptors.get(file) ?? descriptorOf(file);
    descriptors.set(file, descriptor);
    return { fileDescriptorResponse: { fileDescriptorProto: [descriptor] } };
  }

  function answerTo(request: Json): Json {
    const { fileByFilename, fileContainingSymbol, allExtensionNumbersOfType, listServices } = request;
    if (fileByFilename !== undefined) return found(byPath.get(String(fileByFilename)), fileByFilename);
    if (fileContainingSymbol !== undefined)
      return found(bySymbol.get(String(fileContainingSymbol)), fileContainingSymbol);
    if (listServices !== undefined) return { listServicesResponse: { service: services } };
    if (allExtensionNumbersOfType !== undefined && bySymbol.has(String(allExtensionNumbersOfType)))
      return { allExtensionNumbersResponse: { baseTypeName: allExtensionNumbersOfType } };
    return missing('There are no extensions.');
  }

  const answers = {
    async *ServerReflectionInfo(call: Call, messages: AsyncIterable<Json>): AsyncGenerator<Json> {
      await admit(call);
      for await (const request of messages)
        yield { validHost: request['host'], originalRequest: request, ...answerTo(request) };
    },
  };
  return servedBy(
    REFLECTIONS.flatMap((file) => file.services),
    answers,
    'reflection',
  );
}

function missing(errorMessage: string): Json {
  return { errorResponse: { errorCode: CODE.notFound, errorMessage } };
}

function symbolsIn({ messages, enums, services }: ProtoFile): string[] {
  return [
    ...[...messages, ...enums, ...messages.flatMap((one) => one.enums ?? [])].map(({ fullName }) => fullName),
    ...services.flatMap(({ fullName, methods }) => [
      fullName,
      ...methods.map(({ name }) => `${fullName}.${name}`),
    ]),
  ];
}
