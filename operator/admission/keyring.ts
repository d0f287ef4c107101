/**
 * What the webhooks' certificates shall be at a given time: pure but for the issuing, so that years pass in a test.
 *
 * No client ever meets a certificate it cannot verify: a new authority is published `OVERLAP` before it signs anything, the
 * old one stays published until it ends, and whatever it signed ends with it or before.
 */
import { X509Certificate } from 'node:crypto';
import type { Issuer, Pair } from './certificate.ts';

/** The whole state, as the Secret keeps it. */
export interface Keyring {
  /** Oldest first; all are trusted. */
  readonly authorities: readonly Pair[];
  readonly serving: Pair;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Clocks of API servers may be behind ours. */
const SKEW = HOUR;
const AUTHORITY_LIFE = 365 * DAY;
/** An authority with less than this left gets a successor. */
const SUCCESSION = 90 * DAY;
/** From when a successor is published until it signs: longer than any API server can be without news of its configuration. */
const OVERLAP = 7 * DAY;
const SERVING_LIFE = 90 * DAY;
const SERVING_RENEWAL = 30 * DAY;

/**
 * The keyring as it shall be now; the same object when nothing is due.
 * @param names DNS names the serving certificate must have
 */
export async function advance(
  keyring: Keyring | undefined,
  names: readonly string[],
  now: Date,
  issue: Issuer,
): Promise<Keyring> {
  const authorities = await successionOf(keyring?.authorities ?? [], now, issue);
  const by = signerOf(authorities, now);
  if (by === undefined) throw new Error('an authority that was just issued signs');
  const known = keyring?.serving;
  const isGood = known !== undefined && serves(known, by, names, now);
  if (keyring !== undefined && isGood && authorities === keyring.authorities) return keyring;
  const until = new Date(Math.min(now.getTime() + SERVING_LIFE, endOf(by)));
  const serving = isGood
    ? known
    : await issue({
        what: 'serving',
        by,
        names,
        from: new Date(Math.max(now.getTime() - SKEW, beginOf(by))),
        until,
      });
  return { authorities, serving };
}

/** All authorities a client must trust, PEM. */
export function bundleOf({ authorities }: Keyring): string {
  return authorities.map(({ cert }) => cert).join('');
}

/** Without those that have ended, with a successor when the last one nears its end; the same list when nothing changes. */
async function successionOf(known: readonly Pair[], now: Date, issue: Issuer): Promise<readonly Pair[]> {
  const valid = known.filter((authority) => isReadable(authority) && endOf(authority) > now.getTime());
  const last = valid.at(-1);
  if (last !== undefined && endOf(last) - now.getTime() > SUCCESSION)
    return valid.length === known.length ? known : valid;
  const from = new Date(now.getTime() - SKEW);
  const until = new Date(now.getTime() + AUTHORITY_LIFE);
  return [...valid, await issue({ what: 'authority', from, until })];
}

/** The youngest that everybody has heard of; the oldest while none is known that long. */
function signerOf(authorities: readonly Pair[], now: Date): Pair | undefined {
  const known = authorities.filter((authority) => beginOf(authority) + SKEW + OVERLAP <= now.getTime());
  return known.at(-1) ?? authorities[0];
}

/** Whether a serving certificate is good for a while: signed by this authority, for these names. */
function serves(serving: Pair, by: Pair, names: readonly string[], now: Date): boolean {
  if (!isReadable(serving)) return false;
  const certificate = new X509Certificate(serving.cert);
  const authority = new X509Certificate(by.cert);
  const ends = endOf(serving);
  // What ends with its authority cannot be renewed under it.
  const isFresh = ends - now.getTime() > SERVING_RENEWAL || (ends === endOf(by) && ends > now.getTime());
  return (
    isFresh &&
    certificate.verify(authority.publicKey) &&
    names.every((name) => certificate.checkHost(name) !== undefined)
  );
}

function isReadable({ cert, key }: Pair): boolean {
  try {
    return new X509Certificate(cert).validTo !== '' && key.includes('PRIVATE KEY');
  } catch {
    // Not a certificate: as good as none.
    return false;
  }
}

function beginOf({ cert }: Pair): number {
  return new X509Certificate(cert).validFromDate.getTime();
}

function endOf({ cert }: Pair): number {
  return new X509Certificate(cert).validToDate.getTime();
}
