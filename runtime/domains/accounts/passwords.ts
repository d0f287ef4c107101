/** Password hashes: Argon2id with OWASP's parameters, a few at a time, so that a burst of log-ins cannot eat the memory. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes the same time whether or not there is a hash to compare with. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

const MEMORY_KIB = 19_456;
const PASSES = 2;
const AT_ONCE = 2;
/** Belongs to no password; compared with when an address is unknown. */
const NOBODY = encode(Buffer.alloc(16, 7), Buffer.alloc(32));

export function createPasswords(): Passwords {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function derive(password: string, salt: Buffer): Promise<Buffer> {
    if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      return await argon2id(password, salt);
    } finally {
      running--;
      waiting.shift()?.();
    }
  }

  return {
    async hash(password) {
      const salt = randomBytes(16);
      return encode(salt, await derive(password, salt));
    },
    async verify(password, hash) {
      const [, , , , saltText = '', keyText = ''] = (hash ?? NOBODY).split('$');
      const expected = Buffer.from(keyText, 'base64');
      const actual = await derive(password, Buffer.from(saltText, 'base64'));
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
