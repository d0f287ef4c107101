/**
 * Arbitrary specs of a tenant, drawn from the very schema of the custom resource: every field it has, within its
 * bounds; and the same with one mistake in it. `@` stands for the tenant's name.
 */
import fc from 'fast-check';
import { CURRENCIES } from '../../crds/currencies.ts';
import { customResourceDefinitions, DOMAINS } from '../../crds/index.ts';
import type { Structural } from '../../crds/index.ts';

export type Spec = Readonly<Record<string, unknown>>;

/** A spec, and what is deliberately wrong with it. */
export interface Draft {
  readonly spec: Spec;
  readonly mistake: string | undefined;
}

const SCHEMA = schemaOf('ShopMindTenant');

const ROLLING = { strategy: 'rolling' };

/** Fields whose meaning goes beyond their schema: who they are for, what they refer to, how much they cost. */
const TUNED: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  hosts: fc.uniqueArray(fc.constantFrom('@.localhost', 'www.@.example', 'shop-@.example', '@.shop.example'), {
    minLength: 1,
    maxLength: 4,
  }),
  'catalog.source.url': fc.constantFrom('@/catalog.csv', '@/other.csv', 'https://example.com/catalog.csv'),
  'branding.logo': fc.constantFrom('@/logo.svg', 'https://example.com/logo.png'),
  // Random colours are hardly ever readable; unreadable ones are among the mistakes.
  'branding.colors': fc.constantFrom(
    { primary: '#1d4ed8' },
    { primary: '#ffcc00', onPrimary: '#000000', secondary: '#abcdef' },
    { primary: '#003300', background: '#ffffff', text: '#222222' },
    { primary: '#EEEEEE', background: '#101010', text: '#FAFAFA' },
  ),
  // Nobody made such a Secret: the tenant has to say so. Seldom: of a tenant that is stuck there is little to see.
  'payments.secretRef': fc.oneof(
    { weight: 7, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant({ name: 'own-keys' }) },
  ),
  locales: fc.uniqueArray(fc.constantFrom('en', 'de', 'de-CH', 'zh-Hant-TW', 'es-419'), {
    minLength: 1,
    maxLength: 4,
  }),
  currencies: fc.uniqueArray(fc.constantFrom(...CURRENCIES), { minLength: 1, maxLength: 4 }),
  domains: fc.uniqueArray(
    fc.record(
      { name: fc.constantFrom(...DOMAINS), enabled: fc.boolean(), scaling: scaling() },
      { requiredKeys: ['name'] },
    ),
    { maxLength: 4, selector: ({ name }) => name },
  ),
  autoscaling: scaling(),
  // Deliveries by growing shares take minutes by their nature and have tests of their own.
  rollout: fc.constant(ROLLING),
};

/** Few Pods: it is the figures that are looked at, not the crowd. */
function scaling(): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 10, max: 100 }))
    .map(([min, more, cpuPercent]) => ({ min, max: min + more, cpuPercent }));
}

/** Specs that the schema takes, mostly: rules over several fields are left to the server to refuse. */
export const spec: fc.Arbitrary<Spec> = arbitraryOf(SCHEMA, '').map((drawn) => sensible(drawn as Spec));

/** What tenants become: three in four are sound, the others have one mistake each. */
export const draft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 3, arbitrary: spec.map((each) => ({ spec: each, mistake: undefined })) },
  { weight: 1, arbitrary: fc.tuple(spec, fc.constantFrom(...mistakes())).map(([each, make]) => make(each)) },
);

/** What a person would write: most of what is drawn by chance would break a rule between two fields. */
function sensible(drawn: Spec): Spec {
  const { autoscaling, rollout, domains, ...rest } = drawn as Record<string, unknown> & {
    domains?: readonly { readonly name: string; readonly enabled?: boolean; readonly scaling?: unknown }[];
  };
  const dedicated = rest['placement'] === 'dedicated';
  const kept = domains?.map(({ name, enabled, scaling: own }) => ({
    name,
    // Orders stand on catalog and payments, everything on accounts.
    ...(enabled === undefined ? {} : { enabled: enabled || name !== 'orders' }),
    ...(own === undefined || !dedicated ? {} : { scaling: own }),
  }));
  return {
    ...rest,
    ...(kept === undefined ? {} : { domains: kept }),
    ...(dedicated && autoscaling !== undefined ? { autoscaling } : {}),
    // Left out, some environments would deliver by growing shares.
    ...(dedicated ? { rollout: rollout ?? ROLLING } : {}),
  };
}

