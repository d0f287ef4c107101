/**
 * What an address of MongoDB says to a client: `mongodb://user:password@one:27017,two:27017/shopmind_acme?replicaSet=rs0&tls=true`.
 * `emulator=true` names a server without users and validators, as tests have; it is entered without a login.
 */
import { parseAddress } from '../index.ts';

export const MONGODB_PORT = 27_017;

export interface MongoSettings {
  /** For the client, without the login, so that no message of it repeats one. */
  readonly uri: string;
  readonly auth?: { readonly username: string; readonly password: string };
  /** Where the login is kept: the database that is named, or the server's own. */
  readonly authSource: string;
  readonly database: string;
  readonly emulator: boolean;
}

/** Options that are the client's to understand. */
const PASSED: ReadonlySet<string> = new Set(['replicaSet', 'tls']);

/** @throws Error that says what is wrong and never repeats the login */
export function mongoSettings(text: string): MongoSettings {
  const { scheme, user, password, servers, path, options } = parseAddress(text, MONGODB_PORT);
  if (scheme !== 'mongodb') throw new Error(`an address of MongoDB begins with mongodb://, not ${scheme}://`);
  const passed = Object.entries(options).filter(([name]) => PASSED.has(name));
  const query = new URLSearchParams(passed).toString();
  return {
    uri: `mongodb://${servers.map(({ host, port }) => `${host}:${port}`).join(',')}/${query === '' ? '' : `?${query}`}`,
    ...(user === undefined ? {} : { auth: { username: user, password: password ?? '' } }),
    authSource: options['authSource'] ?? (path === '' ? 'admin' : path),
    database: path,
    emulator: options['emulator'] === 'true',
  };
}
