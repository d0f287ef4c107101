/** Messages that everybody's gRPC knows: JSON, nothing, errors, health and reflection, as their own .proto files say. */
import { fieldsOf, message, type Enum, type Message, type ProtoFile } from './proto.ts';

/** Any JSON. The wire writes and reads it as what it stands for. */
export const Value: Message = { kind: 'message', fullName: 'google.protobuf.Value', fields: [] };
const Struct = message('google.protobuf.Struct', [1, 'fields', Value, 'map']);
const ListValue = message('google.protobuf.ListValue', [1, 'values', Value, 'repeated']);
const NullValue: Enum = {
  kind: 'enum',
  fullName: 'google.protobuf.NullValue',
  values: [{ name: 'NULL_VALUE', number: 0, word: 'NULL_VALUE' }],
};
Value.fields = fieldsOf(
  [1, 'null_value', NullValue, 'plain', 'kind'],
  [2, 'number_value', 'double', 'plain', 'kind'],
  [3, 'string_value', 'string', 'plain', 'kind'],
  [4, 'bool_value', 'bool', 'plain', 'kind'],
  [5, 'struct_value', Struct, 'plain', 'kind'],
  [6, 'list_value', ListValue, 'plain', 'kind'],
);

export const STRUCT: ProtoFile = {
  path: 'google/protobuf/struct.proto',
  package: 'google.protobuf',
  imports: [],
  messages: [Struct, Value, ListValue],
  enums: [NullValue],
  services: [],
};

export const Empty = message('google.protobuf.Empty');

export const EMPTY: ProtoFile = {
  path: 'google/protobuf/empty.proto',
  package: 'google.protobuf',
  imports: [],
  messages: [Empty],
  enums: [],
  services: [],
};

const Duration = message('google.protobuf.Duration', [1, 'seconds', 'int64'], [2, 'nanos', 'int32']);

/** `grpc-status-details-bin`: what a client library shows beside code and message. */
const Any = message('google.protobuf.Any', [1, 'type_url', 'string'], [2, 'value', 'bytes']);
export const Status = message(
  'google.rpc.Status',
  [1, 'code', 'int32'],
  [2, 'message', 'string'],
  [3, 'details', Any, 'repeated'],
);
export const ErrorInfo = message(
  'google.rpc.ErrorInfo',
  [1, 'reason', 'string'],
  [2, 'domain', 'string'],
  [3, 'metadata', 'string', 'map'],
);
const FieldViolation = message(
  'google.rpc.BadRequest.FieldViolation',
  [1, 'field', 'string'],
  [2, 'description', 'string'],
);
export const BadRequest = message('google.rpc.BadRequest', [
  1,
  'field_violations',
  FieldViolation,
  'repeated',
]);
export const RetryInfo = message('google.rpc.RetryInfo', [1, 'retry_delay', Duration]);
export const RequestInfo = message('google.rpc.RequestInfo', [1, 'request_id', 'string']);

const HealthCheckRequest = message('grpc.health.v1.HealthCheckRequest', [1, 'service', 'string']);
const ServingStatus: Enum = {
  kind: 'enum',
  fullName: 'grpc.health.v1.HealthCheckResponse.ServingStatus',
  values: ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'].map((name, number) => ({
    name,
    number,
    word: name,
  })),
};
const HealthCheckResponse: Message = {
  kind: 'message',
  fullName: 'grpc.health.v1.HealthCheckResponse',
  fields: fieldsOf([1, 'status', ServingStatus]),
  enums: [ServingStatus],
};

export const HEALTH: ProtoFile = {
  path: 'grpc/health/v1/health.proto',
  package: 'grpc.health.v1',
  imports: [],
  messages: [HealthCheckRequest, HealthCheckResponse],
  enums: [],
  services: [
    {
      fullName: 'grpc.health.v1.Health',
      methods: [
        { name: 'Check', input: HealthCheckRequest, output: HealthCheckResponse },
        { name: 'Watch', input: HealthCheckRequest, output: HealthCheckResponse, serverStreams: true },
      ],
    },
  ],
};

/** Clients ask by the old package where they do not know the new one; the messages are the same. */
export const REFLECTIONS: readonly ProtoFile[] = ['grpc.reflection.v1', 'grpc.reflection.v1alpha'].map(
  reflectionIn,
);

function reflectionIn(name: string): ProtoFile {
  const ExtensionRequest = message(
    `${name}.ExtensionRequest`,
    [1, 'containing_type', 'string'],
    [2, 'extension_number', 'int32'],
  );
  const one = 'message_request';
  const Request = message(
    `${name}.ServerReflectionRequest`,
    [1, 'host', 'string'],
    [3, 'file_by_filename', 'string', 'plain', one],
    [4, 'file_containing_symbol', 'string', 'plain', one],
    [5, 'file_containing_extension', ExtensionRequest, 'plain', one],
    [6, 'all_extension_numbers_of_type', 'string', 'plain', one],
    [7, 'list_services', 'string', 'plain', one],
  );
  const Files = message(`${name}.FileDescriptorResponse`, [1, 'file_descriptor_proto', 'bytes', 'repeated']);
  const Numbers = message(
    `${name}.ExtensionNumberResponse`,
    [1, 'base_type_name', 'string'],
    [2, 'extension_number', 'int32', 'repeated'],
  );
  const ServiceResponse = message(`${name}.ServiceResponse`, [1, 'name', 'string']);
  const Services = message(`${name}.ListServiceResponse`, [1, 'service', ServiceResponse, 'repeated']);
  const Failure = message(
    `${name}.ErrorResponse`,
    [1, 'error_code', 'int32'],
    [2, 'error_message', 'string'],
  );
  const answer = 'message_response';
  const Response = message(
    `${name}.ServerReflectionResponse`,
    [1, 'valid_host', 'string'],
    [2, 'original_request', Request],
    [4, 'file_descriptor_response', Files, 'plain', answer],
    [5, 'all_extension_numbers_response', Numbers, 'plain', answer],
    [6, 'list_services_response', Services, 'plain', answer],
    [7, 'error_response', Failure, 'plain', answer],
  );
  return {
    path: `${name.replaceAll('.', '/')}/reflection.proto`,
    package: name,
    imports: [],
    messages: [Request, ExtensionRequest, Response, Files, Numbers, Services, ServiceResponse, Failure],
    enums: [],
    services: [
      {
        fullName: `${name}.ServerReflection`,
        methods: [
          {
            name: 'ServerReflectionInfo',
            input: Request,
            output: Response,
            clientStreams: true,
            serverStreams: true,
          },
        ],
      },
    ],
  };
}
