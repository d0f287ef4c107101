/**
 * Addresses of backends, as the platform's configuration writes them: one line that names system, login, servers and options.
 * `kafka://user:password@one:9092,two:9092/?mechanism=scram-sha-512`; a URL that may name several servers.
 */

export interface Address {
  /** What comes before `://`; the adapter is chosen by it. */
  readonly scheme: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** At least one. */
  readonly servers: readonly Server[];
  /** Without slashes at either end: a database, a virtual host, a bucket. */
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
}

export interface Server {
  readonly host: string;
  readonly port: number;
}

const FORM = /^([a-z][a-z0-9+]*):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/;
const SERVER = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/;

/**
 * @param defaultPort of servers that name none
 * @throws Error that says what is wrong and never repeats the login
 */
export function parseAddress(text: string, defaultPort: number): Address {
  const [, scheme, user, password, servers, path = '', options = ''] = FORM.exec(text) ?? [];
  if (scheme === undefined || servers === undefined)
    throw new Error(
      'an address must be of the form scheme://[user:password@]host[:port][,…][/path][?options]',
    );
  return {
    scheme,
    user: decoded(user),
    password: decoded(password),
    servers: servers.split(',').map((server) => parseServer(server, defaultPort)),
    path: decodeURIComponent(path.replace(/^\/+|\/+$/g, '')),
    options: Object.fromEntries(new URLSearchParams(options)),
  };
}

/** The address as one line; `parseAddress` gives back the same. */
export function formatAddress(address: Address): string {
  const { scheme, user, password, servers, path, options } = address;
  const login =
    user === undefined
      ? ''
      : `${encodeURIComponent(user)}${password === undefined ? '' : `:${encodeURIComponent(password)}`}@`;
  const query = new URLSearchParams(options).toString();
  const places = servers.map(({ host, port }) => `${host}:${port}`).join(',');
  return `${scheme}://${login}${places}/${encodeURIComponent(path)}${query === '' ? '' : `?${query}`}`;
}

/** The same place, entered by somebody else. */
export function withLogin(address: Address, user: string, password: string): Address {
  return { ...address, user, password };
}

function parseServer(text: string, defaultPort: number): Server {
  const [, host, port] = SERVER.exec(text) ?? [];
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number < 1 || number > 65_535)
    throw new Error(`an address names servers as host:port, not “${text}”`);
  return { host, port: number };
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : decodeURIComponent(text);
}
