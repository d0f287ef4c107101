/**
 * Takes secrets out of text: the values that are known, in every form they are written in, and whatever looks like one. Pure.
 */
import { isRecord } from '../../kube/records.ts';

export const MASK = '<masked>';

/** Shorter values are words: masking them everywhere would hide the report, and they open nothing. */
const SHORTEST = 8;

/** What our own secrets, and the usual ones of others, look like. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // user:password@ of any URL.
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']+):[^\s@"']+@/gi, `$1:${MASK}@`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9+/_=.-]{8,}/g, `$1 ${MASK}`],
  [/\bsmk_[A-Za-z0-9_.-]{8,}/g, MASK],
  [/\b(sk|rk|pk)_(test|live)_[A-Za-z0-9]{8,}/g, MASK],
  [/\bwhsec_[A-Za-z0-9+/=_-]{8,}/g, MASK],
  [/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+/g, MASK],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g, MASK],
];

/** @param values decoded values of Secrets */
export function createRedactor(values: Iterable<string>): (text: string) => string {
  const forms = [...new Set([...values].flatMap(formsOf))]
    .filter((form) => form.length >= SHORTEST)
    // A value within another one must not leave the rest of the longer one standing.
    .toSorted((a, b) => b.length - a.length);
  return (text) => {
    let left = text;
    for (const form of forms) if (left.includes(form)) left = left.replaceAll(form, MASK);
    for (const [pattern, by] of PATTERNS) left = left.replaceAll(pattern, by);
    return left;
  };
}

/** As it is, as YAML and JSON write it, in base64, in a URL; its lines one by one; and the password of a URL alone. */
function formsOf(value: string): readonly string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const parts = [value, value.trim(), ...lines, ...passwordOf(value)];
  return parts.flatMap((part) => [
    part,
    JSON.stringify(part).slice(1, -1),
    encodeURIComponent(part),
    Buffer.from(part).toString('base64'),
    Buffer.from(part).toString('base64url'),
  ]);
}

function passwordOf(value: string): readonly string[] {
  if (!URL.canParse(value)) return [];
  const { password } = new URL(value);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}

const SECRET_NAME = /pass(word|wd|phrase)?|secret|token|credential|api_?key|private_?key|auth/i;

/** An object for the report: of a Secret its keys only, of variables with telling names their names only. */
export function publicForm(object: unknown): unknown {
  return isRecord(object) && object['kind'] === 'Secret' ? maskValues(clean(object)) : clean(object);
}

function clean(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(clean);
  if (!isRecord(value)) return value;
  const isVariable = typeof value['name'] === 'string' && typeof value['value'] === 'string';
  return Object.fromEntries(
    Object.entries(value)
      // Both repeat the object, in forms that are read by machines only.
      .filter(
        ([key]) => key !== 'managedFields' && key !== 'kubectl.kubernetes.io/last-applied-configuration',
      )
      .map(([key, inner]) => [
        key,
        isVariable && key === 'value' && SECRET_NAME.test(String(value['name'])) ? MASK : clean(inner),
      ]),
  );
}

function maskValues(secret: unknown): unknown {
  if (!isRecord(secret)) return secret;
  const hide = (values: unknown): unknown =>
    isRecord(values) ? Object.fromEntries(Object.keys(values).map((key) => [key, MASK])) : MASK;
  return Object.fromEntries(
    Object.entries(secret).map(([key, value]) => [
      key,
      key === 'data' || key === 'stringData' ? hide(value) : value,
    ]),
  );
}
