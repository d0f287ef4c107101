/** A process the test of the archive kills: it sends an object in parts and stops halfway, its sender's stream still open. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { openFiles } from '../../operator/recovery/store/files.ts';
import { openS3 } from '../../operator/recovery/store/s3.ts';

const [, , address = '', key = ''] = process.argv;
const MB = 1 << 20;
/** More than the two parts that are held, so that the first one is sent. */
const SENT = 16;

async function* halfway(): AsyncGenerator<Buffer> {
  for (let n = 0; n < SENT; n++) yield randomBytes(MB);
  process.send?.('halfway');
  await new Promise(() => undefined);
}

// A stream that waits keeps no process alive.
setInterval(() => undefined, 60_000);
const store = address.startsWith('s3:') ? openS3(address, { partBytes: 5 * MB }) : openFiles(address);
await store.put(key, Readable.from(halfway(), { objectMode: false }));
