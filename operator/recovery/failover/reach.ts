/** One session with a server that may be dead, frozen or behind a line that is cut: it is there in bounded time, or it is away. */
import pg from 'pg';
import { isTransient } from '../../provisioners/postgres/database.ts';
import type { Session } from '../../provisioners/postgres/database.ts';
import { AwayError } from './failover.ts';

const CONNECT_MS = 5_000;
/** invalid_authorization, insufficient_privilege: it answers, and says no. */
const REFUSED = /^(28|42501)/;

/**
 * Speaks to the maintenance database `postgres`, as the login of the address.
 * @param url of the platform's database on that server
 * @param withinMs longest time `work` may take
 * @throws AwayError when it cannot be reached, breaks off, or does not answer in time
 */
export async function onServer<T>(
  url: string,
  work: (session: Session) => Promise<T>,
  withinMs: number,
): Promise<T> {
  const address = new URL(url);
  address.pathname = '/postgres';
  const client = new pg.Client({
    connectionString: address.href,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'shopmind-failover',
    keepAlive: true,
  });
  // What breaks shows in the statement under way.
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw isRefusal(error) ? error : new AwayError(error);
  });
  const session: Session = {
    async query<Row>(text: string, values?: readonly unknown[]) {
      const { rows } = await client.query(text, values === undefined ? undefined : [...values]);
      // The shape of rows is what the statement selects; each caller names it.
      return rows as Row[];
    },
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AwayError(new Error(`no answer within ${withinMs / 1000} s`))),
      withinMs,
    );
  });
  try {
    return await Promise.race([work(session), late]);
  } catch (error) {
    throw error instanceof Error && isTransient(error) ? new AwayError(error) : error;
  } finally {
    clearTimeout(timer);
    await ended(client);
  }
}

/** One that is frozen would be waited for for ever. */
async function ended(client: pg.Client): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    // `pg` has the socket on every client; its types leave it out.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    resolve();
  }, 1_000);
  client.end().then(resolve, resolve);
  await promise;
  clearTimeout(timer);
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && REFUSED.test(String(error.code));
}
