/** Ours: a runtime with the media library, its PostgreSQL, and pictures that a merchant has brought. */
import { fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { media } from '../../../runtime/domains/media/definition.ts';
import type { BegunUpload, Upload } from '../../../runtime/domains/media/schemas.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send } from '../../../runtime/host/testing.ts';
import { startTestDatabase } from '../../support/database.ts';
import { kill } from '../../support/ended.ts';
import { own, ownFolder } from '../../support/owned.ts';
import { freePort } from '../../support/port.ts';
import { until } from '../../support/wait.ts';
import { anyOf } from '../api/contestant.ts';
import { onceEach, renditions, type Contestant, type Wanted } from './contestant.ts';

const TENANT = 'acme';
const HEADERS = { host: `${TENANT}.localhost`, accept: 'image/avif,image/webp,*/*' };

export async function startOurs(
  pictures: readonly Buffer[],
): Promise<Contestant & { readonly broughtPerSecond: number }> {
  const folder = ownFolder('bench');
  const database = await startTestDatabase([media]);
  await database.addTenant({ id: TENANT, domains: ['media'] }, ADMIN_SECRETS);
  const [port, adminPort] = [await freePort(), await freePort()];
  const runtime = fork(new URL('../../../runtime/host/main.ts', import.meta.url), {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      POD_IP: '127.0.0.1',
      LOG_LEVEL: 'error',
      SHOPMIND_DOMAINS: 'media',
      DATABASE_URL: database.url,
      SECRETS_KEY: database.secretsKey,
      BLOBS_URL: `file://${folder}/blobs`,
    },
  });
  own(runtime);
  const stop = async (): Promise<void> => {
    await kill(runtime, 'SIGTERM');
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => ((await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok ? true : undefined), {
      withinMs: 60_000,
      what: 'the runtime is ready',
    });
    const began = performance.now();
    const ids: string[] = [];
    for (const picture of pictures) ids.push(await bring(port, picture));
    const broughtPerSecond = (1000 * pictures.length) / (performance.now() - began);
    const wanted = onceEach(renditions(pictures.length));
    const step = ({ picture, width, quality }: Wanted) => ({
      path: `/api/media/${ids[picture] ?? ''}?w=${width}&q=${quality}`,
      headers: HEADERS,
    });
    return {
      name: 'ShopMind',
      origin: `http://127.0.0.1:${port}`,
      servers: { runtime: runtime.pid ?? 0, postgres: database.postgres.pid() },
      cold: async (ask) => void (await ask('rendition', step(wanted.next()))),
      kept: async (ask) => void (await ask('rendition', step(anyOf(wanted.given())))),
      broughtPerSecond,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @returns the picture's id in the library */
async function bring(port: number, picture: Buffer): Promise<string> {
  const merchant = async <T>(path: string, json?: object): Promise<T> => {
    const answer = await send(port, HEADERS.host, 'POST', `/api/admin/media/${path}`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      ...(json === undefined ? {} : { json }),
    });
    if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return answer.json<T>();
  };
  const { id, destination } = await merchant<BegunUpload>('uploads', {
    name: 'photograph.jpg',
    contentType: 'image/jpeg',
    size: picture.length,
  });
  await send(port, HEADERS.host, destination.method, destination.url, {
    body: picture,
    headers: destination.headers,
  });
  const { assetId, refusal } = await merchant<Upload>(`uploads/${id}/finish`);
  if (assetId === null) throw new Error(`a picture was refused: ${JSON.stringify(refusal)}`);
  return assetId;
}
