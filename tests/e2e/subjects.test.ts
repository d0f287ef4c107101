/**
 * A customer asks to see what the shop has of them, and then to be forgotten: by the commands an operator's person has for it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const TENANT = 'sakura';
const EMAIL = 'ada.of.subjects@example.com';

let installation: Installation;
let folder: string;
let customer: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shopmind-subjects-'));
  installation = await startInstallation({ storefront: false });
  await installation.event('tenants', 120_000);
});
after(async () => {
  await removeInstallation(installation);
  await rm(folder, { recursive: true, force: true });
});

test('the archive has what the shop has of the customer', async () => {
  const answer = await installation.shop(`${TENANT}.localhost`)('POST', '/api/accounts/register', {
    json: { email: EMAIL, password: 'a long enough one', firstName: 'Ada', lastName: 'Byron' },
  });
  assert.equal(answer.status, 201, answer.text);
  customer = answer.json<{ customer: { id: string } }>().customer.id;
  const archive = (await shopmind('export', TENANT, '--customer', customer, '--to', folder)).trim();
  const { stdout } = await run('tar', ['-xzOf', archive], { maxBuffer: 1 << 26 });
  assert.match(stdout, new RegExp(EMAIL));
});

test('erased, nobody finds them, and the receipt proves it', async () => {
  const receipt = await shopmind('erase', TENANT, '--customer', customer, '--yes');
  assert.ok(!receipt.includes(EMAIL));
  const file = join(folder, 'receipt.json');
  await writeFile(file, receipt);
  assert.match(await shopmind('receipt', file), /^good: /);
  await writeFile(file, receipt.replace('"count": 1', '"count": 7'));
  await assert.rejects(shopmind('receipt', file), /not good: it was changed after it was signed/);
  await assert.rejects(shopmind('export', TENANT, '--customer', customer, '--to', folder), /has no customer/);
  const login = await installation.shop(`${TENANT}.localhost`)('POST', '/api/accounts/login', {
    json: { email: EMAIL, password: 'a long enough one' },
  });
  assert.equal(login.status, 401, login.text);
});

/** Standard output; a refusal's words are in the error. */
async function shopmind(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['operator/plugin/shopmind.mjs', ...args], {
    cwd: root,
    env: { ...process.env, KUBECONFIG: installation.kubeconfig },
    maxBuffer: 1 << 26,
  }).catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error(`${error.stdout ?? ''}${error.stderr ?? ''}`, { cause: error });
  });
  return stdout;
}
