/** Our bytes, our text and our descriptors, judged by protobuf.js: what it reads of ours and writes again is what we meant. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { loadFileDescriptorSetFromBuffer, loadSync, type MethodDefinition } from '@grpc/proto-loader';
import fc from 'fast-check';
import { ownFolder } from '../../../tests/support/owned.ts';
import { DOMAINS } from '../../domains/index.ts';
import { ShopError } from '../../platform/errors.ts';
import { readApi } from '../shapes/api.ts';
import { descriptorOf, textOf } from './descriptor.ts';
import { readNumbers } from './host.ts';
import { EMPTY, HEALTH, REFLECTIONS, STRUCT, Value } from './known.ts';
import { grpcModel } from './model.ts';
import { message, type Message, type ProtoField, type ProtoFile } from './proto.ts';
import { decode, encode, type Json } from './wire.ts';

const { file, calls } = grpcModel(await readApi(DOMAINS), DOMAINS, await readNumbers());
const files: readonly ProtoFile[] = [file, HEALTH, ...REFLECTIONS];

const folder = ownFolder('proto');
after(() => rmSync(folder, { recursive: true, force: true }));
for (const one of files) {
  const path = join(folder, one.path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, textOf(one, 'For a test.'));
}
const OPTIONS = { longs: String, enums: String, defaults: false, oneofs: true, includeDirs: [folder] };
const byText = loadSync(
  files.map(({ path }) => path),
  OPTIONS,
);
const FileSet = message('google.protobuf.FileDescriptorSet', [1, 'file', 'bytes', 'repeated']);
const byDescriptor = loadFileDescriptorSetFromBuffer(
  encode(FileSet, { file: [STRUCT, EMPTY, ...files].map(descriptorOf) }),
  OPTIONS,
);

type Judge = (bytes: Buffer) => Buffer;

/** Reads a method's message and writes it again. */
function judgeOf(
  definitions: typeof byText,
  service: string,
  method: string,
  side: 'input' | 'output',
): Judge {
  const found = (definitions[service] as Record<string, MethodDefinition<object, object>>)[method]; // a service, as its name says
  assert.ok(found, `${service} has no ${method}`);
  return (bytes) =>
    side === 'input'
      ? found.requestSerialize(found.requestDeserialize(bytes))
      : found.responseSerialize(found.responseDeserialize(bytes));
}

/** Any message, with every field that has no presence. */
function anyOf(type: Message, depth = 3): fc.Arbitrary<Json> {
  if (type.union !== undefined) {
    const { union, fields } = type;
    return fc.oneof(
      ...fields.map(
        (field) =>
          anyOf(field.type as Message, depth - 1).map((member) => ({ ...member, [union]: field.tag })), // members are messages
      ),
    );
  }
  const optional = type.fields.filter(
    ({ label, type: of }) => label === 'optional' || (label === 'plain' && isMessage(of)),
  );
  const shown = type.fields.filter(
    (field) => depth > 0 || !optional.includes(field) || !isMessage(field.type),
  );
  const required = shown.filter((one) => !optional.includes(one));
  return fc.record(Object.fromEntries(shown.map((field) => [field.key, anyField(field, depth)])), {
    requiredKeys: required.map(({ key }) => key),
    noNullPrototype: true,
  });
}

function isMessage(type: ProtoField['type']): boolean {
  return typeof type !== 'string' && type.kind === 'message';
}

function anyField({ type, label }: ProtoField, depth: number): fc.Arbitrary<unknown> {
  const isDeep = depth <= 0 && isMessage(type);
  if (isDeep && label !== 'plain') return fc.constant(label === 'map' ? {} : []);
  const one = anyValue(type, depth);
  if (label === 'repeated') return fc.array(one, { maxLength: 3 });
  if (label === 'map') return fc.dictionary(text, one, { maxKeys: 3, noNullPrototype: true });
  return one;
}

/** Without lone surrogates, which are no text. */
const text = fc
  .string({ unit: 'binary', maxLength: 20 })
  .filter((one) => one.isWellFormed() && one !== '__proto__');

