/**
 * The images the embedded cluster brings itself.
 */
import { fileURLToPath } from 'node:url';
import type { ImageTable } from '../node/images.ts';

const entry = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

export const TEST_IMAGE = 'shopmind/test';
const POSTGRES_IMAGE = 'shopmind/postgres';

/** For tests and conformance. */
export const TEST_IMAGES: ImageTable = {
  [TEST_IMAGE]: { command: [process.execPath, entry('test.ts')] },
};

/** PostgreSQL; as in its usual image, SIGINT is the fast shutdown. */
export const POSTGRES_IMAGES: ImageTable = {
  [POSTGRES_IMAGE]: { command: [process.execPath, entry('postgres.ts')], stopSignal: 'SIGINT' },
};
