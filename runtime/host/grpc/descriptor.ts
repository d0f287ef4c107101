/** A file as `google/protobuf/descriptor.proto` describes it, for reflection; and as its text, for whoever makes clients. */
import {
  baseName,
  entryName,
  jsonNameOf,
  message,
  type Enum,
  type Message,
  type ProtoField,
  type ProtoFile,
  type Service,
} from './proto.ts';
import { encode, type Json } from './wire.ts';

const Range = message('Range', [1, 'start', 'int32', 'optional'], [2, 'end', 'int32', 'optional']);
const FieldDescriptor = message(
  'FieldDescriptorProto',
  [1, 'name', 'string'],
  [3, 'number', 'int32'],
  [4, 'label', 'int32'],
  [5, 'type', 'int32'],
  [6, 'type_name', 'string'],
  [9, 'oneof_index', 'int32', 'optional'],
  [10, 'json_name', 'string'],
  [17, 'proto3_optional', 'bool'],
);
const EnumValueDescriptor = message(
  'EnumValueDescriptorProto',
  [1, 'name', 'string'],
  [2, 'number', 'int32', 'optional'],
);
const EnumDescriptor = message(
  'EnumDescriptorProto',
  [1, 'name', 'string'],
  [2, 'value', EnumValueDescriptor, 'repeated'],
  [4, 'reserved_range', Range, 'repeated'],
);
const OneofDescriptor = message('OneofDescriptorProto', [1, 'name', 'string']);
const MessageOptions = message('MessageOptions', [7, 'map_entry', 'bool']);
const EntryDescriptor = message(
  'DescriptorProto',
  [1, 'name', 'string'],
  [2, 'field', FieldDescriptor, 'repeated'],
  [7, 'options', MessageOptions],
);
const MessageDescriptor = message(
  'DescriptorProto',
  [1, 'name', 'string'],
  [2, 'field', FieldDescriptor, 'repeated'],
  [3, 'nested_type', EntryDescriptor, 'repeated'],
  [4, 'enum_type', EnumDescriptor, 'repeated'],
  [8, 'oneof_decl', OneofDescriptor, 'repeated'],
  [9, 'reserved_range', Range, 'repeated'],
);
const MethodDescriptor = message(
  'MethodDescriptorProto',
  [1, 'name', 'string'],
  [2, 'input_type', 'string'],
  [3, 'output_type', 'string'],
  [5, 'client_streaming', 'bool'],
  [6, 'server_streaming', 'bool'],
);
const ServiceDescriptor = message(
  'ServiceDescriptorProto',
  [1, 'name', 'string'],
  [2, 'method', MethodDescriptor, 'repeated'],
);
const FileDescriptor = message(
  'FileDescriptorProto',
  [1, 'name', 'string'],
  [2, 'package', 'string'],
  [3, 'dependency', 'string', 'repeated'],
  [4, 'message_type', MessageDescriptor, 'repeated'],
  [5, 'enum_type', EnumDescriptor, 'repeated'],
  [6, 'service', ServiceDescriptor, 'repeated'],
  [12, 'syntax', 'string'],
);

export function descriptorOf(file: ProtoFile): Buffer {
  return encode(FileDescriptor, {
    name: file.path,
    package: file.package,
    dependency: file.imports.map(({ path }) => path),
    messageType: file.messages.map(messageDescriptor),
    enumType: file.enums.map(enumDescriptor),
    service: file.services.map(({ fullName, methods }) => ({
      name: baseName(fullName),
      method: methods.map(({ name, input, output, clientStreams, serverStreams }) => ({
        name,
        inputType: `.${input.fullName}`,
        outputType: `.${output.fullName}`,
        clientStreaming: clientStreams === true,
        serverStreaming: serverStreams === true,
      })),
    })),
    syntax: 'proto3',
  });
}

function messageDescriptor({ fullName, fields, enums = [], reserved = [] }: Message): Json {
  const choices = [...new Set(fields.flatMap(({ oneof }) => oneof ?? []))];
  // A field that may be left out is a choice of one, by a name that nobody sees; these come last.
  const optional = fields.filter(({ label }) => label === 'optional').map(({ name }) => `_${name}`);
  const oneofs = [...choices, ...optional];
  return {
    name: baseName(fullName),
    field: fields.map((field) => fieldDescriptor(fullName, field, oneofs)),
    nestedType: fields.filter(({ label }) => label === 'map').map((field) => entryDescriptor(field)),
    enumType: enums.map(enumDescriptor),
    oneofDecl: oneofs.map((name) => ({ name })),
    reservedRange: reserved.map((start) => ({ start, end: start + 1 })),
  };
}

