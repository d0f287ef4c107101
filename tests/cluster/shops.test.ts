/**
 * ShopMind on a real cluster, as an administrator installs it: printed manifests, kubectl, the operator under its own account with
 * exactly its permissions, three sample shops in real Pods, and a shopper who pays.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { text } from 'node:stream/consumers';
import type { KubeObject } from '../../operator/kube/types.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Client } from '../../operator/kube/client.ts';
import { deployments, namespaces, pods } from '../../operator/kube/resources.ts';
import { shopAt, type Shop } from '../support/shop.ts';
import { buy, type Purchase } from '../support/shopper.ts';
import { until } from '../support/wait.ts';
import { program } from './binaries.ts';
import { blobsIn, BLOBS_CLAIM, dataPlane } from './data-plane.ts';
import { openTarget, whyNoTarget, type Target } from './target.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const SYSTEM = 'shopmind-system';
const SHOPS = ['acme', 'fjord', 'sakura'];
const WORKLOADS = ['operator', 'gateway', 'runtime', 'storefront'];
/** The Service `gateway-public` and the gateway itself. */
const PORTS = { publicPort: 80, gatewayPort: 8080 };

describe('ShopMind on a real cluster', { skip: whyNoTarget() ?? false }, () => {
  let target: Target;
  let client: Client;
  let gateway: { readonly address: string; readonly port: number };
  const shopOf = (host: string): Shop => shopAt(gateway.port, host, gateway.address);

  before(async () => {
    target = await openTarget();
    client = target.client;
    const present = await client.find(namespaces, { name: SYSTEM });
    assert.equal(
      present,
      undefined,
      `this cluster has a namespace ${SYSTEM} already: these tests would take it out`,
    );
  });
  after(async () => {
    await target?.close();
  });

  test('installs from what `shopmind install` prints, and every Pod becomes ready', async (context) => {
    const { registry, tag, pullPolicy } = target.images;
    const values = [
      `image.registry=${registry}`,
      `image.tag=${tag}`,
      `image.pullPolicy=${pullPolicy}`,
      'gateway.forwardedProto=http',
      'storefront.paymentsPublicOrigin=http://pay.localhost',
      ...(target.sharedFolder === undefined ? [] : [`blobs.claim=${BLOBS_CLAIM}`]),
    ];
    await kubectlApply(await shopmind('install', '--crds-only'));
    const manifests = await shopmind('install', '--no-crds', '--set', ...values);
    // The same runtime, with the catalogues to import in it: nothing outside this cluster is reached.
    await kubectlApply(manifests.replaceAll('shopmind/runtime:', 'shopmind/samples:'));
    await applyAll(dataPlane({ ...PORTS, ...target, node: target.nodes.at(-1)?.name }));
    const began = performance.now();
    for (const name of WORKLOADS) await available(name);
    context.diagnostic(`every Pod ready after ${seconds(began)}`);
    gateway = await target.reachGateway();
  });

  test('the three sample shops become Ready with real Pods', async (context) => {
    const began = performance.now();
    for (const shop of SHOPS) await kubectl(['apply', '-f', join(root, `tenants/${shop}/tenant.yaml`)]);
    if (target.sharedFolder !== undefined) {
      const name = 'tenant-fjord';
      await until(() => client.find(namespaces, { name }), { withinMs: 60_000, what: `namespace ${name}` });
      await applyAll(blobsIn(name, target.sharedFolder));
    }
    await kubectl(['wait', '--for=condition=Ready', 'shopmindtenants', ...SHOPS, '--timeout=240s']);
    context.diagnostic(`three shops Ready after ${seconds(began)}`);
    const running = await client.listAll(pods, { labelSelector: 'app.kubernetes.io/managed-by=shopmind' });
    for (const pod of running.items) {
      assert.equal(pod.status?.phase, 'Running', pod.metadata.name);
      assert.ok(pod.spec?.nodeName, 'on a node');
    }
    const { items } = await client.listAll(pods, { namespace: 'tenant-fjord' });
    assert.ok(items.length > 0, 'a dedicated shop has Pods of its own');
  });

  test('every replica of the gateway knows every shop', async (context) => {
    if (target.nodes.length === 0) return context.skip("this cluster's Pods are not reached from here");
    const labelSelector = 'app.kubernetes.io/name=gateway';
    const { items } = await client.listAll(pods, { namespace: SYSTEM, labelSelector });
    assert.equal(items.length, 2);
    for (const { metadata, status } of items) {
      for (const host of [...SHOPS, 'pay'].map((name) => `${name}.localhost`)) {
        const ask = shopAt(PORTS.gatewayPort, host, status?.podIP);
        const known = async (): Promise<true | undefined> =>
          (await ask('GET', '/')).status === 200 || undefined;
        await until(known, { withinMs: 60_000, what: `${metadata.name} knows ${host}` });
      }
    }
  });

  for (const shop of SHOPS) {
    test(`a shopper of ${shop} pays, through the gateway of the cluster`, async () => {
      const browse = shopOf(`${shop}.localhost`);
      const bought = await purchase(shop);
      assert.equal(bought.outcome, 'paid', bought.last);
      const order = await until(() => confirmedOrder(browse, bought), {
        withinMs: 60_000,
        what: `order ${bought.orderId} of ${shop} is confirmed`,
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

  test('a node is drained while shoppers buy: the gateway answers all the time, and each of them pays', async (context) => {
    const [node] = target.nodes;
    if (node === undefined) return context.skip('the nodes of this cluster are not ours to drain');
    const edge = watchEdge(context, shopOf('acme.localhost'));
    const buying = Promise.all(SHOPS.map((shop) => purchase(shop)));
    // The data plane keeps its data in Pods of the other node.
    await kubectl(['drain', node.name, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=180s']);
    await kubectl(['uncordon', node.name]);
    assert.deepEqual(
      (await buying).map(({ outcome }) => outcome),
      SHOPS.map(() => 'paid'),
    );
    const { asked, unanswered } = await edge.stop();
    context.diagnostic(`the gateway was asked ${asked} times`);
    assert.ok(asked > 0);
    assert.deepEqual(unanswered, []);
  });

  test('a node dies under the operator, the gateway and the shops: all of it comes back on the other', async (context) => {
    const [victim, survivor] = target.nodes;
    if (victim === undefined || survivor === undefined)
      return context.skip('the nodes of this cluster are not ours to kill');
    // Everything but the data plane moves to the node that is about to die.
    await kubectl(['cordon', survivor.name]);
    for (const name of WORKLOADS) await kubectl(['-n', SYSTEM, 'rollout', 'restart', `deployment/${name}`]);
    for (const name of WORKLOADS) await available(name, { on: victim.name });
    await kubectl(['uncordon', survivor.name]);
    const began = performance.now();
    await victim.machine.switchOff();
    for (const name of WORKLOADS) await available(name, { on: survivor.name });
    context.diagnostic(`everything is back ${seconds(began)} after the plug was pulled`);
    for (const shop of SHOPS) assert.equal((await purchase(shop)).outcome, 'paid');
    // As an administrator does with a machine that will not come back: only then are its Pods known to be gone.
    await kubectl(['delete', 'node', victim.name]);
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

  async function purchase(name: string): Promise<Purchase> {
    const shop = shopOf(`${name}.localhost`);
    const variantId = await until(() => someVariant(shop), {
      withinMs: 120_000,
      what: `a product of ${name}`,
    });
    return buy({ shop, processor: shopOf('pay.localhost'), variantId, patienceMs: 120_000 });
  }

  async function shopmind(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, ['operator/plugin/shopmind.mjs', ...args], {
      cwd: root,
      env: { ...process.env, KUBECONFIG: target.kubeconfig },
      maxBuffer: 1 << 26,
    });
    return stdout;
  }

  async function kubectl(args: readonly string[], input = ''): Promise<string> {
    const child = spawn(await program('kubectl'), [`--kubeconfig=${target.kubeconfig}`, ...args]);
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

  async function applyAll(items: readonly KubeObject[]): Promise<void> {
    await kubectlApply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  /** Resolves when every replica of the current revision is ready, on one node where that is said. */
  async function available(name: string, { on }: { readonly on?: string } = {}): Promise<void> {
    const ref = { namespace: SYSTEM, name };
    await until(
      async () => {
        const deployment = await client.find(deployments, ref);
        const { readyReplicas, updatedReplicas, replicas, observedGeneration } = deployment?.status ?? {};
        const wanted = deployment?.spec?.replicas;
        const settled = [readyReplicas, updatedReplicas, replicas].every((count) => count === wanted);
        if (deployment === undefined || !settled || observedGeneration !== deployment.metadata.generation)
          return undefined;
        if (on === undefined) return true;
        const labelSelector = Object.entries(deployment.spec?.selector.matchLabels ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(',');
        const { items } = await client.listAll(pods, { namespace: SYSTEM, labelSelector });
        // Of a dead node nobody hears that a Pod has ended; that it is to end is all that will ever be known.
        const kept = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        return kept.every(({ spec }) => spec?.nodeName === on) || undefined;
      },
      {
        withinMs: 240_000,
        everyMs: 250,
        what: `Deployment ${name} is ready${on === undefined ? '' : ` on ${on}`}`,
      },
    );
  }
});

/** Asks the gateway again and again, each time anew, as balancers and browsers do. */
function watchEdge(
  context: TestContext,
  shop: Shop,
): { stop(): Promise<{ asked: number; unanswered: string[] }> } {
  let stopped = false;
  context.after(() => void (stopped = true));
  const agent = new Agent({ keepAlive: false });
  const watching = (async () => {
    const unanswered: string[] = [];
    let asked = 0;
    while (!stopped) {
      asked += 1;
      // Whatever it says of what is behind it: it is there.
      await shop('GET', '/api/catalog/products?limit=1', { agent }).catch((error: unknown) =>
        unanswered.push(String(error)),
      );
      await pause(100);
    }
    return { asked, unanswered };
  })();
  return {
    stop() {
      stopped = true;
      return watching;
    },
  };
}

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
