/**
 * A scope's own login at the object store, with rights on its own folders only: policy, users, and what of them is missing. Pure.
 * What differs from store to store is who makes them; policies are IAM's.
 */
import { isDeepStrictEqual } from 'node:util';
import { POOL_SCOPE } from '../../../runtime/platform/names/index.ts';
import { userPrefix } from '../logins.ts';
import type { Login, Scope } from '../system.ts';

export interface ObservedLogins {
  readonly users: ReadonlyMap<
    string,
    { readonly policyName?: string | undefined; readonly status?: string | undefined }
  >;
  readonly policies: ReadonlyMap<string, unknown>;
}

export type LoginAction =
  | { readonly kind: 'policy'; readonly text: string; readonly name: string; readonly policy: object }
  | { readonly kind: 'user'; readonly text: string; readonly login: Login }
  | { readonly kind: 'attach'; readonly text: string; readonly name: string; readonly user: string }
  | { readonly kind: 'drop'; readonly text: string; readonly user: string }
  | { readonly kind: 'drop policy'; readonly text: string; readonly name: string };

/** @param place bucket, and what begins every key in it: empty, or ends in a slash */
export function planLogins(
  scope: Pick<Scope, 'name' | 'login' | 'formerLogin'>,
  place: { readonly bucket: string; readonly prefix: string },
  observed: ObservedLogins,
): readonly LoginAction[] {
  const actions: LoginAction[] = [];
  const name = policyName(scope.name);
  const policy = policyOf(scope.name, place);
  if (!isDeepStrictEqual(sorted(observed.policies.get(name)), sorted(policy)))
    actions.push({ kind: 'policy', text: `SET POLICY ${name}`, name, policy });
  const valid = [scope.login, ...(scope.formerLogin === undefined ? [] : [scope.formerLogin])];
  for (const login of valid) {
    const { user } = login;
    const found = observed.users.get(user);
    // A password is never changed: another one is another user.
    if (found?.status !== 'enabled') actions.push({ kind: 'user', text: `CREATE LOGIN ${user}`, login });
    if (found?.policyName !== name)
      actions.push({ kind: 'attach', text: `GIVE LOGIN ${user} POLICY ${name}`, name, user });
  }
  const isValid = (user: string): boolean => valid.some((login) => login.user === user);
  return [...actions, ...dropped(scope.name, observed, (user) => !isValid(user))];
}

/** Logins and policy of a scope go. */
export function planClosed(scope: string, observed: ObservedLogins): readonly LoginAction[] {
  const name = policyName(scope);
  return [
    ...dropped(scope, observed, () => true),
    ...(observed.policies.has(name)
      ? [{ kind: 'drop policy', text: `DROP POLICY ${name}`, name } as const]
      : []),
  ];
}

function dropped(
  scope: string,
  { users }: ObservedLogins,
  which: (user: string) => boolean,
): readonly LoginAction[] {
  return [...users.keys()]
    .filter((user) => user.startsWith(userPrefix(scope)) && which(user))
    .map((user) => ({ kind: 'drop', text: `DROP LOGIN ${user}`, user }));
}

function policyName(scope: string): string {
  return `shopmind.${scope}`;
}

/**
 * A dedicated tenant: its objects and its backups. The pool: all but the snapshots of deleted tenants, since pooled tenants come and
 * go with no change of rights; it is the pool's own code that keeps its tenants apart, as it is for rows.
 */
function policyOf(scope: string, { bucket, prefix }: { bucket: string; prefix: string }): object {
  const arn = `arn:aws:s3:::${bucket}`;
  const folders = scope === POOL_SCOPE ? [prefix] : [`${prefix}${scope}/`, `${prefix}_backups/${scope}/`];
  const below = folders.map((folder) => `${arn}/${folder}*`);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: [
          's3:GetObject',
          's3:PutObject',
          's3:DeleteObject',
          's3:AbortMultipartUpload',
          's3:ListMultipartUploadParts',
        ],
        Resource: below,
      },
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: [arn],
        Condition: { StringLike: { 's3:prefix': folders.map((folder) => `${folder}*`) } },
      },
      { Effect: 'Allow', Action: ['s3:ListBucketMultipartUploads'], Resource: [arn] },
      ...(scope === POOL_SCOPE
        ? [{ Effect: 'Deny', Action: ['s3:*'], Resource: [`${arn}/${prefix}_snapshots/*`] }]
        : []),
    ],
  };
}

/** Lists of a policy are sets, and a server gives them back in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(sorted).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
