/** An authenticator in software: real keys, real signatures, the bytes that browsers send (WebAuthn Level 3, CTAP2's CBOR). */
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type {
  CreationOptions,
  NewCredential,
  RequestOptions,
  SignedCredential,
} from '../passkeys/definition.ts';

export type Algorithm = 'ES256' | 'EdDSA';

/** What a test bends of what is signed. */
export interface Bent {
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  /** Without it the device has only seen somebody touch it. */
  readonly verified?: boolean;
  readonly counter?: number;
  /** Signs with another key than it says. */
  readonly forged?: boolean;
}

export interface Authenticator {
  /** `none`: as browsers send it. `packed`: with a signature of the new key over what is sent. */
  create(options: CreationOptions, attestation?: 'none' | 'packed', bent?: Bent): NewCredential;
  get(options: RequestOptions, bent?: Bent): SignedCredential;
}

const COSE = { ES256: -7, EdDSA: -8 } as const;
const PRESENT = 0x01;
const VERIFIED = 0x04;
const HAS_KEY = 0x40;

/** @param origin of the page it is used on */
export function createAuthenticator(algorithm: Algorithm, origin: string): Authenticator {
  const keys = keyPair(algorithm);
  const stranger = keyPair(algorithm);
  const credentialId = randomBytes(32);
  let userHandle: string | undefined;
  let counter = 0;

  const signed = (data: Buffer, bent: Bent): Buffer =>
    sign(
      algorithm === 'ES256' ? 'sha256' : null,
      data,
      bent.forged === true ? stranger.privateKey : keys.privateKey,
    );

  function clientData(type: string, challenge: string, bent: Bent): Buffer {
    return Buffer.from(
      JSON.stringify({
        type,
        challenge: bent.challenge ?? challenge,
        origin: bent.origin ?? origin,
        crossOrigin: false,
      }),
    );
  }

  function authData(rpId: string, more: number, bent: Bent): Buffer {
    counter += 1;
    const bytes = Buffer.alloc(37);
    sha256(bent.rpId ?? rpId).copy(bytes);
    bytes[32] = PRESENT | (bent.verified === false ? 0 : VERIFIED) | more;
    bytes.writeUInt32BE(bent.counter ?? counter, 33);
    return bytes;
  }

  return {
    create({ challenge, rp, user }, attestation = 'none', bent = {}) {
      userHandle = user.id;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(credentialId.length);
      const data = Buffer.concat([
        authData(rp.id, HAS_KEY, bent),
        Buffer.alloc(16),
        length,
        credentialId,
        coseKey(algorithm, keys.publicKey),
      ]);
      const client = clientData('webauthn.create', challenge, bent);
      const statement =
        attestation === 'none'
          ? new Map()
          : new Map<string, unknown>([
              ['alg', COSE[algorithm]],
              ['sig', signed(Buffer.concat([data, sha256(client)]), bent)],
            ]);
      const object = cbor(
        new Map<string, unknown>([
          ['fmt', attestation],
          ['attStmt', statement],
          ['authData', data],
        ]),
      );
      return {
        id: text(credentialId),
        rawId: text(credentialId),
        type: 'public-key',
        response: { clientDataJSON: text(client), attestationObject: text(object), transports: ['internal'] },
      };
    },

    get({ challenge, rpId }, bent = {}) {
      const client = clientData('webauthn.get', challenge, bent);
      const data = authData(rpId, 0, bent);
      return {
        id: text(credentialId),
        rawId: text(credentialId),
        type: 'public-key',
        response: {
          clientDataJSON: text(client),
          authenticatorData: text(data),
          signature: text(signed(Buffer.concat([data, sha256(client)]), bent)),
          userHandle,
        },
      };
    },
  };
}

function keyPair(algorithm: Algorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  return algorithm === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('ed25519');
}

/** RFC 9053: EC2 with P-256, or OKP with Ed25519. */
function coseKey(algorithm: Algorithm, key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const bytes = (part: string): Buffer => Buffer.from(part, 'base64url');
  const [type, curve] = algorithm === 'ES256' ? [2, 1] : [1, 6];
  const parts: [number, unknown][] = [
    [1, type],
    [3, COSE[algorithm]],
    [-1, curve],
    [-2, bytes(x)],
  ];
  if (algorithm === 'ES256') parts.push([-3, bytes(y)]);
  return cbor(new Map(parts));
}

/** As much of RFC 8949 as authenticators need. */
function cbor(value: unknown): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flatMap((pair) => pair.map(cbor))]);
  throw new Error(`no CBOR for ${String(value)}`);
}

function head(major: number, length: number): Buffer {
  const type = major << 5;
  if (length < 24) return Buffer.from([type | length]);
  if (length < 256) return Buffer.from([type | 24, length]);
  return Buffer.from([type | 25, length >> 8, length & 255]);
}

function sha256(data: string | Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

function text(bytes: Buffer): string {
  return bytes.toString('base64url');
}
