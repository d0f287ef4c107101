/** What buf's basic and comment rules find in a .proto file: https://buf.build/docs/lint/rules, read from its text as people do. */
import { repeated } from './openapi.ts';

/** @returns a line for each fault, by its place */
export function lintProto(text: string): string[] {
  const faults: string[] = [];
  const say = (where: string, what: string): void => void faults.push(`${where}: ${what}`);
  if (!/^syntax = "proto3";$/m.test(text)) say('file', 'says no syntax');
  const name = /^package ([\w.]+);$/m.exec(text)?.[1] ?? '';
  if (!/^[a-z]+(\.[a-z]+)*\.v\d+$/.test(name)) say('package', `${name} has no version`);
  for (const [, path = ''] of text.matchAll(/^import "([^"]+)";$/gm))
    if (!TYPES_OF[path]?.some((type) => text.includes(type))) say(path, 'is imported and not used');

  const blocks = blocksIn(text);
  const messages = blocks.filter(({ kind }) => kind === 'message').map((one) => one.name);
  for (const twice of repeated(blocks.map((one) => one.name))) say(twice, 'is there twice');
  for (const block of blocks) {
    if (!PASCAL.test(block.name)) say(block.name, 'is not PascalCase');
    if (block.kind === 'service') lintService(block, messages, say);
    else if (block.kind === 'enum') lintEnum(block, say);
    else lintMessage(block, say);
  }
  return faults;
}

type Say = (where: string, what: string) => void;

interface Block {
  readonly kind: 'service' | 'message' | 'enum';
  readonly name: string;
  readonly hasComment: boolean;
  readonly lines: readonly string[];
}

const PASCAL = /^[A-Z][A-Za-z0-9]*$/;

const TYPES_OF: Readonly<Record<string, readonly string[]>> = {
  'google/protobuf/empty.proto': ['google.protobuf.Empty'],
  'google/protobuf/struct.proto': [
    'google.protobuf.Value',
    'google.protobuf.Struct',
    'google.protobuf.ListValue',
  ],
};

/** At the outermost level, where all of ours stand. */
function blocksIn(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const begun = /^(service|message|enum) (\w+) \{(\}?)$/.exec(lines[index] ?? '');
    if (begun === null) continue;
    const [, kind, name = '', closed] = begun;
    const end = closed === '}' ? index : lines.indexOf('}', index);
    blocks.push({
      kind: kind as Block['kind'], // one of the three that the expression names
      name,
      hasComment: lines[index - 1]?.startsWith('//') === true,
      lines: lines.slice(index + 1, end).map((line) => line.trim()),
    });
    index = end;
  }
  return blocks;
}

function lintService({ name, hasComment, lines }: Block, messages: readonly string[], say: Say): void {
  if (!name.endsWith('Service')) say(name, 'does not end with Service');
  if (!hasComment && name !== 'StoreService') say(name, 'says nothing of itself');
  const methods: string[] = [];
  lines.forEach((line, index) => {
    const found = /^rpc (\w+)\((?:stream )?([\w.]+)\) returns \((?:stream )?([\w.]+)\);$/.exec(line);
    if (found === null) {
      if (!line.startsWith('//') && line !== '') say(name, `${line} is no method`);
      return;
    }
    const [, method = '', input = '', output = ''] = found;
    methods.push(method);
    if (!PASCAL.test(method)) say(`${name}.${method}`, 'is not PascalCase');
    // With the service's name before it, where another service has a method of the name.
    if (input !== `${method}Request` && input !== `${name.replace(/Service$/, '')}${method}Request`)
      say(`${name}.${method}`, `takes ${input}, not ${method}Request`);
    for (const type of [input, output])
      if (!type.startsWith('google.protobuf.') && !messages.includes(type))
        say(`${name}.${method}`, `there is no ${type}`);
    if (lines[index - 1]?.startsWith('//') !== true) say(`${name}.${method}`, 'says nothing of itself');
  });
  for (const twice of repeated(methods)) say(`${name}.${twice}`, 'is there twice');
}

function lintEnum({ name, lines }: Block, say: Say): void {
  const prefix = `${name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}_`;
  const values = lines.flatMap((line) => {
    const [, value, number] = /^(\w+) = (\d+);/.exec(line) ?? [];
    return value === undefined ? [] : [{ value, number: Number(number) }];
  });
  if (values[0]?.number !== 0) say(name, 'does not begin with 0');
  if (values[0]?.value !== `${prefix}UNSPECIFIED`)
    say(name, `${values[0]?.value} is not ${prefix}UNSPECIFIED`);
  for (const { value } of values) {
    if (!/^[A-Z][A-Z0-9_]*$/.test(value)) say(`${name}.${value}`, 'is not UPPER_SNAKE_CASE');
    if (!value.startsWith(prefix)) say(`${name}.${value}`, `does not begin with ${prefix}`);
  }
  for (const twice of repeated(values.map(({ number }) => String(number))))
    say(name, `${twice} is two values`);
}

function lintMessage({ name, lines }: Block, say: Say): void {
  const fields = lines.flatMap((line) => {
    const [, field, number] =
      /^(?:repeated |optional )?(?:map<[^>]+>|[\w.]+) (\w+) = (\d+)[^;]*;/.exec(line) ?? [];
    return field === undefined ? [] : [{ field, number: Number(number) }];
  });
  const gone = lines
    .flatMap((line) => /^reserved ([\d, ]+);/.exec(line)?.[1]?.split(',') ?? [])
    .map((number) => Number(number));
  for (const { field, number } of fields) {
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(field)) say(`${name}.${field}`, 'is not lower_snake_case');
    if (number < 1 || number > 2 ** 29 - 1 || (number >= 19_000 && number <= 19_999))
      say(`${name}.${field}`, `may not be ${number}`);
    if (gone.includes(number)) say(`${name}.${field}`, `is ${number}, which is reserved`);
  }
  for (const twice of repeated(fields.map(({ number }) => String(number))))
    say(name, `${twice} is two fields`);
  for (const twice of repeated(fields.map(({ field }) => field))) say(name, `${twice} is there twice`);
}
