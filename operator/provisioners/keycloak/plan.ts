/**
 * What a tenant's realm shall be, and the requests that make it so of what it is. Pure. Fields that are not named here are the realm's
 * administrators' own, and stay as they set them.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { realmName } from '../../../runtime/platform/names/index.ts';
import type { IdentityProvider, Tenancy } from '../system.ts';

/** JSON of Keycloak's admin API. */
export type Representation = Readonly<Record<string, unknown>>;

export interface Action {
  /** Without secrets. */
  readonly text: string;
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Below `/admin/realms`. */
  readonly path: string;
  readonly body?: Representation;
}

/** A realm that is there. */
export interface ObservedRealm {
  readonly realm: Representation;
  readonly clients: readonly Representation[];
  readonly roles: readonly Representation[];
  readonly providers: readonly Representation[];
}

/** Attribute of a realm that is ours: the scope it belongs to. */
export const SCOPE_ATTRIBUTE = 'shopmind.scope';
/** In the configuration of an identity provider that is ours: says which secret it has, which Keycloak never shows. */
const SECRET_DIGEST = 'shopmind.secret';

/** Who a person of a shop may be; the runtime reads them from the token's `realm_access.roles`. */
const ROLES: readonly Representation[] = [
  { name: 'customer', description: 'Buys in this shop.' },
  { name: 'merchant', description: 'Runs this shop: catalogue, orders, refunds.' },
  { name: 'support', description: 'Reads orders and customers of this shop.' },
];

/** In an order in which a kill anywhere leaves nothing that is wrong: the realm, marked as ours, before what is in it. */
export function planRealm(
  scope: string,
  tenant: Tenancy,
  observed: ObservedRealm | undefined,
): readonly Action[] {
  const name = realmName(tenant.name);
  const known = observed ?? { realm: {}, clients: [], roles: [], providers: [] };
  const put = (
    kind: string,
    id: string,
    path: string,
    desired: Representation,
    now: Representation,
  ): Action[] => {
    const drift = drifted(desired, now);
    if (drift.length === 0) return [];
    const text = `ALTER ${kind} ${id}${kind === 'REALM' ? '' : ` IN ${name}`} (${drift.join(', ')})`;
    return [{ text, method: 'PUT', path, body: merged(desired, now) }];
  };
  const each = (
    kind: string,
    folder: string,
    key: string,
    desired: readonly Representation[],
    now: readonly Representation[],
    idOf: (one: Representation) => unknown,
  ): Action[] =>
    desired.flatMap((one) => {
      const id = String(one[key]);
      const found = now.find((other) => other[key] === one[key]);
      return found === undefined
        ? [
            {
              text: `CREATE ${kind} ${id} IN ${name}`,
              method: 'POST' as const,
              path: `/${name}/${folder}`,
              body: one,
            },
          ]
        : put(kind, id, `/${name}/${folder}/${encodeURIComponent(String(idOf(found)))}`, one, found);
    });

  const realm = desiredRealm(scope, tenant);
  const providers = (tenant.identityProviders ?? []).map(desiredProvider);
  return [
    ...(observed === undefined
      ? [{ text: `CREATE REALM ${name}`, method: 'POST' as const, path: '', body: realm }]
      : put('REALM', name, `/${name}`, realm, known.realm)),
    ...each('ROLE', 'roles', 'name', ROLES, known.roles, ({ name: role }) => role),
    ...each('CLIENT', 'clients', 'clientId', [storefront(tenant)], known.clients, ({ id }) => id),
    ...each(
      'IDENTITY PROVIDER',
      'identity-provider/instances',
      'alias',
      providers,
      known.providers,
      ({ alias }) => alias,
    ),
    ...known.providers
      .filter((one) => isOurs(one) && !providers.some(({ alias }) => alias === one['alias']))
      .map(({ alias }) => ({
        text: `DROP IDENTITY PROVIDER ${String(alias)} IN ${name}`,
        method: 'DELETE' as const,
        path: `/${name}/identity-provider/instances/${encodeURIComponent(String(alias))}`,
      })),
  ];
}

