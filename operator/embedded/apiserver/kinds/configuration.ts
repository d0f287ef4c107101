/** The rules of ConfigMaps and Secrets. */
import { forbidden, invalid, required, tooLong } from '../../schema/cause.ts';
import { isObject } from '../../schema/schema.ts';
import type { Cause } from '../errors.ts';
import { defaulted, equal, fields, text, type JsonObject, type KubeObject } from '../objects.ts';
import type { KindRules } from '../rules.ts';

const LARGEST_CONTENT = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]+$/;
const LONGEST_KEY = 253;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const CONFIG_MAP_RULES: KindRules = {
  validate(map, old) {
    const data = fields(map['data']);
    const binary = fields(map['binaryData']);
    const causes = [...contentCauses(data, 'data'), ...contentCauses(binary, 'binaryData')];
    for (const key of Object.keys(binary))
      if (Object.hasOwn(data, key))
        causes.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    if (sizeOf(data) + sizeOf(binary) > LARGEST_CONTENT) causes.push(tooLong('', LARGEST_CONTENT));
    causes.push(...immutableCauses(map, old, ['data', 'binaryData']));
    return causes;
  },
};

export const SECRET_RULES: KindRules = {
  setDefaults(secret) {
    defaulted(secret, 'type', 'Opaque');
    const plain = secret['stringData'];
    if (!isObject(plain)) return;
    const encoded = Object.entries(plain).map(([key, value]) => [
      key,
      Buffer.from(text(value)).toString('base64'),
    ]);
    secret['data'] = { ...fields(secret['data']), ...Object.fromEntries(encoded) };
    delete secret['stringData'];
  },
  validate(secret, old) {
    const data = fields(secret['data']);
    const causes = contentCauses(data, 'data');
    for (const [key, value] of Object.entries(data))
      if (!BASE64.test(text(value)))
        causes.push(invalid(`data[${key}]`, '<secret contents redacted>', 'illegal base64 data'));
    if (sizeOf(data) > LARGEST_CONTENT) causes.push(tooLong('data', LARGEST_CONTENT));
    for (const key of NEEDED_KEYS[text(secret['type'])] ?? [])
      if (!Object.hasOwn(data, key)) causes.push(required(`data[${key}]`));
    if (old && old['type'] !== secret['type'])
      causes.push(invalid('type', secret['type'] ?? null, 'field is immutable'));
    causes.push(...immutableCauses(secret, old, ['data']));
    return causes;
  },
};

const NEEDED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/basic-auth': [],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

function contentCauses(content: JsonObject, path: string): Cause[] {
  const causes: Cause[] = [];
  for (const key of Object.keys(content)) {
    if (key.length > LONGEST_KEY)
      causes.push(invalid(`${path}[${key}]`, key, `must be no more than ${LONGEST_KEY} characters`));
    if (!KEY.test(key) || key === '.' || key.startsWith('..'))
      causes.push(
        invalid(
          `${path}[${key}]`,
          key,
          `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
        ),
      );
  }
  return causes;
}

const sizeOf = (content: JsonObject): number =>
  Object.values(content).reduce((sum: number, value) => sum + text(value).length, 0);

function immutableCauses(object: KubeObject, old: KubeObject | undefined, names: readonly string[]): Cause[] {
  if (old?.['immutable'] !== true) return [];
  const causes: Cause[] = [];
  if (object['immutable'] !== true)
    causes.push(forbidden('immutable', 'field is immutable when `immutable` is set'));
  for (const name of names)
    if (!equal(fields(object[name]), fields(old[name])))
      causes.push(forbidden(name, 'field is immutable when `immutable` is set'));
  return causes;
}
