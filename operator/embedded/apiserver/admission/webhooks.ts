/** Admission by webhooks: the mutating ones one after another, then the validating ones all at once. */
import { randomUUID } from 'node:crypto';
import { applyJsonPatch } from '../../patch/json-patch.ts';
import { isObject } from '../../schema/schema.ts';
import type { Store } from '../../store/store.ts';
import type { Cluster } from '../cluster.ts';
import { ApiError, badRequest, internal, type StatusDetails } from '../errors.ts';
import {
  at,
  clone,
  fields,
  items,
  number,
  text,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../objects.ts';
import { asObject } from '../registry/decode.ts';
import type { ResourceType } from '../resources.ts';
import { createCaller } from '../webhooks/call.ts';
import type { Admission, AdmissionRequest } from './admission.ts';
import { createConditions } from './conditions.ts';
import { followConfigurations, type Webhook } from './configurations.ts';
import { matchedType } from './matching.ts';

export interface WebhookAdmission extends Admission {
  close(): void;
}

/** What a webhook answered, and the version in which it was shown the object. */
interface Asked {
  readonly response: JsonObject;
  readonly type: ResourceType;
}

export function createWebhookAdmission(store: Store): WebhookAdmission {
  const configurations = followConfigurations(store);
  const caller = createCaller();
  const conditions = createConditions();

  /** The response of a webhook; undefined when it does not concern the request, or failed and may be ignored. */
  async function ask(
    cluster: Cluster,
    webhook: Webhook,
    request: AdmissionRequest,
  ): Promise<Asked | undefined> {
    const type = matchedType(cluster, webhook, request);
    if (!type) return undefined;
    const question = await questionOf(cluster, request, type);
    if (!conditions.hold(webhook, question)) return undefined;
    if (request.dryRun && webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun')
      throw badRequest(`admission webhook "${webhook.name}" does not support dry run`);
    try {
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: question };
      const response = (await caller.call(cluster, webhook, review))['response'];
      if (!isObject(response)) throw new Error('the answer holds no response');
      if (response['uid'] !== question['uid']) throw new Error('the answer is to another request');
      return { response, type };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (webhook.failurePolicy === 'Fail')
        throw internal(`failed calling webhook "${webhook.name}": failed to call webhook: ${why}`, error);
      cluster.log.warn({ err: error, webhook: webhook.name }, 'a webhook failed and was passed over');
      return undefined;
    }
  }

  return {
    async mutate(cluster, request) {
      let { object } = request;
      for (const webhook of configurations.mutating()) {
        const asked = await ask(cluster, webhook, { ...request, object });
        if (!asked) continue;
        assertAllowed(webhook, asked.response, request.warnings);
        if (object && asked.response['patch'] !== undefined)
          object = await patchedBy(cluster, webhook, asked, object, request.type);
      }
      return object;
    },
    async validate(cluster, request) {
      await Promise.all(
        configurations.validating().map(async (webhook) => {
          const asked = await ask(cluster, webhook, request);
          if (asked) assertAllowed(webhook, asked.response, request.warnings);
        }),
      );
    },
    close() {
      configurations.close();
      caller.close();
    },
  };
}

async function questionOf(
  cluster: Cluster,
  request: AdmissionRequest,
  type: ResourceType,
): Promise<JsonObject> {
  const { operation, object, old, user, dryRun, namespace, name, subresource } = request;
  // What is connected with is described by options of a kind of its own.
  const shownKind = operation === 'CONNECT' ? (object?.kind ?? type.kind) : type.kind;
  const kind = { group: type.group, version: type.version, kind: shownKind };
  const resource = { group: type.group, version: type.version, resource: type.plural };
  const asked = { group: request.type.group, version: request.type.version };
  const seen = async (one: KubeObject | undefined): Promise<Json> =>
    one ? (type === request.type ? one : await cluster.codec.convert(clone(one), type)) : null;
  return {
    uid: randomUUID(),
    kind,
    resource,
    requestKind: { ...asked, kind: operation === 'CONNECT' ? shownKind : request.type.kind },
    requestResource: { ...asked, resource: request.type.plural },
    ...(subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: {
      username: user.username,
      groups: [...user.groups],
      ...(user.uid === '' ? {} : { uid: user.uid }),
    },
    object: await seen(object),
    oldObject: await seen(old),
    dryRun,
    options: operation === 'CONNECT' ? null : { kind: OPTION_KINDS[operation], apiVersion: 'meta.k8s.io/v1' },
  };
}

const OPTION_KINDS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

/** @throws {ApiError} as the webhook words it */
function assertAllowed(webhook: Webhook, response: JsonObject, warnings: Set<string>): void {
  for (const warning of items(response['warnings'])) warnings.add(text(warning));
  if (response['allowed'] === true) return;
  const status = fields(response['status']);
  const denied = `admission webhook "${webhook.name}" denied the request`;
  const why = text(status['message']) || text(status['reason']);
  const code = Math.max(number(status['code']) ?? 0, 400);
  const details = isObject(status['details']) ? (status['details'] as StatusDetails) : undefined;
  throw new ApiError(
    code,
    text(status['reason']),
    why === '' ? `${denied} without explanation` : `${denied}: ${why}`,
    details,
  );
}

/**
 * The object with the patch applied in the version the webhook was shown; what that version does not know is gone again
 * before the next webhook is asked.
 * @throws {ApiError} 500 when the patch cannot be applied
 */
async function patchedBy(
  cluster: Cluster,
  webhook: Webhook,
  { response, type }: Asked,
  object: KubeObject,
  target: ResourceType,
): Promise<KubeObject> {
  const shown = await cluster.codec.convert(clone(object), type);
  const patched = applied(webhook, response, shown, type);
  cluster.rulesOf(type).versions?.complete(patched);
  return cluster.codec.convert(patched, target);
}

function applied(webhook: Webhook, response: JsonObject, object: KubeObject, type: ResourceType): KubeObject {
  try {
    if (at(response, 'patchType') !== 'JSONPatch') throw new Error('only JSONPatch is served');
    // applyJsonPatch refuses what is not a list of operations.
    const patch = JSON.parse(Buffer.from(text(response['patch']), 'base64').toString()) as Json;
    return asObject(applyJsonPatch(object, patch), type);
  } catch (error) {
    throw internal(
      `admission webhook "${webhook.name}" returned a patch that cannot be applied: ${error instanceof Error ? error.message : ''}`,
      error,
    );
  }
}
