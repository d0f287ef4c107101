/** The domain that docs/domains.md writes, taken from the page as it stands and hosted: who follows the page gets what it promises. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { accounts } from './accounts/definition.ts';
import { newCustomer } from './accounts/testing/customers.ts';
import { SERVICES } from './services.ts';
import { startTestHost } from '../host/testing.ts';
import type { DomainDefinition } from '../platform/definition.ts';
import type { CreateService } from '../platform/domain.ts';
import { startTestDatabase } from '../../tests/support/database.ts';
import { ownFolder } from '../../tests/support/owned.ts';

const root = join(import.meta.dirname, '../..');

/** Writes the page's files below a folder of its own, where imports of the platform and of packages still lead to ours. */
function written(): string {
  const page = readFileSync(join(root, 'docs/domains.md'), 'utf8');
  const folder = ownFolder('domain');
  for (const [, name = '', text = ''] of page.matchAll(
    /`(?:runtime\/domains\/notes\/)?([\w./-]+)`:[^\n]*\n\n```\w+\n(.*?)^```/gms,
  )) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    const ours = text
      .replaceAll("'../../platform/", `'${pathToFileURL(join(root, 'runtime/platform')).href}/`)
      .replaceAll("'zod'", `'${import.meta.resolve('zod')}'`);
    writeFileSync(file, ours);
  }
  return folder;
}

test('the domain of docs/domains.md keeps notes, each customer’s own, once for each key', async (context) => {
  const folder = written();
  const load = async <Module>(name: string): Promise<Module> =>
    (await import(pathToFileURL(join(folder, name)).href)) as Module; // the page says so, and what follows finds out
  const { notes } = await load<{ notes: DomainDefinition }>('definition.ts');
  const database = await startTestDatabase([accounts, notes]);
  context.after(() => database.stop());
  for (const id of ['acme', 'other']) await database.addTenant({ id, domains: ['accounts', 'notes'] });
  const shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['accounts', 'notes'] },
    { services: { ...SERVICES, notes: () => load<{ createService: CreateService }>('service.ts') } },
  );
  context.after(() => shop.stop());
  const { token } = await newCustomer(shop, 'acme', 'ada@example.org');
  const { token: neighbour } = await newCustomer(shop, 'acme', 'bob@example.org');
  const { token: elsewhere } = await newCustomer(shop, 'other', 'ada@example.org');

  const write = (key: string, text: string) =>
    shop.call('acme', 'POST', '/api/notes/notes', {
      json: { text },
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
    });
  const list = async (tenant: string, of: string) =>
    (await shop.call(tenant, 'GET', '/api/notes/notes', { headers: { authorization: `Bearer ${of}` } }))
      .json<{ notes: { text: string }[] }>()
      .notes.map(({ text }) => text);

  const first = await write('note-0001', ' Buy a kite ');
  assert.equal(first.status, 201, first.text);
  const again = await write('note-0001', ' Buy a kite ');
  assert.equal(again.text, first.text);
  assert.equal((await write('note-0002', '')).status, 400);
  assert.deepEqual(await list('acme', token), ['Buy a kite']);
  assert.deepEqual(await list('acme', neighbour), []);
  assert.deepEqual(await list('other', elsewhere), []);
  assert.equal((await shop.call('acme', 'GET', '/api/notes/notes')).status, 401);
});
