/** The push services of browsers. Endpoints come from outside: asking any other would let a visitor choose whom our servers ask. */

const HOSTS = ['fcm.googleapis.com', 'updates.push.services.mozilla.com', 'web.push.apple.com'];
const SUFFIXES = ['.push.apple.com', '.notify.windows.com', '.push.services.mozilla.com'];

export function isPushService(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname, port, username } = new URL(endpoint);
  if (protocol !== 'https:' || port !== '' || username !== '') return false;
  return HOSTS.includes(hostname) || SUFFIXES.some((suffix) => hostname.endsWith(suffix));
}
