/** ipx, which does the same for Nuxt and others with the same decoder: files of a folder, painted for each request anew. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ownFolder } from '../../support/owned.ts';
import { freePort } from '../../support/port.ts';
import { installed, serving } from '../api/packages.ts';
import { onceEach, renditions, type Contestant, type Wanted } from './contestant.ts';

const VERSION = '3.1.1';

export async function startIpx(pictures: readonly Buffer[]): Promise<Contestant> {
  const packages = await installed({ name: `ipx-${VERSION}`, dependencies: { ipx: VERSION } });
  const folder = ownFolder('ipx-bench');
  const nameOf = (picture: number): string => `${picture}.jpg`;
  await Promise.all(pictures.map((bytes, at) => writeFile(join(folder, nameOf(at)), bytes)));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const server = await serving(join(packages, 'node_modules/ipx/bin/ipx.mjs'), {
    args: ['serve', '--dir', folder],
    folder,
    env: { PORT: String(port), HOST: '127.0.0.1' },
    url: `${origin}/w_16/${nameOf(0)}`,
  });
  const wanted = onceEach(renditions(pictures.length));
  const pathOf = ({ picture, width, quality }: Wanted): string =>
    `/w_${width},f_webp,q_${quality}/${nameOf(picture)}`;
  return {
    name: `ipx ${VERSION}`,
    origin,
    servers: { ipx: server.pid() },
    cold: async (ask) => void (await ask('rendition', { path: pathOf(wanted.next()) })),
    async stop() {
      await server.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
