/**
 * Where an app may have a browser sent back to: letter by letter what its merchant wrote down (RFC 9700, 2.1). An app on somebody's own
 * device has a name of its own for that, or a port of the device that it learns when it starts (RFC 8252, 7).
 */

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::\d{1,5})?((?:[/?].*)?)$/;
/** A domain name the wrong way round, as `com.example.app`: its maker's, where a bare word would be anybody's. */
const OWN_SCHEME = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:\/(?!\/)/;

export type Place = 'web' | 'loopback' | 'own-scheme';

/** @returns undefined for what no app is sent back to */
export function placeOf(uri: string): Place | undefined {
  // What a browser would read otherwise than a comparison does is refused, and not mended.
  if (!/^[\x21-\x7e]+$/.test(uri) || /[#*\\]/.test(uri) || !URL.canParse(uri)) return undefined;
  const { protocol, username, password } = new URL(uri);
  if (username !== '' || password !== '') return undefined;
  if (protocol === 'https:') return uri.startsWith('https://') ? 'web' : undefined;
  if (LOOPBACK.test(uri)) return 'loopback';
  return OWN_SCHEME.test(uri) ? 'own-scheme' : undefined;
}

/** Of an address of the device itself the port is not compared. */
export function isSamePlace(known: string, asked: string): boolean {
  if (known === asked) return true;
  if (placeOf(asked) !== 'loopback') return false;
  const [one, other] = [LOOPBACK.exec(known), LOOPBACK.exec(asked)];
  return one !== null && other !== null && one[1] === other[1] && one[2] === other[2];
}