function fieldDescriptor(around: string, field: ProtoField, oneofs: readonly string[]): Json {
  const { name, key, number, type, label, oneof } = field;
  const oneofName = oneof ?? (label === 'optional' ? `_${name}` : undefined);
  const map = label === 'map';
  return {
    name,
    number,
    label: map || label === 'repeated' ? REPEATED : OPTIONAL,
    type: map ? TYPES.message : typeof type === 'string' ? TYPES[type] : TYPES[type.kind],
    ...(map
      ? { typeName: `.${around}.${entryName(name)}` }
      : typeof type === 'string'
        ? {}
        : { typeName: `.${type.fullName}` }),
    ...(oneofName === undefined ? {} : { oneofIndex: oneofs.indexOf(oneofName) }),
    jsonName: key,
    proto3Optional: label === 'optional',
  };
}

function entryDescriptor({ name, type }: ProtoField): Json {
  const value = { name: 'value', key: 'value', number: 2, type, label: 'plain' } as const;
  return {
    name: entryName(name),
    field: [
      { name: 'key', number: 1, label: OPTIONAL, type: TYPES.string, jsonName: 'key' },
      fieldDescriptor('', value, []),
    ],
    options: { mapEntry: true },
  };
}

function enumDescriptor({ fullName, values, reserved = [] }: Enum): Json {
  return {
    name: baseName(fullName),
    value: values.map(({ name, number }) => ({ name, number })),
    // Of an enum the end belongs to the range.
    reservedRange: reserved.map((number) => ({ start: number, end: number })),
  };
}

const OPTIONAL = 1;
const REPEATED = 3;
/** `FieldDescriptorProto.Type`. */
const TYPES = {
  double: 1,
  int64: 3,
  int32: 5,
  bool: 8,
  string: 9,
  message: 11,
  bytes: 12,
  enum: 14,
} as const;

/** The file as people write it. @param note what stands at its top */
export function textOf(file: ProtoFile, note: string): string {
  return [
    `${comment(note, '')}syntax = "proto3";\n\npackage ${file.package};\n`,
    file.imports.map(({ path }) => `import "${path}";`).join('\n') + (file.imports.length > 0 ? '\n' : ''),
    ...file.services.map((service) => serviceText(service, file.package)),
    ...file.messages.map((one) => messageText(one, file.package)),
    ...file.enums.map((one) => enumText(one, '')),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function serviceText({ fullName, doc, methods }: Service, within: string): string {
  const lines = methods.map(({ name, input, output, clientStreams, serverStreams, doc: what }) => {
    const taken = `${clientStreams === true ? 'stream ' : ''}${nameIn(input, within)}`;
    const given = `${serverStreams === true ? 'stream ' : ''}${nameIn(output, within)}`;
    return `${comment(what, '  ')}  rpc ${name}(${taken}) returns (${given});\n`;
  });
  return `${comment(doc, '')}service ${baseName(fullName)} {\n${lines.join('')}}\n`;
}

function messageText({ fullName, fields, enums = [], reserved = [] }: Message, within: string): string {
  const choices = Map.groupBy(fields, ({ oneof }) => oneof);
  const lines = [
    ...enums.map((one) => enumText(one, '  ')),
    ...(reserved.length === 0 ? [] : [`  reserved ${reserved.join(', ')};\n`]),
    ...[...choices].map(([oneof, some]) =>
      oneof === undefined
        ? some.map((field) => fieldText(field, within, '  ')).join('')
        : `  oneof ${oneof} {\n${some.map((field) => fieldText(field, within, '    ')).join('')}  }\n`,
    ),
  ];
  return `message ${baseName(fullName)} {${lines.length === 0 ? '' : `\n${lines.join('')}`}}\n`;
}

function fieldText(
  { name, key, number, type, label, doc }: ProtoField,
  within: string,
  indent: string,
): string {
  const plain = typeof type === 'string' ? type : nameIn(type, within);
  const written = label === 'map' ? `map<string, ${plain}>` : label === 'plain' ? plain : `${label} ${plain}`;
  const json = jsonNameOf(name) === key ? '' : ` [json_name = "${key}"]`;
  return `${comment(doc, indent)}${indent}${written} ${name} = ${number}${json};\n`;
}

function enumText({ fullName, values, reserved = [] }: Enum, indent: string): string {
  const lines = [
    ...(reserved.length === 0 ? [] : [`reserved ${reserved.join(', ')};`]),
    ...values.map(({ name, number }) => `${name} = ${number};`),
  ];
  return `${indent}enum ${baseName(fullName)} {\n${lines.map((line) => `${indent}  ${line}\n`).join('')}${indent}}\n`;
}

function nameIn({ fullName }: { readonly fullName: string }, within: string): string {
  return fullName.startsWith(`${within}.`) ? fullName.slice(within.length + 1) : fullName;
}

function comment(text: string | undefined, indent: string): string {
  if (text === undefined) return '';
  return text
    .split('\n')
    .map((line) => `${indent}//${line === '' ? '' : ` ${line}`}\n`)
    .join('');
}
