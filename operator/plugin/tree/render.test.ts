/**
 * What `tree` prints for the troubles people meet: the whole text, so that a change of it is seen.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataPlaneView } from '../data/look.ts';
import { causeReports } from '../status/report.ts';
import { causesText } from '../status/render.ts';
import { tenantTree } from '../tenant/health.ts';
import { PLAIN } from '../terminal/style.ts';
import {
  but,
  condition,
  containerStatus,
  INVENTORY,
  observed,
  platformPod,
  tenant,
  UNREADY,
  warning,
} from '../testing/objects.ts';
import { renderTree } from './render.ts';

const DEDICATED = { placement: 'dedicated' };
const SEEN: DataPlaneView = {
  state: 'seen',
  database: 'postgres.shopmind-system.svc:5432/shopmind',
  via: 'address',
  milliseconds: 1.2,
  citus: false,
  schema: { name: 'tenant_acme', exists: true, tables: 33 },
  role: { name: 'tenant_acme', exists: true, login: true },
  listed: true,
  topics: ['orders.order'],
  pending: [],
};
const WAITING = but(
  condition('Ready', 'False', 'ServicesPending', 'waits for Service tenant-acme/runtime'),
  condition('Reconciling', 'True', 'ServicesPending', 'waits for Service tenant-acme/runtime'),
  condition('ServicesReady', 'False', 'ServicesPending', 'waits for Service tenant-acme/runtime'),
);

test('a tenant that is well has every part in its tree and no cause', () => {
  const tree = tenantTree(observed(tenant('acme', DEDICATED, { inventory: [...INVENTORY] })), SEEN);
  assert.deepEqual(causeReports(tree), []);
  assert.equal(
    renderTree(tree, PLAIN),
    `✓ ShopMindTenant acme  starter · dedicated  Ready: open at http://acme.localhost
├─ ✓ Platform shopmind-system/operator  1/1
│  └─ ✓ Pod shopmind-system/operator-1  1/1 · on node-1
├─ ✓ Phase DataPlaneReady
│  ├─ ✓ Namespace tenant-acme
│  ├─ ✓ Secret tenant-acme/database
│  └─ ✓ Database postgres.shopmind-system.svc:5432/shopmind  answers in 1.2 ms
│     ├─ ✓ Schema tenant_acme  33 tables
│     ├─ ✓ Role tenant_acme  login
│     ├─ ✓ Directory acme
│     └─ ✓ Topics 1  orders.order
├─ ✓ Phase ServicesReady
│  └─ ✓ Service tenant-acme/runtime  orders
│     └─ ✓ Deployment tenant-acme/runtime  1/1 · shopmind/runtime
│        └─ ✓ ReplicaSet tenant-acme/runtime-1a  1/1 · revision 1
│           └─ ✓ Pod tenant-acme/runtime-1a-x  1/1 · on node-1
├─ ✓ Phase RoutesReady
│  └─ ✓ Platform shopmind-system/gateway  1/1
│     └─ ✓ Pod shopmind-system/gateway-1  1/1 · on node-1
└─ ✓ Phase CatalogReady`,
  );
});

test('a wrong image: the Pod is the root cause, its message whole, however long', () => {
  const message = `Failed to pull image "nope:1": ${'because '.repeat(60)}of that`;
  const tree = tenantTree(
    observed(tenant('acme', DEDICATED, { inventory: [...INVENTORY], conditions: [...WAITING] }), {
      phase: 'Pending',
      containerStatuses: [containerStatus({ waiting: { reason: 'ImagePullBackOff', message } })],
    }),
    SEEN,
  );
  const [first, ...others] = causeReports(tree);
  assert.equal(first?.object, 'Pod tenant-acme/runtime-1a-x');
  assert.deepEqual(others, []);
  assert.ok(causesText(causeReports(tree), PLAIN, false).includes(message));
  assert.ok(renderTree(tree, PLAIN).includes(message));
  assert.equal(
    renderTree(tree, PLAIN, true)
      .split('\n')
      .map((line) => line.slice(0, 40))
      .join('\n'),
    `◌ ShopMindTenant acme  starter · dedicat
└─ ◌ Phase ServicesReady  ServicesPendin
   └─ ◌ Service tenant-acme/runtime  ord
      └─ ◌ Deployment tenant-acme/runtim
         └─ ◌ ReplicaSet tenant-acme/run
            └─ ✗ Pod tenant-acme/runtime`,
  );
});

test('a database that is down is the root cause of Pods that are not ready, and its own Pod is deeper still', () => {
  const base = observed(tenant('acme', DEDICATED, { conditions: [...WAITING] }), UNREADY);
  const [pod] = base.pods;
  assert.ok(pod);
  const view: DataPlaneView = {
    state: 'down',
    database: 'postgres.shopmind-system.svc:5432/shopmind',
    message: 'Service shopmind-system/postgres has no ready Pod',
    behind: { namespace: 'shopmind-system', selector: { 'app.kubernetes.io/name': 'postgres' } },
  };
  const seen = {
    ...base,
    pods: [...base.pods, platformPod('postgres', false)],
    warnings: [warning(pod, 'Unhealthy', 'Readiness probe failed: HTTP 503')],
  };
  const causes = causeReports(tenantTree(seen, view));
  assert.equal(causes.length, 1);
  assert.equal(causes[0]?.object, 'Pod shopmind-system/postgres-1');
  assert.ok(causes[0]?.path.includes('Database postgres.shopmind-system.svc:5432/shopmind'));
});

test('a spec that is refused is the cause itself; what was not made yet is no trouble', () => {
  const message = 'Secret tenant-acme/stripe of spec.payments.secretRef needs the keys secretKey, …';
  const conditions = but(
    condition('Ready', 'False', 'PaymentSecret', message),
    condition('Stalled', 'True', 'PaymentSecret', message),
    condition('DataPlaneReady', 'False', 'PaymentSecret', message),
    condition('ServicesReady', 'Unknown', 'Pending', 'not looked at yet'),
  );
  const seen = observed(
    tenant('acme', DEDICATED, { inventory: [...INVENTORY], conditions: [...conditions] }),
  );
  const causes = causeReports(tenantTree({ ...seen, services: [], deployments: [], replicaSets: [] }, SEEN));
  assert.deepEqual(
    causes.map(({ object, message: said }) => [object, said]),
    [['Phase DataPlaneReady', message]],
  );
});

test('a Secret that is gone is the cause of the Pod that misses it', () => {
  const seen = observed(tenant('acme', DEDICATED, { inventory: [...INVENTORY], conditions: [...WAITING] }), {
    phase: 'Pending',
    containerStatuses: [
      containerStatus({
        waiting: { reason: 'CreateContainerConfigError', message: 'secret "database" not found' },
      }),
    ],
  });
  const objects = new Map(seen.objects).set(' Secret tenant-acme/database', undefined);
  const causes = causeReports(tenantTree({ ...seen, objects }, SEEN));
  assert.deepEqual(
    causes.map(({ object }) => object),
    ['Secret tenant-acme/database'],
  );
  assert.ok(causes[0]?.path.includes('Pod tenant-acme/runtime-1a-x'));
});

test('without an operator nothing is believed', () => {
  const seen = observed(tenant('acme', DEDICATED));
  const pods = seen.pods.filter(({ metadata }) => metadata.name !== 'operator-1');
  const causes = causeReports(tenantTree({ ...seen, pods }, SEEN));
  assert.deepEqual(
    causes.map(({ object }) => object),
    ['Platform shopmind-system/operator'],
  );
  assert.match(causes[0]?.message ?? '', /out of date/);
});

test('an object of the inventory that is gone is missed', () => {
  const seen = observed(tenant('acme', DEDICATED, { inventory: [...INVENTORY] }));
  const objects = new Map(seen.objects).set(' Secret tenant-acme/database', undefined);
  const causes = causeReports(tenantTree({ ...seen, objects }, SEEN));
  assert.deepEqual(
    causes.map(({ object, reason }) => [object, reason]),
    [['Secret tenant-acme/database', 'Missing']],
  );
});
