/** Tells who a request comes from: by client certificate or bearer token. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Store } from '../store/store.ts';
import { unauthorized } from './errors.ts';
import { parseStored } from './objects.ts';
import type { Tokens } from './tokens.ts';

export interface UserInfo {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
}

export const ADMIN: UserInfo = {
  username: 'shopmind-admin',
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
};

/** @throws {ApiError} 401 when the request carries no valid credential */
export function authenticate(request: IncomingMessage, tokens: Tokens, store: Store): UserInfo {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const [scheme, token = ''] = authorization.split(' ', 2);
    if (scheme?.toLowerCase() !== 'bearer') throw unauthorized();
    const user = userOfToken(token, tokens, store);
    if (!user) throw unauthorized();
    return user;
  }
  const user = userOfCertificate(request);
  if (!user) throw unauthorized();
  return user;
}

export function userOfToken(token: string, tokens: Tokens, store: Store): UserInfo | undefined {
  if (tokens.isAdmin(token)) return ADMIN;
  const claims = tokens.verify(token);
  if (!claims) return undefined;
  const { namespace, name } = claims;
  const account = store.get({ resource: '/serviceaccounts', namespace, name });
  if (!account) return undefined;
  const { uid } = parseStored(account.json).metadata;
  if (claims.uid !== undefined && claims.uid !== uid) return undefined;
  return serviceAccountUser(namespace, name, uid);
}

function serviceAccountUser(namespace: string, name: string, uid: string): UserInfo {
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

function userOfCertificate(request: IncomingMessage): UserInfo | undefined {
  const { socket } = request;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject;
  if (typeof subject?.CN !== 'string') return undefined;
  // Node gives one organisation as a string and several as a list; its types know only the former.
  const organisations = subject.O as string | string[] | undefined;
  const groups = organisations === undefined ? [] : [organisations].flat();
  return { username: subject.CN, uid: '', groups: [...groups, 'system:authenticated'] };
}
