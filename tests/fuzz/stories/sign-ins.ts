/** Sign-ins: at two places at once; to apps of others by an account at the shop, and at the shop by one elsewhere, both by OpenID. */
import { randomBytes } from 'node:crypto';
import { challengeOf } from '../../../runtime/domains/accounts/apps/grants.ts';
import type { Actor } from '../actors.ts';
import { APP, BACK, formOf } from '../apps.ts';
import { PASSWORD } from '../shop.ts';
import type { Guide, Said } from './telling.ts';

export async function atTwoPlaces({ ask, enter, fresh }: Guide): Promise<void> {
  const [customer, owner] = [`${fresh('there')}@example.com`, `${fresh('there')}@staff.example`];
  for (const [email, kind, Who, login] of [
    [customer, 'customer', '', 'login'],
    [owner, 'owner', 'Staff', 'signInStaff'],
  ] as const) {
    const as = await enter(email, kind);
    await ask(`accounts.${login}`, { json: { email, password: PASSWORD } });
    const { sessions } = await ask(`accounts.list${Who}Sessions`, { as });
    await ask(`accounts.end${Who}Session`, { as, path: { sessionId: sessions[1].id } });
    await ask(`accounts.signOut${Who}Everywhere`, { as });
  }
}

export async function anApp(guide: Guide): Promise<void> {
  const { ask, visit, enter, fresh } = guide;
  const { id: appId } = await ask('accounts.adminCreateApp', { json: { ...APP, kind: 'confidential' } });
  await ask('accounts.adminPutApp', { path: { appId }, json: { ...APP, name: fresh('Forum') } });
  const app = await ask('accounts.adminRenewAppSecret', { path: { appId } });

  const leaving = await enter(`${fresh('leaves')}@example.com`);
  const { id_token } = await signedInto(guide, app, leaving);
  await ask('accounts.disconnectApp', { as: leaving, path: { appId } });
  const logout = { id_token_hint: id_token, post_logout_redirect_uri: APP.logoutUris[0], state: 'out' };
  await visit('accounts.endSessionFromApp', { as: leaving, query: logout });

  const as = await enter(`${fresh('stays')}@example.com`);
  const { access_token, refresh_token } = await signedInto(guide, app, as);
  const token = { authorization: `Bearer ${access_token}` };
  await ask('accounts.getUserInfo', { headers: token });
  await ask('accounts.askForUserInfo', { headers: token, ...formOf({}) });
  const { id: client_id, secret: client_secret } = app;
  const more = { grant_type: 'refresh_token', refresh_token, client_id, client_secret };
  const next = await ask('accounts.askForTokens', formOf(more));
  await ask('accounts.revokeToken', formOf({ token: next.access_token, client_id, client_secret }));
  await ask('accounts.listMyApps', { as });

  const { query } = beginning(app);
  const { to, cookie } = await visit('accounts.authorizeApp', { as, query: { ...query, prompt: 'consent' } });
  const id = to.searchParams.get('id');
  await visit('accounts.declineAppSignIn', { as, query: { id }, headers: { cookie } });

  const useless = await ask('accounts.adminCreateApp', { json: { ...APP, kind: 'public' } });
  await ask('accounts.adminDeleteApp', { path: { appId: useless.id } });
}

export async function anAccountElsewhere(guide: Guide): Promise<void> {
  const { ask, visit, known, elsewhere, fresh } = guide;
  const offer = { name: 'There', issuer: elsewhere.issuer, ...elsewhere.client };
  for (const providerId of ['gone', 'there'])
    await ask('accounts.adminPutSignInProvider', { path: { providerId }, json: offer });
  await ask('accounts.adminDeleteSignInProvider', { path: { providerId: 'gone' } });
  const path = { providerId: 'there' };
  const begun = await visit('accounts.beginProviderSignIn', { path, query: { onwards: '/cart' } });
  const email = `${fresh('there')}@example.com`;
  const { searchParams } = await elsewhere.signIn(begun.to, email);
  const headers = { cookie: begun.cookie };
  const query = Object.fromEntries(searchParams);
  const { cookie } = await visit('accounts.endProviderSignIn', { path, query, headers });
  const as = known(valueOf(cookie));
  const { identities } = await ask('accounts.listIdentities', { as });
  await ask('accounts.removeIdentity', { as, path: { identityId: identities[0].id } });
}

/** Whatever an app gets for somebody who agrees. */
async function signedInto({ ask, visit }: Guide, app: Said, as: Actor): Promise<Said> {
  const { verifier, query } = beginning(app);
  const { to, cookie } = await visit('accounts.authorizeApp', { as, query });
  const connection = { id: to.searchParams.get('id'), ticket: valueOf(cookie) };
  await ask('accounts.getConnection', { as, query: connection });
  await ask('accounts.agreeToConnection', { as, json: connection });
  const { id } = connection;
  const back = await visit('accounts.continueAppSignIn', { as, query: { id }, headers: { cookie } });
  return ask(
    'accounts.askForTokens',
    formOf({
      grant_type: 'authorization_code',
      code: back.to.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: BACK,
      client_id: app.id,
      client_secret: app.secret,
    }),
  );
}

function valueOf(cookie: string): string {
  return cookie.slice(cookie.indexOf('=') + 1);
}

/** What an app sends a browser with. */
function beginning({ id }: Said): { readonly verifier: string; readonly query: Record<string, string> } {
  const verifier = randomBytes(32).toString('base64url');
  const query = {
    response_type: 'code',
    client_id: id,
    redirect_uri: BACK,
    scope: APP.scopes.join(' '),
    state: 'the-state',
    nonce: 'the-nonce',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
  };
  return { verifier, query };
}
