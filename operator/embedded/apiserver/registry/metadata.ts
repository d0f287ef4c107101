/** The metadata of an object: what the server sets, what a client may change, and how names are written. */
import { randomInt, randomUUID } from 'node:crypto';
import { duplicate, forbidden, invalid, required, tooLong } from '../../schema/cause.ts';
import type { Cause } from '../errors.ts';
import { equal, timestamp, type KubeObject, type ObjectMeta } from '../objects.ts';
import type { NameForm } from '../rules.ts';

/** Without vowels and digits that look like letters, so that no word appears by chance. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const LONGEST_GENERATED_BASE = 63 - SUFFIX_LENGTH;

/** The name of an object made with `generateName`. */
export function generatedName(base: string): string {
  const suffix = Array.from(
    { length: SUFFIX_LENGTH },
    () => SUFFIX_ALPHABET[randomInt(SUFFIX_ALPHABET.length)],
  );
  return base.slice(0, LONGEST_GENERATED_BASE) + suffix.join('');
}

/** Gives a new object its identity. */
export function stampNew(metadata: ObjectMeta, namespace: string, now: Date): void {
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(now);
  if (namespace !== '') metadata.namespace = namespace;
  else delete metadata.namespace;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete (metadata as { selfLink?: string }).selfLink;
}

/** Puts back what a client may not change. */
export function keepIdentity(metadata: ObjectMeta, old: ObjectMeta): void {
  metadata.name = old.name;
  metadata.uid = old.uid;
  metadata.creationTimestamp = old.creationTimestamp;
  if (old.namespace === undefined) delete metadata.namespace;
  else metadata.namespace = old.namespace;
  if (old.generateName !== undefined) metadata.generateName ??= old.generateName;
  if (old.generation === undefined) delete metadata.generation;
  else metadata.generation = old.generation;
  if (old.deletionTimestamp === undefined) delete metadata.deletionTimestamp;
  else metadata.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds === undefined) delete metadata.deletionGracePeriodSeconds;
  else metadata.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds;
}

/** Empty maps and lists say the same as absent ones; the latter is how they are stored. */
export function dropEmpty(metadata: ObjectMeta): void {
  const open: Record<string, unknown> = metadata;
  for (const name of ['labels', 'annotations', 'ownerReferences', 'finalizers', 'managedFields']) {
    const value = open[name];
    if (value === null || (typeof value === 'object' && Object.keys(value).length === 0)) delete open[name];
  }
}

/** Whether anything but metadata and status differs. */
export function specDiffers(object: KubeObject, old: KubeObject): boolean {
  const names = new Set([...Object.keys(object), ...Object.keys(old)]);
  for (const name of names) {
    if (name === 'metadata' || name === 'status' || name === 'apiVersion' || name === 'kind') continue;
    if (!equal(object[name], old[name])) return true;
  }
  return false;
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SERVICE_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const LONGEST_SUBDOMAIN = 253;
const LONGEST_LABEL = 63;
const MOST_ANNOTATION_BYTES = 256 * 1024;

const TELLS = {
  subdomain: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  label: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
  service: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
  qualified: `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
  labelValue: `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
} as const;

/** Causes for which a name is refused. */
export function nameCauses(name: string, form: NameForm, path: string): Cause[] {
  switch (form) {
    case 'path':
      return name === '.' || name === '..' || /[/%]/.test(name)
        ? [invalid(path, name, `may not be '.' or '..' and may not contain '/' or '%'`)]
        : [];
    case 'subdomain':
      return nameCausesOf(name, path, SUBDOMAIN, LONGEST_SUBDOMAIN, TELLS.subdomain);
    case 'label':
      return nameCausesOf(name, path, LABEL, LONGEST_LABEL, TELLS.label);
    case 'service':
      return nameCausesOf(name, path, SERVICE_NAME, LONGEST_LABEL, TELLS.service);
  }
}

function nameCausesOf(name: string, path: string, form: RegExp, longest: number, tell: string): Cause[] {
  const causes: Cause[] = [];
  if (name.length > longest) causes.push(invalid(path, name, `must be no more than ${longest} characters`));
  if (!form.test(name)) causes.push(invalid(path, name, tell));
  return causes;
}

/** Causes for which an object's metadata is refused. */
export function metadataCauses(metadata: ObjectMeta, form: NameForm): Cause[] {
  const causes: Cause[] = [];
  if (!metadata.name) causes.push(required('metadata.name', 'name or generateName is required'));
  else causes.push(...nameCauses(metadata.name, form, 'metadata.name'));
  causes.push(...labelCauses(metadata.labels ?? {}), ...annotationCauses(metadata.annotations ?? {}));
  for (const finalizer of metadata.finalizers ?? [])
    causes.push(...qualifiedNameCauses(finalizer, 'metadata.finalizers'));
  causes.push(...ownerCauses(metadata));
  return causes;
}

/** Causes for which labels are refused. */
export const labelCauses = (labels: Readonly<Record<string, string>>): Cause[] =>
  Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameCauses(key, 'metadata.labels'),
    ...labelValueCauses(value, 'metadata.labels'),
  ]);

