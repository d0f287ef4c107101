/** Asks a definition's webhook to convert its objects, and takes from the answer what a conversion may change. */
import { randomUUID } from 'node:crypto';
import { isObject } from '../../schema/schema.ts';
import type { Cluster } from '../cluster.ts';
import { ApiError } from '../errors.ts';
import {
  at,
  clone,
  equal,
  fields,
  items,
  text,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../objects.ts';
import { annotationCauses, labelCauses } from '../registry/metadata.ts';
import { apiVersionOf } from '../resources.ts';
import type { Versions } from '../rules.ts';
import type { Caller } from '../webhooks/call.ts';
import type { Definition, WebhookConversion } from './definition.ts';

const TIMEOUT_MS = 30_000;
/** Objects asked about in one review, so that a long list is not one body of many megabytes. */
const MOST_OBJECTS = 250;
const REVIEW_VERSIONS: readonly string[] = ['v1', 'v1beta1'];

/** Undefined for a definition whose versions differ in apiVersion only. */
export function conversionWebhook(
  cluster: Cluster,
  caller: Caller,
  { conversion, versions }: Definition,
): Versions['webhook'] {
  if (!conversion) return undefined;
  const known = new Set(versions.map(({ type }) => apiVersionOf(type)));
  return async (objects, target) => {
    const stray = objects.find(({ apiVersion }) => !known.has(apiVersion))?.apiVersion;
    if (stray !== undefined)
      throw new ApiError(500, '', `request to convert CR from an invalid group/version: ${stray}`);
    const converted: KubeObject[] = [];
    for (let start = 0; start < objects.length; start += MOST_OBJECTS) {
      const batch = objects.slice(start, start + MOST_OBJECTS);
      const from = batch[0]?.apiVersion ?? '';
      try {
        converted.push(...(await review(cluster, caller, conversion, batch, apiVersionOf(target))));
      } catch (error) {
        throw failure(from, target.kind, error);
      }
    }
    return converted;
  };
}

/** An answer that came, but is none. Its text continues "conversion webhook for …" where the others say "failed: …". */
class Refused extends Error {
  override readonly name = 'Refused';
}

/** As kube-apiserver words it, which gives such an error no reason. */
function failure(from: string, kind: string, error: unknown): ApiError {
  const why = error instanceof Error ? error.message : String(error);
  const what = `conversion webhook for ${from}, Kind=${kind}`;
  const message = error instanceof Refused ? `${what} ${why}` : `${what} failed: ${why}`;
  return new ApiError(500, '', message, undefined, error);
}

async function review(
  cluster: Cluster,
  caller: Caller,
  { client, reviewVersions }: WebhookConversion,
  objects: readonly KubeObject[],
  desiredAPIVersion: string,
): Promise<KubeObject[]> {
  const version = reviewVersions.find((one) => REVIEW_VERSIONS.includes(one));
  if (version === undefined) throw new Error('no supported conversion review versions');
  const uid = randomUUID();
  const question: JsonObject = {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${version}`,
    request: { uid, desiredAPIVersion, objects: [...objects] },
  };
  const answer = await caller.call(cluster, { client, timeoutMs: TIMEOUT_MS }, question);
  const converted = convertedObjects(answer, question, version === 'v1');
  if (converted.length !== objects.length)
    throw new Refused(`returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((original, index) => accepted(original, converted[index] ?? null, desiredAPIVersion));
}

/** @param strict whether the answer must say what it is and what it answers, as from v1 on */
function convertedObjects(answer: JsonObject, question: JsonObject, strict: boolean): readonly Json[] {
  const named = (review: JsonObject): string => `${text(review['apiVersion'])}, Kind=${text(review['kind'])}`;
  if (strict && named(answer) !== named(question))
    throw new Error(`expected webhook response of ${named(question)}, got ${named(answer)}`);
  const response = answer['response'];
  if (!isObject(response)) throw new Error('no response provided');
  const uid = text(at(question, 'request', 'uid'));
  if (strict && response['uid'] !== uid)
    throw new Error(`expected response.uid="${uid}", got "${text(response['uid'])}"`);
  const status = text(at(response, 'result', 'status'));
  if (status !== 'Success')
    throw new Error(
      text(at(response, 'result', 'message')) || `response.result.status was '${status}', not 'Success'`,
    );
  return items(response['convertedObjects']);
}

/**
 * The converted object with the metadata of the original: a conversion may change labels and annotations, nothing else of it.
 * @throws {Refused} when it is another object, or is not one at all
 */
function accepted(original: KubeObject, converted: Json, apiVersion: string): KubeObject {
  const given = fields(converted);
  if (given['apiVersion'] !== apiVersion)
    throw new Refused(
      `returned invalid object at index 0: invalid groupVersion (expected ${apiVersion}, received ${text(given['apiVersion'])})`,
    );
  if (given['kind'] !== original.kind)
    throw new Refused(
      `returned invalid object at index 0: invalid kind (expected ${original.kind}, received ${text(given['kind'])})`,
    );
  const { metadata } = given;
  for (const [name, title] of IDENTITY) {
    const [expected, got] = [original.metadata[name] ?? '', text(at(metadata, name))];
    if (expected !== got)
      throw new Refused(`returned invalid object: must have the same ${title}: ${expected} != ${got}`);
  }
  // An object has a name, so that one whose metadata is missing has been refused.
  const { labels: _labels, annotations: _annotations, ...kept } = clone(original.metadata);
  const labels = changedMap(original, fields(metadata), 'labels');
  const annotations = changedMap(original, fields(metadata), 'annotations');
  return { ...given, apiVersion, kind: original.kind, metadata: { ...kept, ...labels, ...annotations } };
}

const IDENTITY = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const;

function changedMap(
  original: KubeObject,
  metadata: JsonObject,
  name: 'labels' | 'annotations',
): Partial<Record<typeof name, Record<string, string>>> {
  const map = metadata[name];
  if (map === undefined || map === null) return {};
  if (!isObject(map))
    throw new Refused(`returned invalid metadata: invalid metadata.${name} in converted object`);
  const strings: Record<string, string> = {};
  for (const [key, value] of Object.entries(map)) {
    if (typeof value !== 'string')
      throw new Refused(
        `returned invalid metadata: metadata.${name}[${key}] must be a string in converted object`,
      );
    strings[key] = value;
  }
  if (!equal(strings, fields(original.metadata[name]))) {
    const causes = name === 'labels' ? labelCauses(strings) : annotationCauses(strings);
    const [first] = causes;
    if (first) throw new Refused(`returned invalid metadata: ${first.field}: ${first.message}`);
  }
  return { [name]: strings };
}
