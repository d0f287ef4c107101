/** What the shop says of itself as an OpenID provider (OpenID Connect Discovery 1.0, 3; RFC 8414). */
import { APP_SCOPES, type ProviderMetadata } from './definition.ts';

const AUTHENTICATION = ['client_secret_basic', 'client_secret_post', 'none'];

/** @param issuer the shop's origin, by the name that was asked */
export function metadataOf(issuer: string): ProviderMetadata {
  const at = (path: string): string => `${issuer}/api/accounts/oauth/${path}`;
  return {
    issuer,
    authorization_endpoint: at('authorize'),
    token_endpoint: at('token'),
    userinfo_endpoint: at('userinfo'),
    jwks_uri: at('keys'),
    revocation_endpoint: at('revoke'),
    end_session_endpoint: at('end-session'),
    scopes_supported: [...APP_SCOPES],
    claims_supported:
      'iss sub aud exp iat auth_time nonce at_hash name given_name family_name locale updated_at email email_verified'.split(
        ' ',
      ),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: AUTHENTICATION,
    revocation_endpoint_auth_methods_supported: AUTHENTICATION,
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    authorization_response_iss_parameter_supported: true,
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  };
}
