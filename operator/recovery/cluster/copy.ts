/**
 * Brings rows from one server to another as `pg_dump` does: COPY out of the one, COPY into the other, no faster than the slower of them.
 */
import pg from 'pg';
import { connectionOf, submit } from '../wire.ts';

export interface Bridge {
  /**
   * @param out `copy (…) to stdout`, of the one server
   * @param into `copy … from stdin`, of the other
   */
  copy(out: string, into: string): Promise<void>;
  close(): Promise<void>;
}

/** Values are written and read alike, whatever the two servers are set to; and nobody ends a table that takes hours. */
const ALIKE =
  'set datestyle = iso; set intervalstyle = postgres; set extra_float_digits = 1; set statement_timeout = 0';

/**
 * Foreign keys are not checked: those of the source hold, and its tables arrive one after the other.
 * @param from superuser's URL of the server that is read
 * @param to superuser's URL of the server that is written
 */
export async function openBridge(from: string, to: string): Promise<Bridge> {
  const source = await connect(from, ALIKE);
  const target = await connect(to, `${ALIKE}; set session_replication_role = replica`).catch(
    async (error: unknown) => {
      await source.end();
      throw error;
    },
  );
  return {
    copy: (out, into) => copy(source, out, target, into),
    async close() {
      await Promise.allSettled([source.end(), target.end()]);
    },
  };
}

async function connect(url: string, settings: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'shopmind-restore',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // What breaks shows in the statement under way.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(settings);
  return client;
}

async function copy(source: pg.Client, out: string, target: pg.Client, into: string): Promise<void> {
  const [reading, writing] = [connectionOf(source), connectionOf(target)];
  let failure: unknown;
  let isPaused = false;
  await submit(target, {
    text: into,
    onCopyIn() {
      const read = submit(source, {
        text: out,
        onCopyData(chunk) {
          // The parser's buffer is used again for what comes next.
          writing.sendCopyFromChunk(Buffer.from(chunk));
          // What the parser had already read still comes.
          if (isPaused || !writing.stream.writableNeedDrain) return undefined;
          isPaused = true;
          reading.stream.pause();
          writing.stream.once('drain', () => {
            isPaused = false;
            reading.stream.resume();
          });
          return undefined;
        },
      });
      read.then(
        () => writing.endCopyFrom(),
        (error: unknown) => {
          failure = error;
          writing.sendCopyFail('the source cannot be read');
        },
      );
    },
  }).catch((error: unknown) => {
    throw failure ?? error;
  });
}
