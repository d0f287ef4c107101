/**
 * ShopMind on a real cluster, as an administrator installs it: printed manifests, kubectl, the operator under its own account with
 * exactly its permissions, three sample shops in real Pods, and a shopper who pays.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import type { Client } from '../../operator/kube/client.ts';
import { deployments, namespaces, pods, services } from '../../operator/kube/resources.ts';
import { shopAt, type Shop } from '../support/shop.ts';
import { buy } from '../support/shopper.ts';
import { until } from '../support/wait.ts';
import { program } from './binaries.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { dataPlane } from './data-plane.ts';
import { SHOP_IMAGES } from './images.ts';
import { whyNoMachines } from './machines.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const SYSTEM = 'shopmind-system';
const SHOPS = ['acme', 'fjord', 'sakura'];
/** The Service `gateway-public` and the gateway itself. */
const PORTS = { publicPort: 80, gatewayPort: 8080 };

describe('ShopMind on a real cluster', { skip: whyNoMachines() ?? false }, () => {
  let cluster: Cluster;
  let client: Client;
  let gateway: string;
  const shopOf = (host: string): Shop => shopAt(PORTS.publicPort, host, gateway);

  before(async () => {
    cluster = await startCluster();
    client = cluster.client;
    await cluster.addImages(SHOP_IMAGES);
  });
  after(async () => {
    await cluster?.stop();
  });

  test('installs from what `shopmind install` prints, and every Pod becomes ready', async (context) => {
    const values = [
      'image.tag=latest',
      'image.pullPolicy=Never',
      'gateway.forwardedProto=http',
      'storefront.paymentsPublicOrigin=http://pay.localhost',
    ];
    await kubectlApply(await shopmind('install', '--crds-only'));
    const manifests = await shopmind('install', '--no-crds', '--set', ...values);
    // The same runtime, with the catalogues to import in it: nothing outside this cluster is reached.
    await kubectlApply(manifests.replaceAll('shopmind/runtime:', 'shopmind/samples:'));
    await kubectlApply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: dataPlane(PORTS) }));
    const began = performance.now();
    for (const name of ['operator', 'gateway', 'runtime', 'storefront']) await available(name);
    context.diagnostic(`every Pod ready after ${seconds(began)}`);
    const { spec } = await client.get(services, { namespace: SYSTEM, name: 'gateway-public' });
    gateway = spec?.clusterIP ?? '';
    assert.match(gateway, /^10\./);
  });

  test('the three sample shops become Ready with real Pods', async (context) => {
    const began = performance.now();
    for (const shop of SHOPS) await kubectl(['apply', '-f', join(root, `tenants/${shop}/tenant.yaml`)]);
    await kubectl(['wait', '--for=condition=Ready', 'shopmindtenants', ...SHOPS, '--timeout=240s']);
    context.diagnostic(`three shops Ready after ${seconds(began)}`);
    const running = await client.listAll(pods, { labelSelector: 'app.kubernetes.io/managed-by=shopmind' });
    for (const pod of running.items) {
      assert.equal(pod.status?.phase, 'Running', pod.metadata.name);
      assert.equal(pod.spec?.nodeName, 'node-1');
    }
    const { items } = await client.listAll(pods, { namespace: 'tenant-fjord' });
    assert.ok(items.length > 0, 'a dedicated shop has Pods of its own');
  });

  for (const shop of SHOPS) {
    test(`a shopper of ${shop} pays, through the gateway of the cluster`, async () => {
      const browse = shopOf(`${shop}.localhost`);
      const variantId = await until(() => someVariant(browse), {
        withinMs: 90_000,
        what: `a product of ${shop}`,
      });
      const purchase = await buy({
        shop: browse,
        processor: shopOf('pay.localhost'),
        variantId,
        patienceMs: 60_000,
      });
      assert.equal(purchase.outcome, 'paid', purchase.last);
      const order = await until(() => confirmedOrder(browse, purchase), {
        withinMs: 60_000,
        what: `order ${purchase.orderId} of ${shop} is confirmed`,
      });
      assert.equal(order.status, 'confirmed');
    });
  }

  test('the pages are served, by Pods that can write nowhere but to their scratch folder', async () => {
    const page = await shopOf('acme.localhost')('GET', '/');
    assert.equal(page.status, 200, page.text.slice(0, 300));
    assert.match(page.text, /Acme Outdoor/);
    const { items } = await client.listAll(pods, { namespace: SYSTEM });
    assert.ok(items.length >= 6);
    for (const pod of items) {
      for (const container of pod.spec?.containers ?? []) {
        assert.equal(container.securityContext?.readOnlyRootFilesystem, true, pod.metadata.name);
        assert.equal(container.securityContext?.allowPrivilegeEscalation, false, pod.metadata.name);
      }
    }
  });

  test('admission refuses what is wrong, called by the API server as a Service', async () => {
    const thief = {
      apiVersion: 'shopmind.ai/v1alpha1',
      kind: 'ShopMindTenant',
      metadata: { name: 'thief' },
      spec: { displayName: 'Thief', hosts: ['acme.localhost'], locales: ['en'], currencies: ['EUR'] },
    };
    const answer = kubectl(['apply', '-f', '-'], JSON.stringify(thief));
    await assert.rejects(answer, /acme\.localhost/);
  });

  test('the operator was refused nothing: its permissions are enough', async () => {
    const log = await kubectl(['-n', SYSTEM, 'logs', '-l', 'app.kubernetes.io/name=operator', '--tail=-1']);
    const refused = log.split('\n').filter((line) => /forbidden|Forbidden/.test(line));
    assert.deepEqual(refused, []);
    assert.ok(log.includes('controllers work'));
  });

  test('shops that are deleted leave nothing, and the installation goes as a whole', async () => {
    await kubectl(['delete', 'shopmindtenants', ...SHOPS, '--timeout=180s']);
    const left = await client.listAll(namespaces, { labelSelector: 'shopmind.ai/tenant' });
    assert.deepEqual(
      left.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
      [],
    );
    await shopmind('uninstall', '--yes');
    await until(
      async () => ((await client.listAll(pods, { namespace: SYSTEM })).items.length === 0 ? true : undefined),
      { withinMs: 90_000, what: `no Pod in ${SYSTEM}` },
    );
  });

  async function shopmind(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, ['operator/plugin/shopmind.mjs', ...args], {
      cwd: root,
      env: { ...process.env, KUBECONFIG: cluster.plane.kubeconfig },
      maxBuffer: 1 << 26,
    });
    return stdout;
  }

  async function kubectl(args: readonly string[], input = ''): Promise<string> {
    const child = spawn(await program('kubectl'), [`--kubeconfig=${cluster.plane.kubeconfig}`, ...args]);
    child.stdin.end(input);
    const [said, complained] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    if (child.exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${complained}`);
    return said;
  }

  function kubectlApply(manifests: string): Promise<string> {
    return kubectl(['apply', '--server-side', '-f', '-'], manifests);
  }

  async function available(name: string): Promise<void> {
    await until(
      async () => {
        const found = await client.find(deployments, { namespace: SYSTEM, name });
        const { readyReplicas = 0, replicas = 0 } = found?.status ?? {};
        return replicas > 0 && readyReplicas === replicas && found?.spec?.replicas === replicas
          ? true
          : undefined;
      },
      { withinMs: 180_000, everyMs: 250, what: `Deployment ${name} is ready` },
    );
  }
});

/** Of a product that is in stock; nothing while the catalogue is not imported. */
async function someVariant(shop: Shop): Promise<string | undefined> {
  const listing = await shop('GET', '/api/catalog/products?limit=10');
  if (listing.status !== 200) return undefined;
  const [first] = listing.json<{ products: readonly { handle: string }[] }>().products;
  if (first === undefined) return undefined;
  const product = await shop('GET', `/api/catalog/products/${first.handle}`);
  return product.json<{ variants: readonly { id: string }[] }>().variants[0]?.id;
}

async function confirmedOrder(
  shop: Shop,
  { orderId, token }: { readonly orderId?: string; readonly token?: string },
): Promise<{ status: string } | undefined> {
  const answer = await shop('GET', `/api/orders/${orderId}?token=${token}`);
  if (answer.status !== 200) return undefined;
  const order = answer.json<{ status: string }>();
  return order.status === 'confirmed' ? order : undefined;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