function mistakes(): readonly ((spec: Spec) => Draft)[] {
  const wrong =
    (mistake: string, change: Spec) =>
    (each: Spec): Draft => ({ spec: { ...each, ...change }, mistake });
  return [
    wrong('an unknown plan', { plan: 'platinum' }),
    wrong('no name', { displayName: '' }),
    wrong('a name of 101 characters', { displayName: 'x'.repeat(101) }),
    wrong('a number for a name', { displayName: 7 }),
    wrong('no hosts', { hosts: [] }),
    wrong('hosts that are no list', { hosts: '@.localhost' }),
    wrong('a host twice', { hosts: ['@.localhost', '@.localhost'] }),
    wrong('a host with a space', { hosts: ['@ .localhost'] }),
    wrong('a locale twice', { locales: ['en', 'en'] }),
    wrong('no such locale', { locales: ['english please'] }),
    wrong('no such currency', { currencies: ['XXX-'] }),
    wrong('no such domain', { domains: [{ name: 'chatter', enabled: true }] }),
    wrong('no accounts', { domains: [{ name: 'accounts', enabled: false }] }),
    wrong('orders without payments', { domains: [{ name: 'payments', enabled: false }] }),
    wrong('no requests at all', { quotas: { requestsPerMinute: 0 } }),
    wrong('half a request', { quotas: { requestsPerMinute: 1.5 } }),
    wrong('another policy', { deletionPolicy: 'Shred' }),
    wrong('a source of somebody else', { catalog: { source: { url: 'acme/catalog.csv' } } }),
    wrong('a source above its folder', { catalog: { source: { url: '@/../acme/catalog.csv' } } }),
    wrong('a colour that is none', { branding: { colors: { primary: 'red' } } }),
    wrong('text nobody can read', {
      branding: { colors: { primary: '#000000', text: '#777777', background: '#888888' } },
    }),
    wrong('more Pods at least than at most', {
      placement: 'dedicated',
      autoscaling: { min: 5, max: 2 },
    }),
  ];
}

/** Everything a structural schema describes. */
function arbitraryOf(schema: Structural, path: string): fc.Arbitrary<unknown> {
  const tuned = TUNED[path];
  if (tuned !== undefined) return tuned;
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000_000 });
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? { type: 'string' }, `${path}[]`), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    case 'string':
      return textOf(schema);
    case 'object':
      return objectOf(schema, path);
  }
}

function objectOf(schema: Structural, path: string): fc.Arbitrary<unknown> {
  if (schema.properties === undefined)
    return fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8 }),
      arbitraryOf(schema.additionalProperties ?? { type: 'string' }, `${path}{}`),
    );
  const fields = Object.entries(schema.properties).map(([name, field]): [string, fc.Arbitrary<unknown>] => [
    name,
    arbitraryOf(field, path === '' ? name : `${path}.${name}`),
  ]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] });
}

/** Also of the kind people paste: other scripts, emoji, quotes, backslashes, line ends. */
function textOf({ pattern, minLength = 0, maxLength = 40 }: Structural): fc.Arbitrary<string> {
  const fits = (text: string): boolean => [...text].length >= minLength && text.length <= maxLength;
  if (pattern !== undefined)
    return fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(maxLength, 40) }).filter(fits);
  const odd = fc.constantFrom(
    'L’été',
    "O'Neil & Söhne",
    '茶の庭',
    '🛍️',
    'a"b\\c',
    '$1; drop table x',
    '{{x}}',
    'a\nb',
    ' ',
  );
  return fc
    .oneof(fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 40) }), odd)
    .filter(fits);
}

function schemaOf(kind: string): Structural {
  const found = customResourceDefinitions().find(({ spec }) => spec.names.kind === kind);
  // The newest version is what people write.
  const schema = found?.spec.versions.at(0)?.schema.openAPIV3Schema.properties?.['spec'];
  if (schema === undefined) throw new Error(`${kind} has no schema`);
  return schema;
}
