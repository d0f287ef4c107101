/**
 * Loaded into every contestant whose connections are weighed: asked by SIGUSR2, it collects its garbage and writes what it holds then to
 * the file WEIGHT. Needs `--expose-gc`.
 */
import { rename, writeFile } from 'node:fs/promises';

process.on('SIGUSR2', async () => {
  // The second takes what finalizers of the first let go.
  globalThis.gc();
  globalThis.gc();
  const file = process.env.WEIGHT;
  await writeFile(`${file}.part`, JSON.stringify(process.memoryUsage()));
  await rename(`${file}.part`, file);
});
