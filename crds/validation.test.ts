/**
 * What the schemas refuse and how they say it: the same checks, in the same order, as an API server makes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from '../operator/embedded/schema/default.ts';
import { defaultDefinition, validateDefinition } from '../operator/embedded/schema/definition.ts';
import { prune } from '../operator/embedded/schema/prune.ts';
import { validateRules } from '../operator/embedded/schema/rules.ts';
import type { JsonObject, Schema } from '../operator/embedded/schema/schema.ts';
import { validate } from '../operator/embedded/schema/validate.ts';
import { customResourceDefinitions, SCHEMAS } from './index.ts';
import type { ShopMindService } from './index.ts';

// The two rooms describe the same JSON with types of their own.
const schemas = SCHEMAS as unknown as Readonly<Record<'ShopMindTenant' | 'Service', Schema>>;

function refusals(kind: 'ShopMindTenant' | 'Service', object: object, old?: object): string[] {
  const candidate = structuredClone(object) as JsonObject;
  const unknown = prune(candidate, schemas[kind]).map((path) => `unknown field "${path}"`);
  applyDefaults(candidate, schemas[kind]);
  const causes = validate(candidate, schemas[kind]);
  const rules =
    causes.length > 0 ? [] : validateRules(candidate, schemas[kind], old as JsonObject | undefined);
  return [...unknown, ...[...causes, ...rules].map(({ field, message }) => `${field}: ${message}`)];
}

const VALID = { displayName: 'Acme', hosts: ['acme.localhost'] };
const tenant = (spec: object, name = 'acme', status?: object): object => ({
  apiVersion: 'shopmind.ai/v1beta1',
  kind: 'ShopMindTenant',
  metadata: { name },
  spec: { ...VALID, ...spec },
  ...(status === undefined ? {} : { status }),
});
const service = (spec: object, name = 'runtime'): object => ({
  apiVersion: 'shopmind.ai/v1beta1',
  kind: 'Service',
  metadata: { name, namespace: 'n' },
  spec,
});

test('both definitions are themselves valid', () => {
  for (const crd of customResourceDefinitions()) {
    const definition = structuredClone(crd) as unknown as JsonObject;
    defaultDefinition(definition);
    assert.deepEqual(validateDefinition(definition), []);
  }
});

for (const [what, spec] of [
  ['a minimal one', {}],
  [
    'every field used',
    {
      plan: 'enterprise',
      placement: 'dedicated',
      hosts: ['acme.localhost', 'www.acme.example'],
      branding: {
        logo: 'https://acme.example/logo.svg',
        colors: {
          primary: '#2f5d46',
          onPrimary: '#ffffff',
          secondary: '#C4562A',
          background: '#faf8f3',
          text: '#1e2521',
        },
        fonts: { heading: "Avenir Next, 'Segoe UI'", body: 'Inter' },
        tagline: 'Gear for people who sleep outside.',
      },
      locales: ['en', 'de-CH', 'zh-Hant-TW', 'es-419'],
      currencies: ['EUR', 'USD', 'JPY'],
      catalog: { source: { url: 'acme/catalog.csv' } },
      domains: [
        { name: 'orders', scaling: { min: 2, max: 10 } },
        { name: 'catalog', enabled: true },
      ],
      autoscaling: { min: 1, max: 4, cpuPercent: 60 },
      payments: {
        secretRef: { name: 'stripe' },
        paypal: { environment: 'sandbox', secretRef: { name: 'paypal' } },
      },
      quotas: { requestsPerMinute: 1 },
      deletionPolicy: 'Snapshot',
      suspended: true,
    },
  ],
] as const) {
  test(`a tenant with ${what} is accepted`, () => {
    assert.deepEqual(refusals('ShopMindTenant', tenant(spec)), []);
  });
}

const REFUSED: readonly (readonly [string, object, RegExp])[] = [
  ['no display name', tenant({ displayName: undefined }), /spec\.displayName: Required/],
  ['an empty display name', tenant({ displayName: '' }), /spec\.displayName: .*at least 1/],
  [
    'a display name without end',
    tenant({ displayName: 'x'.repeat(101) }),
    /spec\.displayName: .*(100|too long)/i,
  ],
  ['no hosts', tenant({ hosts: [] }), /spec\.hosts: .*at least 1/],
  ['a host in capitals', tenant({ hosts: ['Acme.localhost'] }), /spec\.hosts\[0\]: .*should match/],
  ['a host of one label', tenant({ hosts: ['acme'] }), /spec\.hosts\[0\]: .*should match/],
  ['a host with a wildcard', tenant({ hosts: ['*.acme.example'] }), /spec\.hosts\[0\]/],
  ['a host with a port', tenant({ hosts: ['acme.localhost:8080'] }), /spec\.hosts\[0\]/],
  ['a host that ends with a dash', tenant({ hosts: ['acme-.localhost'] }), /spec\.hosts\[0\]/],
  ['a host twice', tenant({ hosts: ['a.b', 'a.b'] }), /spec\.hosts: .*remove the duplicate/],
  [
    'seventeen hosts',
    tenant({ hosts: Array.from({ length: 17 }, (_, n) => `a${n}.b`) }),
    /spec\.hosts: .*16/,
  ],
  [
    'an unknown plan',
    tenant({ plan: 'gold' }),
    /spec\.plan: .*supported values: "starter", "growth", "enterprise"/,
  ],
  ['an unknown placement', tenant({ placement: 'shared' }), /spec\.placement: /],
  ['a currency that is none', tenant({ currencies: ['EUR', 'XXX'] }), /spec\.currencies\[1\]: /],
  ['a currency in small letters', tenant({ currencies: ['eur'] }), /spec\.currencies\[0\]: /],
  [
    'a currency twice',
    tenant({ currencies: ['EUR', 'USD', 'EUR'] }),
    /spec\.currencies: .*remove the duplicate/,
  ],
  ['no currency', tenant({ currencies: [] }), /spec\.currencies: /],
  ['a language by its name', tenant({ locales: ['english'] }), /spec\.locales\[0\]: /],
  ['a locale with an underscore', tenant({ locales: ['de_CH'] }), /spec\.locales\[0\]: /],
  ['a locale twice', tenant({ locales: ['de', 'de'] }), /spec\.locales: .*remove the duplicate/],
  [
    'a colour by its name',
    tenant({ branding: { colors: { primary: 'green' } } }),
    /spec\.branding\.colors\.primary: /,
  ],
  [
    'colours without the primary one',
    tenant({ branding: { colors: { text: '#000000' } } }),
    /spec\.branding\.colors\.primary: Required/,
  ],
  [
    'a font that is code',
    tenant({ branding: { fonts: { body: 'x;}body{display:none' } } }),
    /spec\.branding\.fonts\.body: /,
  ],
  ['a logo over plain http', tenant({ branding: { logo: 'http://x/logo.png' } }), /spec\.branding\.logo: /],
  [
    'a logo that climbs',
    tenant({ branding: { logo: 'a/../../etc/passwd' } }),
    /spec\.branding\.logo: .*must not contain/,
  ],
  [
    'a source over plain http',
    tenant({ catalog: { source: { url: 'http://x/y.csv' } } }),
    /spec\.catalog\.source\.url: /,
  ],
  [
    'a source that climbs',
    tenant({ catalog: { source: { url: 'a/../b.csv' } } }),
    /spec\.catalog\.source\.url: .*must not contain/,
  ],
  [
    'a source of another shop',
    tenant({ catalog: { source: { url: 'sakura/catalog.csv' } } }),
    /spec\.catalog: .*own folder/,
  ],
  [
    'an absolute path as source',
    tenant({ catalog: { source: { url: '/etc/passwd' } } }),
    /spec\.catalog\.source\.url: /,
  ],
  [
    'a file URL as source',
    tenant({ catalog: { source: { url: 'file:///etc/passwd' } } }),
    /spec\.catalog\.source\.url: /,
  ],
  ['a catalogue without a source', tenant({ catalog: {} }), /spec\.catalog\.source: Required/],
  [
    'an unknown domain',
    tenant({ domains: [{ name: 'foo' }] }),
    /spec\.domains\[0\]\.name: .*supported values: "accounts", "analytics", "catalog"/,
  ],
  [
    'accounts switched off',
    tenant({ domains: [{ name: 'accounts', enabled: false }] }),
    /spec\.domains: .*accounts cannot be switched off/,
  ],
  [
    'orders without payments',
    tenant({ domains: [{ name: 'payments', enabled: false }] }),
    /spec\.domains: .*orders needs payments/,
  ],
  [
    'orders without catalog',
    tenant({ domains: [{ name: 'catalog', enabled: false }] }),
    /spec\.domains: .*orders needs catalog/,
  ],
  [
    'min above max',
    tenant({ placement: 'dedicated', autoscaling: { min: 5, max: 2 } }),
    /spec\.autoscaling\.min: .*lower min or raise max/,
  ],
  [
    'autoscaling in the pool',
    tenant({ autoscaling: { min: 1, max: 2 } }),
    /spec\.autoscaling: .*placement: dedicated/,
  ],
  [
    'scaling of a domain in the pool',
    tenant({ domains: [{ name: 'orders', scaling: { min: 1, max: 2 } }] }),
    /spec\.domains: .*placement: dedicated/,
  ],
  [
    'no Pods at all',
    tenant({ placement: 'dedicated', autoscaling: { min: 0, max: 2 } }),
    /spec\.autoscaling\.min: .*greater than or equal to 1/,
  ],
  ['a quota of nothing', tenant({ quotas: { requestsPerMinute: 0 } }), /spec\.quotas\.requestsPerMinute: /],
  [
    'a quota in words',
    tenant({ quotas: { requestsPerMinute: 'many' } }),
    /spec\.quotas\.requestsPerMinute: .*integer/,
  ],
  ['an unknown deletion policy', tenant({ deletionPolicy: 'Forget' }), /spec\.deletionPolicy: /],
  ['suspended as a word', tenant({ suspended: 'yes' }), /spec\.suspended: .*boolean/],
  [
    'a payment provider we do not know',
    tenant({ payments: { provider: 'cash' } }),
    /spec\.payments\.provider: /,
  ],
  [
    'paypal without an account',
    tenant({ payments: { provider: 'paypal' } }),
    /spec\.payments\.provider: .*needs paypal/,
  ],
  ['a misspelt field', tenant({ curency: ['EUR'] }), /unknown field "spec\.curency"/],
  ['a name of 41 letters', tenant({}, 'a'.repeat(41)), /at most 40 characters/],
  ['a name that begins with a digit', tenant({}, '1acme'), /must begin with a letter/],
  ['a name with a dot', tenant({}, 'acme.shop'), /must begin with a letter/],
  ['a reserved name', tenant({}, 'system'), /reserved for the platform/],
];

for (const [what, object, expected] of REFUSED) {
  test(`a tenant with ${what} is refused by its field`, () => {
    assert.match(refusals('ShopMindTenant', object).join('\n'), expected);
  });
}

test('placement may change, before there is data and after', () => {
  const moved = tenant({ placement: 'dedicated' });
  const dataRef = { placement: 'pooled', schema: 'shop' };
  for (const status of [{}, { dataRef }])
    assert.deepEqual(refusals('ShopMindTenant', moved, tenant({ placement: 'pooled' }, 'acme', status)), []);
});

for (const [what, spec, expected] of [
  ['neither domains nor an image', {}, /set either domains .* or image/],
  ['both', { domains: ['orders'], image: 'x' }, /set either domains .* or image/],
  ['an unknown domain', { domains: ['foo'] }, /spec\.domains\[0\]: /],
  ['a domain twice', { domains: ['orders', 'orders'] }, /remove the duplicate/],
  [
    'a health path for domains',
    { domains: ['orders'], health: { path: '/', port: 1 } },
    /spec\.health: .*own images/,
  ],
  ['a port that is none', { image: 'x', port: 70000 }, /spec\.port: .*less than or equal to 65535/],
  [
    'a variable with value and secret',
    { image: 'x', env: [{ name: 'A', value: 'b', valueFrom: { secretKeyRef: { name: 'c', key: 'd' } } }] },
    /either value or valueFrom/,
  ],
  ['a variable with neither', { image: 'x', env: [{ name: 'A' }] }, /either value or valueFrom/],
  [
    'a variable twice',
    {
      image: 'x',
      env: [
        { name: 'A', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
    /spec\.env\[1\]: .*[Dd]uplicate/,
  ],
  ['memory in words', { image: 'x', resources: { memory: 'lots' } }, /spec\.resources\.memory: /],
  ['min above max', { image: 'x', scaling: { min: 3, max: 1 } }, /spec\.scaling\.min: /],
  ['fewer than no Pods', { image: 'x', replicas: -1 }, /spec\.replicas: /],
  [
    'weights that fall',
    { image: 'x', traffic: { canary: { steps: [{ weight: 50 }, { weight: 5 }] } } },
    /spec\.traffic\.canary\.steps: .*weights must rise/,
  ],
  [
    'a weight twice',
    { image: 'x', traffic: { canary: { steps: [{ weight: 50 }, { weight: 50 }] } } },
    /spec\.traffic\.canary\.steps: .*weights must rise/,
  ],
  ['no steps', { image: 'x', traffic: { canary: { steps: [] } } }, /spec\.traffic\.canary\.steps: /],
  [
    'an error rate without a unit',
    { image: 'x', traffic: { canary: { gates: { maxErrorRate: '0.01' } } } },
    /spec\.traffic\.canary\.gates\.maxErrorRate: .*should match/,
  ],
  [
    'a p99 the gateway would never measure',
    { image: 'x', traffic: { canary: { gates: { maxP99Milliseconds: 60_001 } } } },
    /spec\.traffic\.canary\.gates\.maxP99Milliseconds: /,
  ],
] as const) {
  test(`a Service with ${what} is refused`, () => {
    assert.match(refusals('Service', service(spec)).join('\n'), expected);
  });
}

test('a Service of domains, and one of an own image, are accepted', () => {
  assert.deepEqual(refusals('Service', service({ domains: ['catalog', 'orders'], tenant: 'acme' })), []);
  assert.deepEqual(
    refusals('Service', service({ image: 'registry/x:1', health: { path: '/ok', port: 9090 } })),
    [],
  );
});

test('a canary needs nothing said: steps and gates have defaults', () => {
  const object = service({ image: 'x', traffic: { canary: {} } }) as JsonObject;
  applyDefaults(object, schemas.Service);
  const { spec } = object as unknown as ShopMindService;
  assert.deepEqual(
    spec.traffic?.canary?.steps.map(({ weight, durationSeconds }) => [weight, durationSeconds]),
    [5, 25, 50, 100].map((weight) => [weight, 300]),
  );
  assert.deepEqual(spec.traffic?.canary?.gates, {
    maxErrorRate: '1%',
    maxP99Milliseconds: 1000,
    minRequests: 100,
    failureLimit: 2,
  });
});

test('a Service cannot take the name of the canary of another', () => {
  assert.match(
    refusals('Service', service({ image: 'x' }, 'runtime-canary')).join(),
    /must not end in -canary/,
  );
});

test("a pooled tenant has no roll-outs of its own, and a canary's steps belong to that strategy", () => {
  assert.match(refusals('ShopMindTenant', tenant({ rollout: {} })).join(), /needs placement: dedicated/);
  const dedicated = (rollout: object): object => tenant({ placement: 'dedicated', rollout });
  assert.deepEqual(refusals('ShopMindTenant', dedicated({})), []);
  assert.deepEqual(refusals('ShopMindTenant', dedicated({ canary: { provider: 'argo' } })), []);
  assert.match(
    refusals('ShopMindTenant', dedicated({ strategy: 'rolling', canary: {} })).join(),
    /canary is for strategy: canary/,
  );
});

for (const [schedule, problem] of [
  ['0 3 * * *', undefined],
  ['*/15 0-6,22 1,15 jan-MAR mon', undefined],
  ['5/10 23 31 12 6', undefined],
  ['61 3 * * *', 'should match'],
  ['0 24 * * *', 'should match'],
  ['0 3 32 * *', 'should match'],
  ['0 3 0 * *', 'should match'],
  ['0 3 * 13 *', 'should match'],
  ['0 3 * * 7', 'should match'],
  ['0 3 * * someday', 'should match'],
  ['*/0 3 * * *', 'should match'],
  ['every day at 3 am', 'should match'],
  ['0 0-23/2 1-31 10-12 1-5', undefined],
  ['8-09 3 * * *', undefined],
  ['0 22-2 * * *', 'begins with the smaller number'],
  ['0 1,23-22/2 * * *', 'begins with the smaller number'],
  ['0 3 5-4 * *', 'begins with the smaller number'],
] as const) {
  test(`the schedule ${schedule} is ${problem === undefined ? 'taken' : 'refused'}`, () => {
    const backup = { schedule, keep: 7 };
    for (const said of [
      refusals('Service', service({ domains: ['catalog'], backup })),
      refusals('ShopMindTenant', tenant({ placement: 'dedicated', backup })),
    ]) {
      if (problem === undefined) assert.deepEqual(said, []);
      else assert.match(said.join('\n'), new RegExp(`backup\\.schedule.*${problem}`));
    }
  });
}
