/**
 * The first version of the API, as far as it differs from the current one: only what is spelled differently stands here,
 * with the conversion of each spelling in `conversion.ts`. A field that both versions have the same needs nothing.
 */
import type { Field, Rule, Structural } from './schema.ts';
import { serviceSpec } from './service.ts';
import { DOMAINS, tenantSpec } from './tenant.ts';

/** `domains` as a map from name to what differs. */
const domains: Structural = {
  type: 'object',
  description: `Overrides by domain name (${DOMAINS.join(', ')}).`,
  default: {},
  maxProperties: 16,
  additionalProperties: without(itemsOf(tenantSpec, 'domains'), 'name'),
  'x-kubernetes-validations': [
    {
      rule: `self.all(name, name in ['${DOMAINS.join("', '")}'])`,
      message: `unknown domain: use one of ${DOMAINS.join(', ')}`,
    },
    {
      rule: "!('accounts' in self) || self['accounts'].enabled",
      message: 'accounts cannot be switched off: every other domain knows its callers through it',
    },
    {
      rule: "!('payments' in self) || self['payments'].enabled || ('orders' in self && !self['orders'].enabled)",
      message: 'orders needs payments: switch orders off too, or leave payments on',
    },
    {
      rule: "!('catalog' in self) || self['catalog'].enabled || ('orders' in self && !self['orders'].enabled)",
      message: 'orders needs catalog: switch orders off too, or leave catalog on',
    },
  ],
};

/** `env` whose items name their Secret in `secretRef`. */
const env: Structural = {
  ...propertyOf(serviceSpec.schema, 'env'),
  items: envItem(itemsOf(serviceSpec, 'env')),
  'x-kubernetes-validations': [
    {
      rule: 'self.all(v, has(v.value) != has(v.secretRef))',
      message: 'each variable needs either value or secretRef, not both',
    },
  ],
};

export const tenantSpecV1alpha1 = spelled(
  tenantSpec,
  { domains },
  {
    '.domains': {
      rule: "self.placement == 'dedicated' || self.domains.all(name, !has(self.domains[name].scaling))",
      message:
        'scaling of a domain needs placement: dedicated; a pooled tenant shares the autoscaling of the pool',
      fieldPath: '.domains',
    },
  },
);

export const serviceSpecV1alpha1 = spelled(serviceSpec, { env });

/** Fields of the spec that this version spells differently, by kind; for the reference. */
export const DIFFERENT_FIELDS = { ShopMindTenant: ['domains'], Service: ['env'] } as const;

/**
 * A spec with some properties replaced, and with those of its rules that speak of them (known by their field path).
 */
function spelled(
  { schema, presence }: Field,
  properties: Readonly<Record<string, Structural>>,
  rules: Readonly<Record<string, Rule>> = {},
): Field {
  return {
    presence,
    schema: {
      ...schema,
      properties: { ...schema.properties, ...properties },
      'x-kubernetes-validations': (schema['x-kubernetes-validations'] ?? []).map(
        (rule) => rules[rule.fieldPath ?? ''] ?? rule,
      ),
    },
  };
}

function envItem(item: Structural): Structural {
  const { valueFrom, value, ...rest } = item.properties ?? {};
  if (valueFrom === undefined || value === undefined) throw new Error('env items have value and valueFrom');
  const secretRef: Structural = {
    ...propertyOf(valueFrom, 'secretKeyRef'),
    description: "A key of a Secret in the Service's namespace; exclusive with value.",
  };
  return {
    ...item,
    properties: {
      ...rest,
      value: { ...value, description: 'Its value; exclusive with secretRef.' },
      secretRef,
    },
  };
}

/** An object's schema without one of its properties. */
function without(schema: Structural, name: string): Structural {
  const { [name]: _, ...properties } = schema.properties ?? {};
  const { required = [], ...rest } = schema;
  const left = required.filter((one) => one !== name);
  return { ...rest, properties, ...(left.length === 0 ? {} : { required: left }) };
}

function itemsOf(field: Field, name: string): Structural {
  const { items } = propertyOf(field.schema, name);
  if (items === undefined) throw new Error(`${name} is a list`);
  return items;
}

function propertyOf(schema: Structural, name: string): Structural {
  const property = schema.properties?.[name];
  if (property === undefined) throw new Error(`there is a property ${name}`);
  return property;
}