function anyValue(type: ProtoField['type'], depth: number): fc.Arbitrary<unknown> {
  if (type === Value) return fc.jsonValue({ maxDepth: 2, stringUnit: 'grapheme' });
  switch (type) {
    case 'string':
      return text;
    case 'bytes':
      return fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
    case 'bool':
      return fc.boolean();
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc.maxSafeInteger();
    case 'double':
      return fc.double();
    default:
      return type.kind === 'message'
        ? anyOf(type, depth - 1)
        : fc.constantFrom(...type.values.flatMap(({ word }) => word ?? []));
  }
}

test('what protobuf.js reads of any message and writes again is the message', () => {
  for (const { service, method } of calls) {
    for (const side of ['input', 'output'] as const) {
      const type = method[side];
      const judges = [byText, byDescriptor].map((all) => judgeOf(all, service, method.name, side));
      fc.assert(
        fc.property(anyOf(type), (value) => {
          const bytes = encode(type, value);
          assert.deepEqual(decode(type, bytes), value);
          for (const judge of judges) assert.deepEqual(decode(type, judge(bytes)), value);
        }),
        { numRuns: 10 },
      );
    }
  }
});

test('bytes that are no message are refused, and nothing else happens', () => {
  const types = calls.map(({ method }) => method.input);
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
      try {
        decode(type, bytes);
      } catch (error) {
        assert.ok(error instanceof ShopError && error.code === 'invalid_input', String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

const Inner = message('Inner', [1, 'text', 'string'], [2, 'count', 'int32', 'optional']);
const Sample = message(
  'Sample',
  [1, 'numbers', 'int32', 'repeated'],
  [2, 'inner', Inner],
  [3, 'whole', 'int64'],
  [4, 'any', Value],
);

test('bytes that others write, and those that nobody should', () => {
  const cases: readonly [string, string, Json | RegExp][] = [
    ['numbers without packing, and packed, are one list', '080108020a020304', { numbers: [1, 2, 3, 4] }],
    ['a message in two parts is one', '12030a016112021005', { inner: { text: 'a', count: 5 } }],
    ['of a field that comes twice the last is meant', '12060a01610a0162', { inner: { text: 'b' } }],
    ['what is not known is passed over', '780af90100000000000000008201001801', { whole: 1 }],
    ['below zero', '18ffffffffffffffffff01', { whole: -1 }],
    ['a length beyond the end', '1205', /ends within a field/],
    ['a number that does not end', '18ffffffffffffffffffffff01', /more than ten bytes/],
    ['a whole number that JSON cannot say', '18ffffffffffffffff7f', /beyond 2\^53/],
    ['text that is none', '12030a01ff', /not UTF-8/],
    ['a group', '1b1c', /another type/],
    ['a number where a message belongs', '1001', /another type/],
    ['field 0', '0001', /without a number/],
  ];
  const rest = { numbers: [], whole: 0 };
  for (const [what, hex, expected] of cases) {
    const bytes = Buffer.from(hex, 'hex');
    if (expected instanceof RegExp) assert.throws(() => decode(Sample, bytes), expected, what);
    else assert.deepEqual(decode(Sample, bytes), { ...rest, ...expected }, what);
  }
});

test('a message that lies in messages without end is refused before the stack is full', () => {
  const bytes = nested(60_000);
  assert.throws(() => decode(Sample, bytes), /messages deep/);
});

/** Lists in lists, as bytes: written by hand, because writing them is as deep as reading. */
function nested(levels: number): Buffer {
  const sizes: number[] = [0];
  const sized = (length: number): number => 1 + varintLength(length) + length;
  for (let level = 0; level < levels; level += 1) sizes.push(sized(sized(sizes.at(-1) ?? 0)));
  const parts: number[] = [];
  const push = (key: number, length: number): void => {
    parts.push(key);
    let rest = length;
    for (; rest > 127; rest = Math.floor(rest / 128)) parts.push((rest % 128) + 128);
    parts.push(rest);
  };
  push(0x22, sizes[levels] ?? 0);
  for (let level = levels - 1; level >= 0; level -= 1) {
    push(0x32, sized(sizes[level] ?? 0));
    push(0x0a, sizes[level] ?? 0);
  }
  return Buffer.from(parts);
}

function varintLength(value: number): number {
  return value < 128 ? 1 : 1 + varintLength(Math.floor(value / 128));
}
