/** What an address of ClickHouse says to a client: `clickhouse+http://user:password@host:8123/shopmind_acme`, or `clickhouse+https://…`. */
import { parseAddress } from '../index.ts';

export interface ClickhouseSettings {
  /** Without the login, so that no message of a client repeats one. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Empty: the user's own. */
  readonly database: string;
}

/** @throws Error that says what is wrong and never repeats the login */
export function clickhouseSettings(text: string): ClickhouseSettings {
  const secure = text.startsWith('clickhouse+https:');
  const { scheme, user = 'default', password = '', servers, path } = parseAddress(text, secure ? 8443 : 8123);
  if (scheme !== 'clickhouse+http' && scheme !== 'clickhouse+https')
    throw new Error(`an address of ClickHouse begins with clickhouse+http(s)://, not ${scheme}://`);
  const [server, ...more] = servers;
  if (server === undefined || more.length > 0)
    throw new Error('an address of ClickHouse names one server: what balances stands before them');
  return {
    url: `${secure ? 'https' : 'http'}://${server.host}:${server.port}`,
    username: user,
    password,
    database: path,
  };
}