export function dropRealm(realm: string): Action {
  return { text: `DROP REALM ${realm}`, method: 'DELETE', path: `/${realm}` };
}

/** The scope a realm belongs to; absent: it is not ours. */
export function scopeOfRealm({ attributes }: Representation): string | undefined {
  const scope = isObject(attributes) ? attributes[SCOPE_ATTRIBUTE] : undefined;
  return typeof scope === 'string' ? scope : undefined;
}

function desiredRealm(scope: string, { name, locales }: Tenancy): Representation {
  return {
    realm: realmName(name),
    enabled: true,
    sslRequired: 'external',
    loginWithEmailAllowed: true,
    duplicateEmailsAllowed: false,
    resetPasswordAllowed: true,
    bruteForceProtected: true,
    passwordPolicy: 'length(12) and notUsername(undefined) and notEmail(undefined)',
    // Seconds. What is taken back is void after five minutes; whoever stays away for half an hour signs in anew.
    accessTokenLifespan: 300,
    ssoSessionIdleTimeout: 1_800,
    revokeRefreshToken: true,
    refreshTokenMaxReuse: 0,
    internationalizationEnabled: true,
    supportedLocales: locales,
    defaultLocale: locales[0] ?? 'en',
    attributes: { [SCOPE_ATTRIBUTE]: scope },
  };
}

/** Runs in browsers, so it has no secret: a code is worth nothing without the verifier of who asked for it (RFC 7636). */
function storefront({ hosts = [] }: Tenancy): Representation {
  return {
    clientId: 'storefront',
    protocol: 'openid-connect',
    enabled: true,
    publicClient: true,
    standardFlowEnabled: true,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: false,
    redirectUris: hosts.map((host) => `https://${host}/*`),
    // Those of the redirects.
    webOrigins: ['+'],
    attributes: { 'pkce.code.challenge.method': 'S256' },
  };
}

function desiredProvider(provider: IdentityProvider): Representation {
  const { alias, issuer, authorizationUrl, tokenUrl, jwksUrl, clientId, clientSecret } = provider;
  return {
    alias,
    providerId: 'oidc',
    enabled: true,
    // Whether an address is really theirs is what the other side says, not what it proves.
    trustEmail: false,
    config: {
      issuer,
      authorizationUrl,
      tokenUrl,
      jwksUrl,
      clientId,
      clientSecret,
      clientAuthMethod: 'client_secret_post',
      useJwksUrl: 'true',
      validateSignature: 'true',
      pkceEnabled: 'true',
      pkceMethod: 'S256',
      defaultScope: 'openid email profile',
      syncMode: 'IMPORT',
      [SECRET_DIGEST]: createHash('sha256').update(clientSecret).digest('hex').slice(0, 16),
    },
  };
}

function isOurs({ config }: Representation): boolean {
  return isObject(config) && SECRET_DIGEST in config;
}

/** Names of the fields that are not as desired, those within `config` and `attributes` by their own. */
function drifted(desired: Representation, observed: Representation): readonly string[] {
  return Object.entries(desired).flatMap(([field, value]) => {
    const now = observed[field];
    if (isObject(value)) return drifted(value, isObject(now) ? now : {});
    // Keycloak shows stars in its place; the digest beside it tells.
    if (field === 'clientSecret') return [];
    return isDeepStrictEqual(sorted(value), sorted(now)) ? [] : [field];
  });
}

/** Keycloak takes maps as a whole: what is not sent is removed. */
function merged(desired: Representation, observed: Representation): Representation {
  const entries = Object.entries(desired).map(([field, value]) => {
    const now = observed[field];
    return [field, isObject(value) && isObject(now) ? merged(value, now) : value] as const;
  });
  return { ...observed, ...Object.fromEntries(entries) };
}

/** Lists are sets to Keycloak. */
function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.map(String).toSorted() : value;
}

function isObject(value: unknown): value is Representation {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