/** Causes for which annotations are refused. */
export function annotationCauses(annotations: Readonly<Record<string, string>>): Cause[] {
  const causes: Cause[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    causes.push(...qualifiedNameCauses(key.toLowerCase(), 'metadata.annotations'));
    size += key.length + value.length;
  }
  if (size > MOST_ANNOTATION_BYTES) causes.push(tooLong('metadata.annotations', MOST_ANNOTATION_BYTES));
  return causes;
}

function ownerCauses(metadata: ObjectMeta): Cause[] {
  const causes: Cause[] = [];
  const path = 'metadata.ownerReferences';
  let controllers = 0;
  for (const [index, owner] of (metadata.ownerReferences ?? []).entries()) {
    for (const name of ['apiVersion', 'kind', 'name', 'uid'] as const)
      if (!owner[name])
        causes.push(invalid(`${path}[${index}].${name}`, owner[name] ?? '', 'must not be empty'));
    if (owner.controller === true) controllers += 1;
  }
  if (controllers > 1) causes.push(invalid(path, '', 'Only one reference can have Controller set to true'));
  const uids = (metadata.ownerReferences ?? []).map((owner) => owner.uid + owner.name + owner.kind);
  if (new Set(uids).size !== uids.length) causes.push(duplicate(path, 'the same owner twice'));
  return causes;
}

/** Causes for which the key of a label or annotation is refused. */
function qualifiedNameCauses(key: string, path: string): Cause[] {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2)
    return [
      invalid(
        path,
        key,
        `a qualified name ${TELLS.qualified} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
      ),
    ];
  const causes: Cause[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') causes.push(invalid(path, key, 'prefix part must be non-empty'));
    else if (!SUBDOMAIN.test(prefix)) causes.push(invalid(path, key, `prefix part ${TELLS.subdomain}`));
  }
  if (name === '') causes.push(invalid(path, key, 'name part must be non-empty'));
  else if (name.length > LONGEST_LABEL)
    causes.push(invalid(path, key, `name part must be no more than ${LONGEST_LABEL} characters`));
  if (!QUALIFIED_NAME.test(name)) causes.push(invalid(path, key, TELLS.qualified));
  return causes;
}

/** Causes for which the value of a label is refused. */
function labelValueCauses(value: string, path: string): Cause[] {
  const causes: Cause[] = [];
  if (value.length > LONGEST_LABEL)
    causes.push(invalid(path, value, `must be no more than ${LONGEST_LABEL} bytes`));
  if (!LABEL_VALUE.test(value)) causes.push(invalid(path, value, TELLS.labelValue));
  return causes;
}

/** Causes for which a change of metadata is refused. */
export function metadataUpdateCauses(metadata: ObjectMeta, old: ObjectMeta): Cause[] {
  if (old.deletionTimestamp === undefined) return [];
  const before = new Set(old.finalizers);
  const added = (metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return [];
  const list = added.map((one) => JSON.stringify(one)).join(', ');
  return [
    forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}
