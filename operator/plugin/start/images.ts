/**
 * What the embedded cluster runs for each of our images: the same entry the image of that name has.
 */
import { fileURLToPath } from 'node:url';

export interface LocalImage {
  readonly command: readonly string[];
  readonly cwd: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

const ENTRIES = {
  'shopmind/operator': 'operator/main.ts',
  'shopmind/runtime': 'runtime/host/main.ts',
  'shopmind/gateway': 'runtime/gateway/main.ts',
  'shopmind/processor': 'runtime/platform/payments/processor/main.ts',
  'shopmind/postgres': 'operator/embedded/images/postgres.ts',
  'shopmind/recovery': 'operator/plugin/start/recovery.ts',
  'shopmind/storefront': 'web/storefront/main.ts',
} as const;

/** Image name (without tag) to the local command that stands for it. */
export function localImages(): Record<string, LocalImage> {
  return Object.fromEntries(
    Object.entries(ENTRIES).map(([image, entry]) => [
      image,
      { command: [process.execPath, `${root}${entry}`], cwd: root },
    ]),
  );
}
