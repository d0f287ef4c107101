/** Asks the authoriser about a request, and whether its sender may speak for another. */
import type { UserInfo } from '../authn.ts';
import type { Cluster } from '../cluster.ts';
import { ApiError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { ResourcePath } from '../request.ts';
import { MASTERS, type ResourceAttributes } from './authorizer.ts';

/** Of these, one object by name may be asked for; then a rule with that name is enough, as on kube-apiserver. */
const COLLECTIONS = new Set(['list', 'watch']);

/** @throws {ApiError} 403 that says what is missing */
export function assertResourceAllowed(
  cluster: Cluster,
  { user, query }: Exchange,
  path: ResourcePath,
  verb: string,
): void {
  const { group, plural, subresource, namespace } = path;
  const name = path.name === '' && COLLECTIONS.has(verb) ? exactName(query) : path.name;
  const asked: ResourceAttributes = { verb, group, resource: plural, subresource, namespace, name };
  if (cluster.authorizer.resource(user, asked).allowed) return;
  const resource = subresource === '' ? plural : `${plural}/${subresource}`;
  const qualified =
    group === '' ? resource : `${plural}.${group}${subresource === '' ? '' : `/${subresource}`}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const told = `${qualified}${name === '' ? '' : ` "${name}"`} is forbidden: User "${user.username}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`;
  throw new ApiError(403, 'Forbidden', told, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind: plural,
  });
}

/** The name that the field selector `metadata.name=…` demands; empty without one. */
function exactName(query: URLSearchParams): string {
  const terms = (query.get('fieldSelector') ?? '').split(',');
  return (
    terms.map((term) => /^metadata[.]name==?(.+)$/.exec(term)?.[1]).find((name) => name !== undefined) ?? ''
  );
}

/** @throws {ApiError} 403 */
export function assertPathAllowed(cluster: Cluster, { user, path, method }: Exchange): void {
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  if (!cluster.authorizer.path(user, { verb, path }).allowed)
    throw new ApiError(
      403,
      'Forbidden',
      `forbidden: User "${user.username}" cannot ${verb} path "${path}"`,
      {},
    );
}

/**
 * The user a request speaks for, which its `Impersonate-…` headers may name.
 * @throws {ApiError} 403 when the sender may not speak for that user
 */
export function effectiveUser(cluster: Cluster, user: UserInfo, request: Exchange['request']): UserInfo {
  const name = request.headers['impersonate-user'];
  if (typeof name !== 'string' || name === '') return user;
  const may = { verb: 'impersonate', group: '', resource: 'users', subresource: '', namespace: '', name };
  if (!user.groups.includes(MASTERS) && !cluster.authorizer.resource(user, may).allowed)
    throw new ApiError(
      403,
      'Forbidden',
      `users "${name}" is forbidden: User "${user.username}" cannot impersonate resource "users" in API group "" at the cluster scope`,
      { name, kind: 'users' },
    );
  const given = request.headersDistinct['impersonate-group'] ?? [];
  const [, , namespace = ''] = name.split(':');
  const implied = name.startsWith('system:serviceaccount:')
    ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
    : [];
  return { username: name, uid: '', groups: [...new Set([...given, ...implied, 'system:authenticated'])] };
}
