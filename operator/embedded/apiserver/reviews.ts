/** Questions that are answered and not stored: who am I, may I, whose token is this. */
import { userOfToken, type UserInfo } from './authn.ts';
import type { PolicyRule } from './authz/authorizer.ts';
import type { Cluster } from './cluster.ts';
import { badRequest, methodNotAllowed, notAcceptable } from './errors.ts';
import { readBody, sendJson, wantedForm, type Exchange } from './exchange.ts';
import { at, fields, items, text, type JsonObject, type KubeObject } from './objects.ts';
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
  // What is not stored has no metadata and no table.
  if (wantedForm(exchange) !== 'object') throw notAcceptable(['application/json', 'application/yaml']);
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
      return rulesStatus(cluster.authorizer.rules(exchange.user, text(spec['namespace'])));
    default:
      throw methodNotAllowed();
  }
}

function described(user: UserInfo): JsonObject {
  return { username: user.username, ...(user.uid === '' ? {} : { uid: user.uid }), groups: [...user.groups] };
}

function decided(cluster: Cluster, user: UserInfo, spec: JsonObject): JsonObject {
  const asked = spec['resourceAttributes'];
  const path = spec['nonResourceAttributes'];
  if (asked === undefined && path === undefined)
    throw badRequest('one of resourceAttributes and nonResourceAttributes must be given');
  const { allowed, reason } =
    asked === undefined
      ? cluster.authorizer.path(user, { verb: text(at(path, 'verb')), path: text(at(path, 'path')) })
      : cluster.authorizer.resource(user, {
          verb: text(at(asked, 'verb')),
          group: text(at(asked, 'group')),
          resource: text(at(asked, 'resource')),
          subresource: text(at(asked, 'subresource')),
          namespace: text(at(asked, 'namespace')),
          name: text(at(asked, 'name')),
        });
  return reason === '' ? { allowed } : { allowed, reason };
}

/** Rules as a review shows them, those of resources apart from those of paths. */
function rulesStatus(rules: readonly PolicyRule[]): JsonObject {
  const shown = (rule: PolicyRule): JsonObject => ({
    verbs: [...rule.verbs],
    apiGroups: [...rule.apiGroups],
    resources: [...rule.resources],
    ...(rule.resourceNames.length === 0 ? {} : { resourceNames: [...rule.resourceNames] }),
  });
  return {
    resourceRules: rules.filter((rule) => rule.resources.length > 0).map(shown),
    nonResourceRules: rules
      .filter((rule) => rule.nonResourceURLs.length > 0)
      .map((rule) => ({ verbs: [...rule.verbs], nonResourceURLs: [...rule.nonResourceURLs] })),
    incomplete: false,
  };
}
