/**
 * Network policies of a dedicated tenant: closed, but for what the platform's configuration names.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBackends } from '../../runtime/platform/backends/index.ts';
import { parseProviders } from '../../runtime/platform/messages/index.ts';
import { openingsOf } from './network.ts';
import { BARE } from './surroundings.ts';
import { tenant } from './testing/inputs.ts';
import { tenantNamespace } from './tenancy.ts';
import { parseModels } from './models.ts';

const EMBEDDED = {
  databaseUrl: 'postgres://postgres.shopmind-system.svc:5432/shopmind',
  databaseReplicaUrl: undefined,
  databasePoolerUrl: undefined,
  paymentsUrl: 'http://processor.shopmind-system.svc:8090',
  scanUrl: undefined,
  traces: undefined,
  monitoringNamespace: undefined,
  backends: { shared: {}, own: {} },
  providers: { shared: {}, own: {} },
  models: [],
};
const CLOUD = {
  databaseUrl: 'postgres://db.example:6432/shopmind',
  databaseReplicaUrl: 'postgres://standby.example:6433/shopmind',
  databasePoolerUrl: undefined,
  paymentsUrl: undefined,
  scanUrl: 'clamd://clamav.scan.svc',
  traces: { url: 'http://collector.tracing.svc:4318', ratio: 0.01 },
  monitoringNamespace: 'monitoring',
  backends: parseBackends(
    {
      EVENTS_URL: 'kafka://broker-0.brokers.streams.svc,broker-1.brokers.streams.svc',
      CACHE_URL: 'rediss://cache.example',
    },
    {},
    (message) => assert.fail(message),
  ),
  providers: parseProviders(
    {},
    {
      MAIL_PROVIDERS: 'smtp://acme:hush@mail.example smtps://acme:hush@relay.mail.svc',
      'SMS_PROVIDERS.bee': 'twilio+https://sid:hush@sms.example:8443/?from=MG1',
    },
    (message) => assert.fail(message),
  ),
  models: parseModels({ EMBEDDINGS_URL: 'http://models.ai.svc:11434/v1' }, {}, (message) =>
    assert.fail(message),
  ),
};

interface Rule {
  readonly from?: readonly object[];
  readonly to?: readonly object[];
  readonly ports: readonly { readonly port: number }[];
}

function policies(platform: Parameters<typeof openingsOf>[0]) {
  const manifests = tenantNamespace(tenant({ placement: 'dedicated' }), openingsOf(platform, 'acme'), BARE);
  const [closed, open] = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map((one) => one['spec']);
  // The builder's own objects, of a kind whose shape is known.
  return { closed, open: open as { readonly ingress: readonly Rule[]; readonly egress: readonly Rule[] } };
}

const ports = ({ ports: list }: Rule) => list.map(({ port }) => port).join();

test('everything is denied first', () => {
  assert.deepEqual(policies(CLOUD).closed, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
});

test('requests come from the gateway, the operator and the neighbours; metrics are read by whom the platform names', () => {
  const [requests, metrics] = policies(CLOUD).open.ingress;
  assert.equal(requests && ports(requests), '8080,9080');
  assert.match(JSON.stringify(requests?.from), /"values":\["gateway","operator"\]/);
  assert.equal(metrics && ports(metrics), '9090');
  assert.match(JSON.stringify(metrics?.from), /"kubernetes.io\/metadata.name":"monitoring"/);
  assert.deepEqual(policies(EMBEDDED).open.ingress[1]?.from, [{ namespaceSelector: {} }]);
});

test('Pods reach names, the data plane where it is, and https; never the service that hands out credentials of the node', () => {
  const embedded = policies(EMBEDDED).open.egress;
  assert.deepEqual(embedded.map(ports), ['8080,9080', '53,53', '5432,8090', '443']);
  assert.match(JSON.stringify(embedded[2]?.to), /shopmind-system/);
  const cloud = policies(CLOUD).open.egress;
  assert.deepEqual(cloud.map(ports), [
    '8080,9080',
    '53,53',
    '6432,6433,6379,587,443',
    '3310',
    '4318',
    '11434',
    '9092',
    '465',
  ]);
  assert.match(JSON.stringify(cloud[3]?.to), /scan/);
  assert.match(JSON.stringify(cloud[4]?.to), /tracing/);
  assert.match(JSON.stringify(cloud[5]?.to), /"ai"/);
  assert.match(JSON.stringify(cloud[6]?.to), /streams/);
  assert.match(JSON.stringify(cloud[2]?.to), /"except":\["169.254.169.254\/32"\]/);
});

test('mail is reached where it is configured and by whom it is for, and nothing of its logins is in a policy', () => {
  const manifests = tenantNamespace(tenant({ placement: 'dedicated' }), openingsOf(CLOUD, 'acme'), BARE);
  assert.doesNotMatch(JSON.stringify(manifests), /hush|8443/);
  assert.match(JSON.stringify(openingsOf(CLOUD, 'bee')), /8443/);
  assert.doesNotMatch(JSON.stringify(openingsOf(EMBEDDED, 'acme')), /587|465/);
});
