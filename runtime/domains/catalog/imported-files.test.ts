/** Files sent to be imported: kept while they come, whole or not at all, and gone when nobody needs them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { request, type ClientRequest } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { ownFolder } from '../../../tests/support/owned.ts';
import { until } from '../../../tests/support/wait.ts';
import type { AuditPage } from '../../host/definition.ts';
import { ADMIN_KEY, ADMIN_SECRETS, startTestHost, type TestHost } from '../../host/testing.ts';
import type { Clock } from '../../platform/ports.ts';
import { catalog } from './definition.ts';
import { createImportedFiles, type ImportedFiles } from './imported-files.ts';
import type { ImportReport } from './schemas.ts';

let database: TestDatabase;
let shop: TestHost;
let files: ImportedFiles;
const folder = ownFolder('imported-files');
/** How far the shop's clock is ahead. */
let ahead = 0;
const clock: Clock = { now: () => new Date(Date.now() + ahead) };
const MINUTE = 60_000;

before(async () => {
  database = await startTestDatabase([catalog]);
  await database.addTenant({ id: 'acme', domains: ['catalog'] }, ADMIN_SECRETS);
  shop = await startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: ['catalog'],
      blobsUrl: pathToFileURL(`${folder}/`).href,
    },
    { clock },
  );
  files = createImportedFiles(shop.host.platform);
});
after(async () => {
  await shop.stop();
  await database.stop();
});

const kept = (): string[] => filesIn(join(folder, 'acme', 'imports'));
const drafts = (): string[] => filesIn(join(folder, '_drafts'));

function filesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

const count = async (what: string): Promise<number> =>
  (await database.admin.query<{ count: number }>(`SELECT count(*)::int AS count FROM shop.${what}`)).rows[0]
    ?.count ?? 0;

const HEAD = 'Handle,Title,Variant Price\n';
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, n) => `p-${from + n},${'Tent '.repeat(40)}${from + n},1.00\n`).join(
    '',
  );

/** Sends as much as it is told to. */
function begin(): { readonly sending: ClientRequest; readonly answer: Promise<ImportReport> } {
  const sending = request({
    host: '127.0.0.1',
    port: shop.port,
    method: 'POST',
    path: '/api/admin/catalog/imports',
    headers: {
      host: 'acme.localhost',
      authorization: `Bearer ${ADMIN_KEY}`,
      'content-type': 'text/csv',
    },
  });
  const answer = new Promise<ImportReport>((resolve, reject) => {
    sending.once('error', reject);
    sending.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString()) as ImportReport)); // its schema is checked by the host
    });
  });
  return { sending, answer };
}

const finished = (id: string): Promise<ImportReport> =>
  until(
    async () => {
      const answer = await shop.merchant('acme', 'GET', `/api/admin/catalog/imports/${id}`);
      const report = answer.json<ImportReport>();
      return report.finishedAt === null ? undefined : report;
    },
    { withinMs: 30_000, everyMs: 20, what: 'the import is over' },
  );

const written = (bytes: number): Promise<true> =>
  until(
    () => {
      const [draft] = drafts();
      const size = draft === undefined ? 0 : statSync(join(folder, '_drafts', draft)).size;
      return Promise.resolve(size >= bytes || undefined);
    },
    { withinMs: 30_000, everyMs: 5, what: `${bytes} bytes are written` },
  );

test('a file is written while it comes, imported when it is whole, and then removed; the audit log knows it by its hash', async () => {
  const [first, second] = [HEAD + rows(0, 1_000), rows(1_000, 1_500)];
  const { sending, answer } = begin();
  sending.write(first);
  await written(150_000);
  assert.equal(await count('catalog_imports'), 0, 'nothing is imported of a part');
  sending.end(second);
  const hash = createHash('sha256')
    .update(first + second)
    .digest('hex');
  const report = await finished((await answer).id);
  assert.deepEqual([report.state, report.products.created, report.contentHash], ['succeeded', 1_500, hash]);
  await until(() => Promise.resolve(kept().length === 0 || undefined), {
    withinMs: 30_000,
    what: 'the file is gone',
  });
  const { entries } = (await shop.merchant('acme', 'GET', '/api/admin/audit')).json<AuditPage>();
  assert.ok(entries.some(({ outcome, digest }) => outcome === '202' && digest === hash));
});

test('what breaks off is not imported, and nothing of it is kept', async () => {
  const before = await count('catalog_imports');
  const { sending, answer } = begin();
  sending.write(HEAD + rows(0, 1_000));
  await written(150_000);
  sending.destroy();
  await assert.rejects(answer);
  await until(() => Promise.resolve(drafts().length === 0 || undefined), {
    withinMs: 30_000,
    what: 'the draft is gone',
  });
  assert.deepEqual(kept(), []);
  assert.equal(await count('catalog_imports'), before);
});

test('the same file sent again is answered by its import, and kept once at most', async () => {
  const body = `${HEAD}same,Same,1.00\n`;
  const send = () =>
    shop.merchant('acme', 'POST', '/api/admin/catalog/imports', {
      body,
      headers: { 'content-type': 'text/csv' },
    });
  const { id } = await finished((await send()).json<ImportReport>().id);
  assert.equal((await send()).json<ImportReport>().id, id);
  await until(() => Promise.resolve(kept().length === 0 || undefined), {
    withinMs: 30_000,
    what: 'both files are gone',
  });
});

test('a file that is refused once it is read is removed as well', async () => {
  const answer = await shop.merchant('acme', 'POST', '/api/admin/catalog/imports', {
    body: 'Name,Price\nx,1\n',
    headers: { 'content-type': 'text/csv' },
  });
  assert.equal((await finished(answer.json<ImportReport>().id)).state, 'failed');
  await until(() => Promise.resolve(kept().length === 0 || undefined), {
    withinMs: 30_000,
    what: 'the file is gone',
  });
});

test('a file whose process was killed before it wrote an import down is removed when its time is over, and no other', async () => {
  for (const id of ['imp_left', 'imp_claimed'])
    await files.keep('acme', id, Readable.from([Buffer.from(HEAD)], { objectMode: false }));
  await database.admin.query(
    `INSERT INTO shop.catalog_imports (tenant_id, id, state, source, content_hash, force, report, created_at)
     VALUES ('acme', 'imp_claimed', 'running', NULL, 'x', false, '{}', now())`,
  );
  const waiting = `tasks WHERE name = 'catalog.drop-import-file' AND payload->>'importId' LIKE 'imp\\_%'`;
  assert.ok((await count(waiting)) >= 2);
  ahead += 21 * MINUTE;
  await until(async () => (await count(waiting)) === 0 || undefined, {
    withinMs: 30_000,
    what: 'the tasks are done',
  });
  assert.deepEqual(kept(), ['imp_claimed.blob']);
  await files.drop('acme', 'imp_claimed');
});

test('who trickles is cut off before the file could be taken for left behind', async () => {
  const trickling = Readable.from(
    (async function* () {
      for (let part = 0; part < 20; part += 1) {
        ahead += MINUTE;
        yield await Promise.resolve(Buffer.from('Handle,'));
      }
    })(),
    { objectMode: false },
  );
  await assert.rejects(files.keep('acme', 'imp_slow', trickling), { code: 'timeout' });
  assert.deepEqual([kept(), drafts()], [[], []]);
});
