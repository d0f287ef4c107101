/** Uploads under kill -9: what was begun is finished by asking again, or gone when its time is over; nothing is half there. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { globSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { endOf, kill } from '../../../tests/support/ended.ts';
import { own, ownFolder } from '../../../tests/support/owned.ts';
import { freePort } from '../../../tests/support/port.ts';
import { until } from '../../../tests/support/wait.ts';
import { ADMIN_KEY, ADMIN_SECRETS, send } from '../../host/testing.ts';
import { photograph } from '../../platform/pictures/testing/pictures.ts';
import { media } from './definition.ts';
import type { BegunUpload, Upload, Usage } from './schemas.ts';

let database: TestDatabase;
let runtime: { readonly child: ChildProcess; readonly port: number };
const folder = ownFolder('killed');

before(async () => {
  database = await startTestDatabase([media]);
  await database.addTenant({ id: 'acme', domains: ['media'] }, ADMIN_SECRETS);
  runtime = await startRuntime();
});
after(async () => {
  runtime.child.kill('SIGKILL');
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function startRuntime(): Promise<typeof runtime> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [fileURLToPath(new URL('../../host/main.ts', import.meta.url))], {
    stdio: 'ignore',
    env: {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      DATABASE_URL: database.url,
      SECRETS_KEY: database.secretsKey,
      SHOPMIND_DOMAINS: 'media',
      BLOBS_URL: pathToFileURL(`${folder}/`).href,
    },
  });
  own(child);
  await until(async () => (await send(adminPort, 'x', 'GET', '/readyz')).status === 200 || undefined, {
    withinMs: 60_000,
    what: 'the runtime is ready',
    hopeless: () => endOf(child),
  });
  return { child, port };
}

async function killAndStart(): Promise<void> {
  await kill(runtime.child);
  runtime = await startRuntime();
}

const ask = (method: string, path: string, json?: unknown) =>
  send(runtime.port, 'acme.localhost', method, `/api/admin/media/${path}`, {
    ...(json === undefined ? {} : { json }),
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });

const begin = async (size: number): Promise<BegunUpload> =>
  (await ask('POST', 'uploads', { name: 'a.jpg', contentType: 'image/jpeg', size })).json<BegunUpload>();

const put = ({ destination }: BegunUpload, body: Buffer) =>
  send(runtime.port, 'acme.localhost', 'PUT', destination.url, { body, headers: destination.headers });

const finish = async ({ id }: BegunUpload): Promise<Upload> =>
  (await ask('POST', `uploads/${id}/finish`)).json<Upload>();

const seen = (condition: string) =>
  until(
    async () =>
      ((await database.admin.query(`SELECT 1 FROM shop.${condition}`)).rowCount ?? 0) > 0 || undefined,
    { withinMs: 30_000, everyMs: 1, what: condition },
  );

/** Objects there are. */
const objects = (bucket: string): string[] => globSync(`acme/${bucket}/**/*.blob`, { cwd: folder });

async function isConsistent(assets: number): Promise<void> {
  const { rows } = await database.admin.query<{ bytes: number; reserved: number }>(
    `SELECT (SELECT coalesce(sum(size), 0) FROM shop.media_assets)::int AS bytes,
       (SELECT coalesce(sum(size), 0) FROM shop.media_uploads WHERE state = 'pending')::int AS reserved`,
  );
  const { bytes, reserved, ...usage } = (await ask('GET', 'usage')).json<Usage>();
  assert.deepEqual({ assets: usage.assets, bytes, reserved }, { assets, ...rows[0] });
  assert.equal(objects('originals').length, assets);
}

test('killed while bytes come in, nothing has come; they can be sent again', async () => {
  const body = await photograph(600, 400);
  const upload = await begin(body.length);
  const socket = connect(runtime.port, '127.0.0.1').resume();
  socket.on('error', () => undefined);
  socket.write(
    `PUT ${upload.destination.url} HTTP/1.1\r\nhost: acme.localhost\r\ncontent-type: image/jpeg\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  socket.write(body.subarray(0, body.length >> 1));
  await until(() => globSync('_drafts/*', { cwd: folder }).length > 0 || undefined, {
    withinMs: 30_000,
    what: 'half of it is being written',
  });
  await killAndStart();
  assert.deepEqual(objects('uploads'), []);
  assert.equal((await ask('POST', `uploads/${upload.id}/finish`)).status, 409);
  assert.equal((await put(upload, body)).status, 204);
  assert.equal((await finish(upload)).state, 'ready');
  assert.deepEqual(objects('uploads'), []);
  await isConsistent(1);
});

test('killed while it is examined and kept, at any step, finishing it again finishes it once', async () => {
  const steps = [
    // Sent, and being decoded.
    undefined,
    // Decoded, and about to be copied.
    'media_uploads WHERE id = $ AND content IS NOT NULL',
    // In the library, and what was sent not yet removed.
    `media_uploads WHERE id = $ AND state = 'ready'`,
  ];
  let assets = 1;
  for (const [index, step] of steps.entries()) {
    const body = await photograph(900 + index, 700);
    const upload = await begin(body.length);
    assert.equal((await put(upload, body)).status, 204);
    const lost = finish(upload).catch(() => undefined);
    if (step !== undefined) await seen(step.replace('$', `'${upload.id}'`));
    await killAndStart();
    await lost;
    assert.equal((await finish(upload)).state, 'ready', step ?? 'at once');
    assets++;
    await isConsistent(assets);
  }
});

test('of an upload that nobody finishes after that, nothing stays', async () => {
  const body = await photograph(1_000, 800);
  const upload = await begin(body.length);
  await put(upload, body);
  const lost = finish(upload).catch(() => undefined);
  await seen(`media_uploads WHERE id = '${upload.id}' AND content IS NOT NULL`);
  await kill(runtime.child);
  await lost;
  // As if its time were over.
  await database.admin.query(`UPDATE shop.media_uploads SET expires_at = now() WHERE id = $1`, [upload.id]);
  await database.admin.query(`UPDATE shop.tasks SET run_at = now() WHERE key = $1`, [upload.id]);
  runtime = await startRuntime();
  await seen(`media_uploads WHERE id = '${upload.id}' AND state <> 'pending'`);
  // Only its own: one of above that was killed just before the end has its time still to come.
  await until(() => !objects('uploads').some((path) => path.includes(upload.id)) || undefined, {
    withinMs: 30_000,
    what: 'what was sent is gone',
  });
  const { rows } = await database.admin.query<{ count: number }>(
    `SELECT count(*)::int FROM shop.media_assets`,
  );
  await until(() => objects('originals').length === rows[0]?.count || undefined, {
    withinMs: 30_000,
    what: 'what was copied is gone, or shown',
  });
  await isConsistent(rows[0]?.count ?? 0);
});
