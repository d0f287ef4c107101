/** Questions that are answered and not stored: who am I, may I, whose token is this. */
import { userOfToken, type UserInfo } from './authn.ts';
import type { Cluster } from './cluster.ts';
import { methodNotAllowed } from './errors.ts';
import { readBody, sendJson, type Exchange } from './exchange.ts';
import { at, fields, items, text, type Json, type JsonObject, type KubeObject } from './objects.ts';
import { asObject, parseBody } from './registry/decode.ts';
import type { ResourcePath } from './request.ts';
import type { ResourceType } from './resources.ts';

export async function serveReview(
  cluster: Cluster,
  exchange: Exchange,
  path: ResourcePath,
  type: ResourceType,
): Promise<void> {
  if (exchange.method !== 'POST' || path.name !== '') throw methodNotAllowed();
  const body = await readBody(exchange);
  const review = asObject(await parseBody(body, exchange.contentType), type);
  const status = answer(cluster, exchange, review);
  sendJson(exchange, 201, JSON.stringify({ ...review, status }));
}

function answer(cluster: Cluster, exchange: Exchange, review: KubeObject): JsonObject {
  const spec = fields(review['spec']);
  switch (review.kind) {
    case 'SelfSubjectReview':
      return { userInfo: described(exchange.user) };
    case 'TokenReview': {
      const user = userOfToken(text(spec['token']), cluster.tokens, cluster.store);
      return user
        ? { authenticated: true, user: described(user) }
        : { authenticated: false, error: 'the token is not valid here' };
    }
    case 'SelfSubjectAccessReview':
      return decided(cluster, exchange.user, spec);
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview':
      return decided(
        cluster,
        { username: text(spec['user']), uid: text(spec['uid']), groups: items(spec['groups']).map(String) },
        spec,
      );
    case 'SelfSubjectRulesReview':
      return {
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
        incomplete: false,
      };
    default:
      throw methodNotAllowed();
  }
}

function described(user: UserInfo): JsonObject {
  return { username: user.username, ...(user.uid === '' ? {} : { uid: user.uid }), groups: [...user.groups] };
}

function decided(_cluster: Cluster, user: UserInfo, spec: JsonObject): JsonObject {
  const asked: Json | undefined = at(spec, 'resourceAttributes') ?? at(spec, 'nonResourceAttributes');
  const known =
    user.groups.includes('system:authenticated') ||
    user.groups.includes('system:masters') ||
    user.username !== '';
  return asked !== undefined && known
    ? { allowed: true, reason: 'every authenticated user may do everything in an embedded cluster' }
    : { allowed: false, reason: 'nobody is named, or nothing is asked' };
}
