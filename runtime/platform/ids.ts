/** Sortable unique ids: UUID version 7 (RFC 9562) behind a readable prefix, always growing within a process. */
import { randomFillSync } from 'node:crypto';
import type { Clock, NewId } from './ports.ts';

/** Makes ids like `ord_0192f4c2a1b07c3d8e9fa0b1c2d3e4f5`. The 12 bits after the time count up within a millisecond. */
export function createNewId(clock: Clock): NewId {
  const random = randomSource(8, 512);
  let lastTime = 0;
  let counter = 0;
  return (prefix) => {
    const now = clock.now().getTime();
    if (now > lastTime) {
      lastTime = now;
      // Starting low leaves room to count up; a full counter borrows from the next millisecond.
      counter = random().readUInt16BE(0) & 0x7ff;
    } else if (++counter > 0xfff) {
      lastTime += 1;
      counter = 0;
    }
    const tail = random();
    tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80;
    const time = lastTime.toString(16).padStart(12, '0');
    const count = (0x7000 | counter).toString(16);
    return `${prefix}_${time}${count}${tail.toString('hex')}`;
  };
}

/** Random bytes taken from a larger draw: one system call serves many ids. */
function randomSource(size: number, draws: number): () => Buffer {
  const pool = Buffer.alloc(size * draws);
  let used = pool.length;
  return () => {
    if (used >= pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}
