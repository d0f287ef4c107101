/**
 * The CustomResourceDefinition objects of both kinds, made from their schemas.
 * The generated YAML, the operator's installer and the embedded cluster all take them from here.
 */
import { GROUP, OLD_VERSION, PENDING_STATUS, SYSTEM_NAMESPACE, VERSION } from './meta.ts';
import { serviceRules, serviceSpec, serviceStatus } from './service.ts';
import { tenantRules, tenantSpec, tenantStatus } from './tenant.ts';
import type { Field, Rule, Structural } from './schema.ts';
import { serviceSpecV1alpha1, tenantSpecV1alpha1 } from './v1alpha1.ts';

interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Cluster' | 'Namespaced';
  readonly description: string;
  readonly spec: Field;
  /** The spec as version v1alpha1 spells it. */
  readonly oldSpec: Field;
  readonly status: Field;
  readonly rules: readonly Rule[];
  readonly columns: readonly PrinterColumn[];
  readonly scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath: string };
}

/** A CustomResourceDefinition, as far as we write it. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Cluster' | 'Namespaced';
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly deprecated?: boolean;
      readonly deprecationWarning?: string;
      readonly schema: { readonly openAPIV3Schema: Structural };
      readonly subresources: { readonly status: object; readonly scale?: Kind['scale'] };
      readonly additionalPrinterColumns: readonly PrinterColumn[];
    }[];
    readonly conversion: {
      readonly strategy: 'Webhook';
      readonly webhook: {
        readonly conversionReviewVersions: readonly string[];
        /** The operator adds the authority of its certificates. */
        readonly clientConfig: {
          readonly service: {
            readonly namespace: string;
            readonly name: string;
            readonly path: string;
            readonly port: number;
          };
        };
      };
    };
  };
}

const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;

const READY: PrinterColumn = {
  name: 'Ready',
  type: 'string',
  jsonPath: ready('status'),
  description: 'Whether everything declared is there and answers.',
};
const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Time since creation.',
};
const MESSAGE: PrinterColumn = {
  name: 'Message',
  type: 'string',
  jsonPath: ready('message'),
  description: 'What is the case, or what is awaited.',
};

const TENANT: Kind = {
  kind: 'ShopMindTenant',
  plural: 'shopmindtenants',
  singular: 'shopmindtenant',
  shortNames: ['smt', 'tenant'],
  scope: 'Cluster',
  description: "A merchant's shop: storefront, APIs and data, declared in one object.",
  spec: tenantSpec,
  oldSpec: tenantSpecV1alpha1,
  status: tenantStatus,
  rules: tenantRules,
  columns: [
    READY,
    { name: 'Plan', type: 'string', jsonPath: '.spec.plan', description: 'The plan.' },
    { name: 'Placement', type: 'string', jsonPath: '.spec.placement', description: 'pooled or dedicated.' },
    {
      name: 'URL',
      type: 'string',
      jsonPath: '.status.endpoints.storefront',
      description: 'Where the shop is.',
    },
    AGE,
    MESSAGE,
  ],
};

const SERVICE: Kind = {
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['smsvc'],
  scope: 'Namespaced',
  description: 'One Deployment of a tenant or of the pool: domains in the generic runtime, or an own image.',
  spec: serviceSpec,
  oldSpec: serviceSpecV1alpha1,
  status: serviceStatus,
  rules: serviceRules,
  scale: {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  },
  columns: [
    READY,
    { name: 'Tenant', type: 'string', jsonPath: '.spec.tenant', description: 'Tenant; empty for the pool.' },
    { name: 'Pods', type: 'integer', jsonPath: '.status.readyReplicas', description: 'Pods that are ready.' },
    {
      name: 'Canary',
      type: 'string',
      jsonPath: '.status.canary.phase',
      description: 'How the delivery of a new revision goes.',
    },
    {
      name: 'Weight',
      type: 'integer',
      jsonPath: '.status.canary.weight',
      description: 'Percent of the requests that the new revision gets.',
    },
    {
      name: 'Endpoint',
      type: 'string',
      jsonPath: '.status.endpoint',
      description: 'Address in the cluster.',
      priority: 1,
    },
    AGE,
    MESSAGE,
  ],
};

/** The schema of a whole object of each kind, for validation and documentation. */
export const SCHEMAS: Readonly<Record<'ShopMindTenant' | 'Service', Structural>> = {
  ShopMindTenant: schemaOf(TENANT),
  Service: schemaOf(SERVICE),
};

/** The same as version v1alpha1 has them. */
export const OLD_SCHEMAS: typeof SCHEMAS = {
  ShopMindTenant: oldSchemaOf(TENANT),
  Service: oldSchemaOf(SERVICE),
};

/** Where the operator answers conversion reviews: the Service and the path the definitions name. */
export const CONVERSION = { service: 'operator', port: 9443, path: '/convert' } as const;

/** Both CustomResourceDefinitions, tenants first. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return [definitionOf(TENANT), definitionOf(SERVICE)];
}

function definitionOf(kind: Kind): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${kind.plural}.${GROUP}`,
      labels: { 'app.kubernetes.io/part-of': 'shopmind', 'app.kubernetes.io/managed-by': 'shopmind' },
    },
    spec: {
      group: GROUP,
      scope: kind.scope,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames,
        categories: ['shopmind'],
      },
      versions: [
        { name: VERSION, served: true, storage: true, ...faceOf(kind, schemaOf(kind)) },
        {
          name: OLD_VERSION,
          served: true,
          storage: false,
          deprecated: true,
          deprecationWarning: `${GROUP}/${OLD_VERSION} ${kind.kind} is deprecated: write ${GROUP}/${VERSION}, docs/api.md says what differs`,
          ...faceOf(kind, oldSchemaOf(kind)),
        },
      ],
      conversion: {
        strategy: 'Webhook',
        webhook: {
          conversionReviewVersions: ['v1'],
          clientConfig: {
            service: {
              namespace: SYSTEM_NAMESPACE,
              name: CONVERSION.service,
              path: CONVERSION.path,
              port: CONVERSION.port,
            },
          },
        },
      },
    },
  };
}

/** What both versions of a kind have but for the schema. */
function faceOf(kind: Kind, schema: Structural) {
  return {
    schema: { openAPIV3Schema: schema },
    subresources: { status: {}, ...(kind.scale === undefined ? {} : { scale: kind.scale }) },
    additionalPrinterColumns: kind.columns,
  };
}

function oldSchemaOf(kind: Kind): Structural {
  return schemaOf({ ...kind, spec: kind.oldSpec }, OLD_VERSION);
}

function schemaOf(kind: Kind, version: string = VERSION): Structural {
  return {
    type: 'object',
    description: kind.description,
    properties: {
      apiVersion: {
        type: 'string',
        description: `Group and version of this representation of the object: ${GROUP}/${version}.`,
      },
      kind: { type: 'string', description: `Always ${kind.kind}.` },
      metadata: { type: 'object' },
      spec: kind.spec.schema,
      status: { ...kind.status.schema, default: PENDING_STATUS },
    },
    required: ['spec'],
    'x-kubernetes-validations': kind.rules,
  };
}
