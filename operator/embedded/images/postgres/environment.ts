/**
 * What the container's environment says about the server.
 */
import { isIP } from 'node:net';
import { isAbsolute, normalize } from 'node:path';

export interface Environment {
  /** Absolute, as given: the place itself may be elsewhere. */
  readonly dataDir: string;
  readonly password: string;
  readonly database: string;
  readonly address: string;
  readonly port: number;
  /** Networks that clients with a password may come from. */
  readonly clients: readonly string[];
}

/** PostgreSQL cannot be started; the message says why and what helps. */
export class PrepareError extends Error {
  override readonly name = 'PrepareError';
}

/** @throws PrepareError that names the variable */
export function parseEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const {
    PGDATA = '',
    POSTGRES_PASSWORD = '',
    POSTGRES_DB = 'postgres',
    POD_IP = '127.0.0.1',
    PGPORT = '5432',
    POSTGRES_CLIENTS = '127.0.0.0/8',
  } = env;
  if (!isAbsolute(PGDATA)) throw new PrepareError('PGDATA must be the absolute path of the data folder');
  if (POSTGRES_PASSWORD === '')
    throw new PrepareError('POSTGRES_PASSWORD must be set: it becomes the password of role postgres');
  if (/[\n\r\0]/.test(POSTGRES_PASSWORD)) throw new PrepareError('POSTGRES_PASSWORD must be one line');
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(POSTGRES_DB))
    throw new PrepareError(`POSTGRES_DB "${POSTGRES_DB}" must be lower case letters, digits and underscores`);
  if (isIP(POD_IP) === 0) throw new PrepareError(`POD_IP "${POD_IP}" is no address`);
  const port = Number(PGPORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new PrepareError(`PGPORT "${PGPORT}" is no port`);
  const clients = POSTGRES_CLIENTS.split(',');
  const stray = clients.find((network) => !isNetwork(network));
  if (stray !== undefined)
    throw new PrepareError(`POSTGRES_CLIENTS "${stray}" is no network such as 10.0.0.0/8`);
  return {
    dataDir: normalize(PGDATA).replace(/\/+$/, ''),
    password: POSTGRES_PASSWORD,
    database: POSTGRES_DB,
    address: POD_IP,
    port,
    clients,
  };
}

function isNetwork(text: string): boolean {
  const [address = '', bits = ''] = text.split('/');
  return isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (isIP(address) === 4 ? 32 : 128);
}
