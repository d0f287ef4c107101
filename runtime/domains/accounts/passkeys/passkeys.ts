/**
 * Passkeys: a key pair for each account and device, of which the shop knows the public half. The party that a key is for is the host
 * name the shop was asked by, so that a shop of several names has keys for each. Whoever signs was verified by their device, by
 * finger, face or PIN: it is a whole sign-in, with nothing else asked.
 */
import { randomBytes } from 'node:crypto';
import type { Platform, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../../platform/ports.ts';
import { hostAsked } from '../requests.ts';
import {
  addingTo,
  type AccountKind,
  type CreationOptions,
  type NewCredential,
  type Passkey,
  type PasskeyInput,
  type RequestOptions,
  type SignedCredential,
} from './definition.ts';

export interface Holder {
  readonly kind: AccountKind;
  readonly id: string;
  /** What the browser calls the account. */
  readonly email: string;
  readonly name: string;
}

export interface Passkeys {
  list(tenant: TenantId, holder: Pick<Holder, 'id'>): Promise<Passkey[]>;
  /** The caller has seen to it that it is the holder who asks. */
  prepare(request: RouteRequest, holder: Holder): Promise<CreationOptions>;
  /** @throws ShopError `invalid_input` for what does not prove to be a new key of this shop; `conflict` for one that is known */
  add(request: RouteRequest, holder: Holder, input: PasskeyInput): Promise<Passkey>;
  /** @throws ShopError `not_found` */
  remove(tenant: TenantId, holder: Pick<Holder, 'id'>, id: string): Promise<void>;
  prepareSignIn(request: RouteRequest, kind: AccountKind): Promise<RequestOptions>;
  /** Whose it is. @throws ShopError `unauthenticated`, the same whatever is wrong */
  signIn(request: RouteRequest, kind: AccountKind, credential: SignedCredential): Promise<string>;
  /** All of an account: it is gone. */
  forget(tx: SqlRunner, tenant: TenantId, accountId: string): Promise<void>;
}

const GOOD_FOR_MS = 5 * 60 * 1_000;
const MOST = 20;
/** EdDSA, ES256, RS256: what authenticators have (COSE). */
const ALGORITHMS = [-8, -7, -257];

interface Row {
  readonly id: string;
  readonly account_id: string;
  readonly credential_id: string;
  readonly public_key: Buffer;
  readonly counter: string | number;
  readonly transports: readonly string[];
  readonly name: string;
  readonly created_at: Date;
  readonly used_at: Date | null;
}

export function createPasskeys({
  sql,
  clock,
  newId,
  originOf,
  log,
}: Pick<Platform, 'sql' | 'clock' | 'newId' | 'originOf' | 'log'>): Passkeys {
  /** Those that are over go when a new one comes: who asks for many leaves few behind. */
  async function challenge(tenant: TenantId, purpose: string): Promise<string> {
    const made = randomBytes(32).toString('base64url');
    const now = clock.now();
    await sql.query(
      tenant,
      `WITH gone AS (DELETE FROM account_challenges WHERE tenant_id = $1 AND expires_at <= $4)
       INSERT INTO account_challenges (tenant_id, challenge, purpose, expires_at) VALUES ($1, $2, $3, $5)`,
      [tenant, made, purpose, now, new Date(now.getTime() + GOOD_FOR_MS)],
    );
    return made;
  }

  /** Used up, whatever comes of it. */
  async function wasAsked(tenant: TenantId, purpose: string, given: string): Promise<boolean> {
    const { rowCount } = await sql.query(
      tenant,
      'DELETE FROM account_challenges WHERE tenant_id = $1 AND challenge = $2 AND purpose = $3 AND expires_at > $4',
      [tenant, given, purpose, clock.now()],
    );
    return rowCount === 1;
  }

  async function ofHolder(tenant: TenantId, id: string): Promise<readonly Row[]> {
    const { rows } = await sql.query<Row>(
      tenant,
      'SELECT * FROM account_passkeys WHERE tenant_id = $1 AND account_id = $2 ORDER BY created_at DESC, id DESC',
      [tenant, id],
    );
    return rows;
  }

  async function byCredential(tenant: TenantId, kind: AccountKind, id: string): Promise<Row | undefined> {
    const { rows } = await sql.query<Row>(
      tenant,
      'SELECT * FROM account_passkeys WHERE tenant_id = $1 AND kind = $2 AND credential_id = $3',
      [tenant, kind, id],
    );
    return rows[0];
  }

  /** What the library finds wrong, in its own words; it throws some of it and answers the rest. */
  async function verifyNew(request: RouteRequest, credential: NewCredential) {
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    const { clientDataJSON, attestationObject, transports } = credential.response;
    return verifyRegistrationResponse({
      response: {
        ...credential,
        // Its list of transports is closed, theirs is not; they are kept and shown, never decided by.
        response: { clientDataJSON, attestationObject, transports: (transports ?? []) as [] },
        clientExtensionResults: {},
      },
      expectedChallenge: challengeIn(clientDataJSON),
      ...partyOf(request),
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    });
  }

  async function verifySigned(request: RouteRequest, credential: SignedCredential, row: Row) {
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    const { clientDataJSON, authenticatorData, signature } = credential.response;
    return verifyAuthenticationResponse({
      response: {
        ...credential,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: challengeIn(clientDataJSON),
      ...partyOf(request),
      requireUserVerification: true,
      credential: {
        id: row.credential_id,
        publicKey: new Uint8Array(row.public_key),
        counter: Number(row.counter),
      },
    });
  }

  function partyOf({ tenant, headers }: RouteRequest): { expectedRPID: string; expectedOrigin: string } {
    const host = hostAsked(tenant, headers);
    return { expectedRPID: host, expectedOrigin: originOf({ ...tenant, hosts: [host] }) };
  }

  return {
    list: async (tenant, { id }) => (await ofHolder(tenant, id)).map(toPasskey),

    async prepare({ tenant, headers }, { kind, id, email, name }) {
      const known = await ofHolder(tenant.id, id);
      if (known.length >= MOST)
        throw new ShopError('conflict', `There are ${MOST} passkeys already.`, {
          remedy: 'Remove one that is not used.',
        });
      return {
        challenge: await challenge(tenant.id, addingTo(kind, id)),
        rp: { id: hostAsked(tenant, headers), name: tenant.displayName },
        user: { id: handleOf(id), name: email, displayName: name === '' ? email : name },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        timeout: GOOD_FOR_MS,
        excludeCredentials: known.map(({ credential_id, transports }) => ({
          type: 'public-key',
          id: credential_id,
          transports: [...transports],
        })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        attestation: 'none',
      };
    },

    async add(request, { kind, id }, { name, credential }) {
      const tenant = request.tenant.id;
      const { clientDataJSON, transports } = credential.response;
      if (!(await wasAsked(tenant, addingTo(kind, id), challengeIn(clientDataJSON))))
        throw unproven('The time for it is over, or it was made already.');
      const { registrationInfo } = await verifyNew(request, credential).catch((error: unknown) => {
        throw unproven(error instanceof Error ? error.message : String(error));
      });
      if (registrationInfo === undefined) throw unproven('Its signature is wrong.');
      const { publicKey, counter, id: credentialId } = registrationInfo.credential;
      const { rows } = await sql.query<Row>(
        tenant,
        `INSERT INTO account_passkeys (tenant_id, id, kind, account_id, credential_id, public_key, counter, transports, name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text[], $9, $10) ON CONFLICT (tenant_id, credential_id) DO NOTHING RETURNING *`,
        [
          tenant,
          newId('psk'),
          kind,
          id,
          credentialId,
          Buffer.from(publicKey),
          counter,
          transports ?? [],
          name,
          clock.now(),
        ],
      );
      const [row] = rows;
      if (row === undefined)
        throw new ShopError('conflict', 'This passkey is known already.', { remedy: 'Sign in by it.' });
      return toPasskey(row);
    },

    async remove(tenant, { id }, passkeyId) {
      const { rowCount } = await sql.query(
        tenant,
        'DELETE FROM account_passkeys WHERE tenant_id = $1 AND account_id = $2 AND id = $3',
        [tenant, id, passkeyId],
      );
      if (rowCount === 0) throw new ShopError('not_found', 'There is no such passkey.');
    },

    async prepareSignIn({ tenant, headers }, kind) {
      return {
        challenge: await challenge(tenant.id, `sign in ${kind}`),
        rpId: hostAsked(tenant, headers),
        timeout: GOOD_FOR_MS,
        userVerification: 'required',
      };
    },

    async signIn(request, kind, credential) {
      const tenant = request.tenant.id;
      const { clientDataJSON, userHandle } = credential.response;
      if (!(await wasAsked(tenant, `sign in ${kind}`, challengeIn(clientDataJSON)))) throw unknown();
      const row = await byCredential(tenant, kind, credential.id);
      if (row === undefined || (userHandle ?? handleOf(row.account_id)) !== handleOf(row.account_id))
        throw unknown();
      const verified = await verifySigned(request, credential, row).catch((error: unknown) => {
        log.info({ err: error, tenant, passkey: row.id }, 'a passkey did not sign what it was asked');
        return undefined;
      });
      if (verified?.verified !== true) throw unknown();
      // Of two answers that count the same, one is a copy's.
      const { rowCount } = await sql.query(
        tenant,
        `UPDATE account_passkeys SET counter = $3, used_at = $4
         WHERE tenant_id = $1 AND id = $2 AND (counter < $3 OR (counter = 0 AND $3 = 0))`,
        [tenant, row.id, verified.authenticationInfo.newCounter, clock.now()],
      );
      if (rowCount === 0) throw unknown();
      return row.account_id;
    },

    async forget(tx, tenant, accountId) {
      await tx.query('DELETE FROM account_passkeys WHERE tenant_id = $1 AND account_id = $2', [
        tenant,
        accountId,
      ]);
    },
  };
}

/** What an authenticator keeps of an account: an id, which says nothing of the person. */
function handleOf(accountId: string): string {
  return Buffer.from(accountId).toString('base64url');
}

/** Read before anything is verified, to find out whether it was asked. */
function challengeIn(clientDataJSON: string): string {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'));
    return String((data as { challenge?: unknown }).challenge); // whatever it is, it is looked up
  } catch {
    // Nobody was asked for this.
    return '';
  }
}

function toPasskey({ id, name, created_at, used_at }: Row): Passkey {
  return { id, name, createdAt: created_at.toISOString(), usedAt: used_at?.toISOString() ?? null };
}

function unproven(why: string): ShopError {
  return new ShopError('invalid_input', 'This does not prove to be a new passkey of this shop.', {
    remedy: 'Have the browser make another one.',
    problems: [{ where: 'body/credential', what: why }],
  });
}

function unknown(): ShopError {
  return new ShopError('unauthenticated', 'This passkey opens nothing here.', {
    remedy: 'Try again, or sign in with your password.',
  });
}
