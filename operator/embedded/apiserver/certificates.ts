/**
 * The cluster's certificates: an authority of its own, the serving certificate and client
 * certificates, kept in the data directory so that a kubeconfig outlives restarts.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as der from './der.ts';

export interface KeyedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface ClusterCertificates {
  readonly authority: KeyedCertificate;
  readonly serving: KeyedCertificate;
  /** Signs a client certificate: user name (CN) and groups (O). */
  issueClient(user: string, groups: readonly string[]): KeyedCertificate;
  /** Signs a serving certificate for host names and IPv4 addresses. */
  issueServing(commonName: string, names: readonly string[]): KeyedCertificate;
}

const DAY = 24 * 60 * 60 * 1_000;
const AUTHORITY_DAYS = 3_650;
const LEAF_DAYS = 365;
/** A leaf is renewed when less than this is left of it. */
const RENEWAL_DAYS = 30;
const SERVING_NAMES = [
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '127.0.0.1',
  '::1',
];

/**
 * Reads the cluster's certificates, making what is missing or near its end.
 * @param directory where the files are kept, readable by their owner alone
 * @param now the present moment
 */
export function loadCertificates(directory: string, now: Date = new Date()): ClusterCertificates {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const authority = load(join(directory, 'ca'), now, () => makeAuthority(now));
  const issuer = issuerOf(authority);
  const serving = load(join(directory, 'serving'), now, () =>
    makeLeaf(issuer, now, { commonName: 'kube-apiserver', organizations: [], names: SERVING_NAMES }),
  );
  const signedByAuthority = new X509Certificate(serving.certificate).verify(
    createPublicKey(authority.certificate),
  );
  return {
    authority,
    serving: signedByAuthority
      ? serving
      : replace(
          join(directory, 'serving'),
          makeLeaf(issuer, now, { commonName: 'kube-apiserver', organizations: [], names: SERVING_NAMES }),
        ),
    issueClient: (user, groups) =>
      makeLeaf(issuer, now, { commonName: user, organizations: groups, names: [] }),
    issueServing: (commonName, names) => makeLeaf(issuer, now, { commonName, organizations: [], names }),
  };
}

function load(path: string, now: Date, make: () => KeyedCertificate): KeyedCertificate {
  if (!existsSync(`${path}.crt`) || !existsSync(`${path}.key`)) return replace(path, make());
  const kept = { certificate: readFileSync(`${path}.crt`, 'utf8'), key: readFileSync(`${path}.key`, 'utf8') };
  const end = Date.parse(new X509Certificate(kept.certificate).validTo);
  return end - now.getTime() < RENEWAL_DAYS * DAY ? replace(path, make()) : kept;
}

function replace(path: string, made: KeyedCertificate): KeyedCertificate {
  writePrivate(`${path}.key`, made.key);
  writePrivate(`${path}.crt`, made.certificate);
  return made;
}

/** Writes a file only its owner can read; a reader sees the old one or the new one, never half. */
export function writePrivate(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}

interface Issuer {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly keyIdentifier: Buffer;
}

function issuerOf(authority: KeyedCertificate): Issuer {
  return {
    name: nameOf('shopmind-embedded-ca', []),
    key: createPrivateKey(authority.key),
    keyIdentifier: identifierOf(createPublicKey(authority.certificate)),
  };
}

function makeAuthority(now: Date): KeyedCertificate {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyIdentifier = identifierOf(pair.publicKey);
  const name = nameOf('shopmind-embedded-ca', []);
  const keyCertSignAndCrlSign = der.bitString(Buffer.from([0x06]), 1);
  const certificate = signed(
    { name, key: pair.privateKey, keyIdentifier },
    now,
    AUTHORITY_DAYS,
    name,
    pair.publicKey,
    [
      extension(der.OID.basicConstraints, der.sequence(der.boolean(true)), true),
      extension(der.OID.keyUsage, keyCertSignAndCrlSign, true),
      extension(der.OID.subjectKeyIdentifier, der.octetString(keyIdentifier)),
    ],
  );
  return { certificate, key: privatePem(pair.privateKey) };
}

interface Leaf {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Host names and addresses; a leaf with any serves, one with none is a client's. */
  readonly names: readonly string[];
}

function makeLeaf(issuer: Issuer, now: Date, leaf: Leaf): KeyedCertificate {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serves = leaf.names.length > 0;
  const digitalSignature = der.bitString(Buffer.from([0x80]), 7);
  const extensions = [
    extension(der.OID.basicConstraints, der.sequence(), true),
    extension(der.OID.keyUsage, digitalSignature, true),
    extension(
      der.OID.extendedKeyUsage,
      der.sequence(der.oid(serves ? der.OID.serverAuth : der.OID.clientAuth)),
    ),
    extension(der.OID.subjectKeyIdentifier, der.octetString(identifierOf(pair.publicKey))),
    extension(der.OID.authorityKeyIdentifier, der.sequence(der.context(0, issuer.keyIdentifier))),
  ];
  if (serves)
    extensions.push(extension(der.OID.subjectAltName, der.sequence(...leaf.names.map(alternativeName))));
  const subject = nameOf(leaf.commonName, leaf.organizations);
  const certificate = signed(issuer, now, LEAF_DAYS, subject, pair.publicKey, extensions);
  return { certificate, key: privatePem(pair.privateKey) };
}

function signed(
  issuer: Issuer,
  now: Date,
  days: number,
  subject: Buffer,
  publicKey: KeyObject,
  extensions: readonly Buffer[],
): string {
  const algorithm = der.sequence(der.oid(der.OID.ecdsaWithSha256));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  // Begins an hour early, for clocks that are a little behind.
  const validity = der.sequence(
    der.time(new Date(now.getTime() - DAY / 24)),
    der.time(new Date(now.getTime() + days * DAY)),
  );
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2])), true),
    der.integer(serial),
    algorithm,
    issuer.name,
    validity,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, der.sequence(...extensions), true),
  );
  return der.pem(
    'CERTIFICATE',
    der.sequence(body, algorithm, der.bitString(sign('sha256', body, issuer.key))),
  );
}

function extension(id: readonly number[], value: Buffer, critical = false): Buffer {
  return critical
    ? der.sequence(der.oid(id), der.boolean(true), der.octetString(value))
    : der.sequence(der.oid(id), der.octetString(value));
}

function nameOf(commonName: string, organizations: readonly string[]): Buffer {
  const attribute = (id: readonly number[], text: string) =>
    der.set(der.sequence(der.oid(id), der.utf8String(text)));
  return der.sequence(
    ...organizations.map((organization) => attribute(der.OID.organization, organization)),
    attribute(der.OID.commonName, commonName),
  );
}

function alternativeName(name: string): Buffer {
  switch (isIP(name)) {
    case 4:
      return der.context(7, Buffer.from(name.split('.').map(Number)));
    case 6:
      return der.context(7, loopback6(name));
    default:
      return der.context(2, Buffer.from(name));
  }
}

function loopback6(name: string): Buffer {
  if (name !== '::1') throw new RangeError(`only the loopback address is served, not ${name}`);
  return Buffer.concat([Buffer.alloc(15), Buffer.from([1])]);
}

function identifierOf(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
