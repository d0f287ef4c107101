/**
 * One installation through its life: refused starts, rest without writes, Ctrl-C and resumption, kill -9 and recovery.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { clusterOf } from '../support/cluster.ts';
import { removeInstallation, startInstallation, type Installation } from '../support/installation.ts';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { processes, processTree } from '../support/processes.ts';
import { buy } from '../support/shopper.ts';
import { until } from '../support/wait.ts';

const root = join(import.meta.dirname, '../..');
const REST_MS = 60_000;

let installation: Installation;
let paid: { readonly orderId: string; readonly token: string };

before(async () => {
  installation = await startInstallation({ storefront: false });
  await installation.event('tenants', 120_000);
});
after(() => removeInstallation(installation));

test('an order is bought, to be found again later', async () => {
  const shop = installation.shop('sakura.localhost');
  const { products } = (await shop('GET', '/api/catalog/products?limit=1')).json<{
    products: readonly { handle: string }[];
  }>();
  const product = (await shop('GET', `/api/catalog/products/${products[0]?.handle}`)).json<{
    variants: readonly { id: string }[];
  }>();
  const variantId = product.variants[0]?.id;
  assert.ok(variantId !== undefined);
  const purchase = await buy({ shop, processor: installation.shop('pay.localhost'), variantId });
  assert.equal(purchase.outcome, 'paid', purchase.last);
  assert.ok(purchase.orderId !== undefined && purchase.token !== undefined);
  paid = { orderId: purchase.orderId, token: purchase.token };
  await confirmed();
});

test(`the operator writes nothing for ${REST_MS / 1000} s of rest`, async (context) => {
  const began = await writes();
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const ended = await writes();
  const grown = [...ended]
    .map(([what, count]): [string, number] => [what, count - (began.get(what) ?? 0)])
    .filter(([, more]) => more > 0);
  // Not the operator's work: Leases say who leads and which node lives, and the cluster's autoscaler notes what it measured.
  // Once a minute the operator reads what its webhooks' certificates need, which is no write.
  const work = grown.filter(
    ([what]) =>
      !what.includes('coordination.k8s.io/leases') &&
      !what.includes('"shopmind-embedded"') &&
      !/verb="(get|list|watch)"/.test(what),
  );
  context.diagnostic(`writes of others: ${JSON.stringify(grown.filter((one) => !work.includes(one)))}`);
  assert.deepEqual(work, []);
});

test('Ctrl-C ends every process, and the next start has all data', async () => {
  const tree = await processTree(installation.pid);
  assert.ok(tree.length > 5);
  assert.equal(await installation.stop(), 0);
  await until(async () => ((await alive(tree)).length === 0 ? true : undefined), {
    withinMs: 60_000,
    what: 'every process has gone',
  });
  installation = await startInstallation({
    dataDir: installation.dataDir,
    port: installation.port,
    storefront: false,
  });
  await installation.event('tenants', 60_000);
  await confirmed();
});

test('kill -9 of the foreground process leaves no orphan behind the next start, and loses nothing', async () => {
  const tree = await processTree(installation.pid);
  await installation.kill();
  installation = await startInstallation({
    dataDir: installation.dataDir,
    port: installation.port,
    storefront: false,
  });
  await installation.event('tenants', 60_000);
  assert.deepEqual(await alive(tree), []);
  await confirmed();
});

test('a second start on the same folder is refused', async () => {
  const { code, stderr } = await startAndFail(
    '--data',
    installation.dataDir,
    '--port',
    String(await freePort()),
  );
  assert.equal(code, 69);
  assert.match(stderr, /another `shopmind start` \(process \d+\) uses/);
});

test('a used port is refused before anything is made', async () => {
  const dir = ownFolder('refused');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const { code, stderr } = await startAndFail('--data', dir, '--port', String(address.port));
  server.close();
  assert.equal(code, 69);
  assert.match(stderr, new RegExp(`port ${address.port} on 127\\.0\\.0\\.1 is already in use`));
  assert.match(stderr, /--port/);
  assert.deepEqual(await readdir(dir), []);
  await rm(dir, { recursive: true });
});

const TENANT = (spec: string): string => `apiVersion: shopmind.ai/v1beta1
kind: ShopMindTenant
metadata:
  name: broken
spec:
  displayName: Broken
${spec}
`;

const BROKEN: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  ['YAML that is none', TENANT('  hosts: [a.localhost'), /broken\.yaml:\d+:\d+: /],
  [
    'a host in capitals',
    TENANT('  hosts:\n    - good.localhost\n    - BAD'),
    /broken\.yaml:9: spec\.hosts\[1\]: /,
  ],
  ['a field nobody knows', TENANT('  hosts: [a.localhost]\n  colour: red'), /broken\.yaml:8: .*spec\.colour/],
  [
    'an unknown plan',
    TENANT('  hosts: [a.localhost]\n  plan: gold'),
    /broken\.yaml:8: spec\.plan: Unsupported value: "gold"/,
  ],
];

for (const [what, text, said] of BROKEN) {
  test(`${what} is refused naming file, line and field, and nothing is applied`, async () => {
    const dir = ownFolder('broken');
    await writeFile(join(dir, 'broken.yaml'), text);
    const { code, stderr } = await startAndFail(
      '--data',
      join(dir, 'data'),
      '--port',
      String(await freePort()),
      '--tenants',
      join(dir, 'broken.yaml'),
      '--no-storefront',
    );
    assert.equal(code, 65, stderr);
    assert.match(stderr, said);
    await rm(dir, { recursive: true, force: true });
  });
}

async function confirmed(): Promise<void> {
  const shop = installation.shop('sakura.localhost');
  await until(
    async () => {
      const answer = await shop('GET', `/api/orders/${paid.orderId}?token=${paid.token}`);
      return answer.status === 200 && answer.json<{ status: string }>().status === 'confirmed'
        ? true
        : undefined;
    },
    { withinMs: 60_000, what: `order ${paid.orderId} is confirmed` },
  );
}

/** Writes counted at the API server, by verb, resource and client. */
async function writes(): Promise<Map<string, number>> {
  const client = await clusterOf(installation);
  const text = await client.raw('GET', '/metrics');
  client.close();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, number] => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' '))),
    ]),
  );
}

async function alive(tree: readonly { pid: number; command: string }[]): Promise<string[]> {
  const now = await processes();
  return tree
    .filter(({ pid, command }) => now.some((one) => one.pid === pid && one.command === command))
    .map(({ command }) => command);
}

function startAndFail(...args: string[]): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['operator/plugin/shopmind.mjs', 'start', ...args],
      { cwd: root, timeout: 60_000 },
      (_error, _stdout, stderr) => resolve({ code: child.exitCode, stderr }),
    );
  });
}
