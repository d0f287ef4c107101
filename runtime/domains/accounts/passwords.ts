/**
 * Password hashes: Argon2id with OWASP's parameters, a few at a time, so that a burst of log-ins cannot eat the memory. Nobody waits
 * whom it does not help: who has left leaves the queue, and when it is too long who comes is told to come again. Without that
 * a crowd that came at once, after an outage, is never served: each has gone and come back before it is their turn.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { ShopError } from '../../platform/errors.ts';

/** Both reject with the signal's reason when it is aborted before their turn, and with ShopError `unavailable` when too many wait. */
export interface Passwords {
  hash(password: string, signal: AbortSignal): Promise<string>;
  /** Takes the same time whether or not there is a hash to compare with. */
  verify(password: string, hash: string | undefined, signal: AbortSignal): Promise<boolean>;
}

const MEMORY_KIB = 19_456;
const PASSES = 2;
const AT_ONCE = 2;
/** Two seconds' worth, about, where a hash takes 60 ms. */
const MOST_WAITING = 64;
/** Belongs to no password; compared with when an address is unknown. */
const NOBODY = encode(Buffer.alloc(16, 7), Buffer.alloc(32));

/** For who signs in otherwise: of no password that anybody could find, until they have a link sent and choose one. */
export function noPassword(): string {
  return encode(randomBytes(16), randomBytes(32));
}

export function createPasswords(): Passwords {
  let running = 0;
  const waiting = new Set<() => void>();

  /** A turn, which whoever has it passes on. */
  function turn(signal: AbortSignal): Promise<void> {
    if (running < AT_ONCE) {
      running++;
      return Promise.resolve();
    }
    if (waiting.size >= MOST_WAITING)
      throw new ShopError('unavailable', 'Too many people log in at this moment.', {
        remedy: 'Try again in a moment.',
        retryAfterSeconds: 2,
      });
    return new Promise((resolve, reject) => {
      const mine = (): void => {
        signal.removeEventListener('abort', leave);
        waiting.delete(mine);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(mine);
        reject(signal.reason);
      };
      waiting.add(mine);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  function passOn(): void {
    const [next] = waiting;
    if (next === undefined) running--;
    else next();
  }

  async function derive(password: string, salt: Buffer, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    await turn(signal);
    try {
      return await argon2id(password, salt);
    } finally {
      passOn();
    }
  }

  return {
    async hash(password, signal) {
      const salt = randomBytes(16);
      return encode(salt, await derive(password, salt, signal));
    },
    async verify(password, hash, signal) {
      const [, , , , saltText = '', keyText = ''] = (hash ?? NOBODY).split('$');
      const expected = Buffer.from(keyText, 'base64');
      const actual = await derive(password, Buffer.from(saltText, 'base64'), signal);
      return actual.length === expected.length && timingSafeEqual(actual, expected) && hash !== undefined;
    },
  };
}

function argon2id(password: string, salt: Buffer): Promise<Buffer> {
  // Composed the same way whatever keyboard typed it (NIST SP 800-63B).
  const message = Buffer.from(password.normalize('NFKC'), 'utf8');
  return new Promise((resolve, reject) => {
    argon2(
      'argon2id',
      { message, nonce: salt, parallelism: 1, tagLength: 32, memory: MEMORY_KIB, passes: PASSES },
      (error, key) => (error ? reject(error) : resolve(key)),
    );
  });
}

/** The PHC string format, which names its own parameters. */
function encode(salt: Buffer, key: Buffer): string {
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$${text(salt)}$${text(key)}`;
}
