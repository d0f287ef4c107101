/**
 * ShopMindTenant: a merchant's shop, declared. Cluster-scoped.
 * Fields exist only where something acts on them; every one is documented, bounded and validated here.
 */
import { CURRENCIES } from './currencies.ts';
import { canary } from './canary.ts';
import { conditions, environment, inventory, observedGeneration, scaling, schedule } from './meta.ts';
import type { ObjectMeta } from './meta.ts';
import { operation } from './operation.ts';
import { boolean, defaulted, integer, list, object, oneOf, optional, string } from './schema.ts';
import type { Infer } from './schema.ts';

/** A reference to a Secret. @param description says where it is, and which keys it has */
const secretName = (description: string) =>
  object(description, {
    name: string('Name of the Secret.', { min: 1, max: 253, pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$' }),
  });

/** The domains a tenant may switch off or scale. A test keeps this list equal to the runtime's definitions. */
export const DOMAINS = [
  'accounts',
  'analytics',
  'catalog',
  'chat',
  'marketing',
  'media',
  'notifications',
  'orders',
  'payments',
  'recommendations',
  'webhooks',
] as const;

/** Names that would collide with the platform's own namespaces, schemas or hosts. */
export const RESERVED_NAMES = [
  'admin',
  'api',
  'default',
  'gateway',
  'kube-system',
  'operator',
  'partner',
  'pay',
  'platform',
  'pool',
  'postgres',
  'processor',
  'public',
  'runtime',
  'shop',
  'shopmind',
  'storefront',
  'system',
  'www',
];

const HOST = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$';
const HEX = '^#[0-9a-fA-F]{6}$';
const LOCALE = '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$';
const SOURCE = '^(https://[^ ]+|[A-Za-z0-9_][A-Za-z0-9._/-]*)$';
const FONT = "^[A-Za-z0-9][A-Za-z0-9 ,'-]*$";
const UNIQUE = 'self.all(a, self.exists_one(b, a == b))';

const colour = (description: string) => string(description, { max: 7, pattern: HEX });

const branding = object('How the storefront looks.', {
  logo: optional(
    string(
      "The shop's logo: an https:// address, or a path relative to the platform's sources (for example acme/logo.svg).",
      {
        min: 1,
        max: 2048,
        pattern: SOURCE,
        rules: [{ rule: "!self.contains('..')", message: 'a relative path must not contain ".."' }],
      },
    ),
  ),
  colors: optional(
    object(
      'Colours as #rrggbb. Text on background and onPrimary on primary must reach a contrast of 4.5 (WCAG AA).',
      {
        primary: colour('Buttons and links.'),
        onPrimary: optional(
          colour('Text on the primary colour; absent: black or white, whichever reads better.'),
        ),
        secondary: optional(colour('Accents beside the primary colour.')),
        background: optional(colour('Page background; absent: #ffffff.')),
        text: optional(colour('Body text; absent: #111827.')),
      },
    ),
  ),
  fonts: optional(
    object('Font families; the storefront falls back to system fonts.', {
      heading: optional(string('Family of headings.', { min: 1, max: 100, pattern: FONT })),
      body: optional(string('Family of body text.', { min: 1, max: 100, pattern: FONT })),
    }),
  ),
  tagline: optional(string('One line under the name on the home page.', { max: 160 })),
});

const domainOverride = object('What differs from the plan for one domain.', {
  name: oneOf('The domain.', DOMAINS),
  enabled: defaulted(boolean('Whether the shop has this domain at all.'), true),
  scaling: optional(
    scaling(
      'Gives the domain a Deployment of its own with this autoscaling. Only for dedicated placement; the pool scales as one.',
    ),
  ),
});

export const tenantSpec = object(
  'What the shop shall be.',
  {
    displayName: string('Name of the shop as shoppers see it.', { min: 1, max: 100 }),
    plan: defaulted(
      oneOf('Presets for resources and scaling: starter, growth or enterprise.', [
        'starter',
        'growth',
        'enterprise',
      ]),
      'starter',
    ),
    environment: environment(
      'Presets beside the plan, for dedicated placement. production: autoscaled on CPU, memory and requests, over several zones, with disruption budgets and daily backups. staging: autoscaled, over several nodes, new revisions by canary. development: one Pod, scaled by hand, which starts again when its sources change.',
    ),
    placement: defaulted(
      oneOf(
        'pooled: rows in the shared schema, served by the shared runtime. dedicated: own namespace, Deployments, schema and database role. Changing it moves the tenant, data and all; see status.move.',
        ['pooled', 'dedicated'],
      ),
      'pooled',
    ),
    hosts: list(
      'Host names the shop answers to; the first is the canonical one. Unique over all tenants.',
      string('A lower-case DNS name with at least two labels, for example acme.localhost.', {
        min: 3,
        max: 253,
        pattern: HOST,
      }),
      {
        min: 1,
        max: 16,
        rules: [{ rule: UNIQUE, message: 'each host may be listed once: remove the duplicate' }],
      },
    ),
    branding: optional(branding),
    locales: defaulted(
      list(
        'Languages of the shop as BCP 47 tags (en, de-CH); the first is the default.',
        string('A BCP 47 language tag.', { min: 2, max: 15, pattern: LOCALE }),
        {
          min: 1,
          max: 32,
          rules: [{ rule: UNIQUE, message: 'each locale may be listed once: remove the duplicate' }],
        },
      ),
      ['en'],
    ),
    currencies: defaulted(
      list(
        'Currencies of the shop as ISO 4217 codes; the first is the default.',
        oneOf('An ISO 4217 code.', CURRENCIES),
        {
          min: 1,
          max: 32,
          rules: [{ rule: UNIQUE, message: 'each currency may be listed once: remove the duplicate' }],
        },
      ),
      ['EUR'],
    ),
    catalog: optional(
      object('What to fill the shop with.', {
        source: object(
          "A first import: runs once for each value of url, after the shop's services are ready.",
          {
            url: string(
              'A CSV in the Shopify product format: an https:// address, or a path relative to the platform\'s sources without "..".',
              {
                min: 1,
                max: 2048,
                pattern: SOURCE,
                rules: [{ rule: "!self.contains('..')", message: 'the path must not contain ".."' }],
              },
            ),
          },
        ),
      }),
    ),
    domains: defaulted(
      list('What differs from the plan, by domain.', domainOverride, {
        max: 16,
        mapKeys: ['name'],
        rules: [
          {
            rule: "!self.exists(d, d.name == 'accounts' && !d.enabled)",
            message: 'accounts cannot be switched off: every other domain knows its callers through it',
          },
          {
            rule: "!self.exists(d, d.name == 'payments' && !d.enabled) || self.exists(d, d.name == 'orders' && !d.enabled)",
            message: 'orders needs payments: switch orders off too, or leave payments on',
          },
          {
            rule: "!self.exists(d, d.name == 'catalog' && !d.enabled) || self.exists(d, d.name == 'orders' && !d.enabled)",
            message: 'orders needs catalog: switch orders off too, or leave catalog on',
          },
        ],
      }),
      [],
    ),
    autoscaling: optional(
      scaling(
        "Autoscaling of the tenant's runtime; absent: the plan's preset. Only for dedicated placement.",
      ),
    ),
    rollout: optional(
      object(
        "How new revisions of the tenant's Services are delivered. Only for dedicated placement; the pool rolls out as one.",
        {
          strategy: defaulted(
            oneOf('canary: by growing shares of the requests, gated. rolling: Pod by Pod.', [
              'canary',
              'rolling',
            ]),
            'canary',
          ),
          canary: optional(canary('Steps and gates; absent: their defaults.')),
        },
        [
          {
            rule: "self.strategy == 'canary' || !has(self.canary)",
            message: 'canary is for strategy: canary; remove it or change the strategy',
            fieldPath: '.canary',
          },
        ],
      ),
    ),
    payments: defaulted(
      object(
        'How the shop is paid.',
        {
          provider: defaulted(
            oneOf(
              "stripe: by card, with Stripe or whatever speaks Stripe's API at the platform's PAYMENTS_URL, and beside it by PayPal where paypal is set. paypal: by PayPal only.",
              ['stripe', 'paypal'],
            ),
            'stripe',
          ),
          secretRef: optional(
            secretName(
              "A Secret in the tenant's namespace (shopmind-system when pooled) with keys secretKey, publishableKey and webhookSecret; absent: keys are generated and registered at the platform's own processor.",
            ),
          ),
          paypal: optional(
            object('The shop takes PayPal.', {
              environment: defaulted(
                oneOf("Where the account of secretRef is: PayPal itself, or PayPal's sandbox.", [
                  'live',
                  'sandbox',
                ]),
                'live',
              ),
              secretRef: optional(
                secretName(
                  "A Secret in the tenant's namespace (shopmind-system when pooled) with keys clientId, clientSecret and webhookId of a REST app whose webhook is https://<host>/api/payments/webhooks/paypal; absent: an account at the platform's own stand-in, which takes no money.",
                ),
              ),
            }),
          ),
        },
        [
          {
            // kube-apiserver judges the default itself, before defaults of what is in it.
            rule: "!has(self.provider) || self.provider != 'paypal' || has(self.paypal)",
            message: 'provider paypal needs paypal: set it, to {} for the stand-in',
            fieldPath: '.provider',
          },
        ],
      ),
      {},
    ),
    backup: optional(
      object(
        "Backups of the tenant's rows and objects, beside its blobs. Absent: daily in production, none elsewhere. Only for dedicated placement; the pool is backed up as one.",
        {
          enabled: defaulted(boolean('Whether there are any.'), true),
          schedule: optional(schedule('When, as a cron expression in UTC; absent: once each night.')),
          keep: optional(
            integer("How many are kept; absent: the plan's 7, 14 or 30.", { min: 1, max: 1000 }),
          ),
        },
      ),
    ),
    quotas: defaulted(
      object('Limits of the tenant.', {
        requestsPerMinute: defaulted(
          integer('Requests per minute the gateway lets through; more are answered 429.', {
            min: 1,
            max: 10_000_000,
          }),
          100_000,
        ),
      }),
      {},
    ),
    deletionPolicy: defaulted(
      oneOf(
        'What deleting the tenant does to its data. Retain: keep it, disable the login. Snapshot: export it to the blob store, then delete it. Delete: delete it.',
        ['Retain', 'Snapshot', 'Delete'],
      ),
      'Retain',
    ),
    suspended: defaulted(
      boolean(
        'Take the shop off the air without losing anything: requests are answered 503, dedicated Deployments scale to zero.',
      ),
      false,
    ),
  },
  [
    {
      rule: "self.placement == 'dedicated' || !has(self.autoscaling)",
      message: 'autoscaling needs placement: dedicated; a pooled tenant shares the autoscaling of the pool',
      fieldPath: '.autoscaling',
    },
    {
      rule: "self.placement == 'dedicated' || !has(self.rollout)",
      message: 'rollout needs placement: dedicated; a pooled tenant shares the roll-outs of the pool',
      fieldPath: '.rollout',
    },
    {
      rule: "self.placement == 'dedicated' || self.domains.all(d, !has(d.scaling))",
      message:
        'scaling of a domain needs placement: dedicated; a pooled tenant shares the autoscaling of the pool',
      fieldPath: '.domains',
    },
  ],
);

/** Phases of a move, in their order; the last two are those of one that is called off. */
export const MOVE_PHASES = [
  'Preparing',
  'Copying',
  'Freezing',
  'Settling',
  'Verifying',
  'Switching',
  'Routing',
  'Cleaning',
  'Done',
  'Aborting',
  'Aborted',
] as const;

const move = object('The last move to another placement, under way or ended.', {
  from: oneOf('Where the tenant was.', ['pooled', 'dedicated']),
  to: oneOf('Where it goes.', ['pooled', 'dedicated']),
  phase: oneOf(
    'How far it came. Until Switching, setting spec.placement back calls the move off.',
    MOVE_PHASES,
  ),
  message: optional(string('What it is at, or waits for.', { max: 1024 })),
  startedAt: string('When it began.', { max: 40, format: 'date-time' }),
  endedAt: optional(string('When it was done or called off.', { max: 40, format: 'date-time' })),
  rows: optional(integer('Rows copied so far.', { min: 0, max: 9007199254740991 })),
  frozenMilliseconds: optional(
    integer('How long the shop took no changes.', { min: 0, max: 9007199254740991 }),
  ),
});

export const tenantStatus = object('What the operator found and did. Written by the operator only.', {
  observedGeneration: optional(observedGeneration),
  conditions: optional(conditions),
  endpoints: optional(
    object('Where the shop is.', {
      storefront: string('Address of the storefront.', { max: 512 }),
      admin: string('Address of the admin API.', { max: 512 }),
      api: string('Address of the API.', { max: 512 }),
    }),
  ),
  inventory: optional(inventory),
  plan: optional(
    list(
      'Actions on the data plane that are still to be done; empty at steady state.',
      string('One action.', { max: 256 }),
      {
        max: 64,
      },
    ),
  ),
  dataRef: optional(
    object("Where the tenant's data is. Differs from spec.placement while the tenant moves.", {
      placement: oneOf('Placement the data was made for.', ['pooled', 'dedicated']),
      schema: string('Schema of the database.', { max: 63 }),
    }),
  ),
  move: optional(move),
  operation: optional(operation),
  catalog: optional(
    object('The last catalogue import.', {
      source: string('What was imported.', { max: 2048 }),
      importId: optional(string("Id of the import at the tenant's catalog domain.", { max: 128 })),
      state: oneOf('How far it came.', ['Running', 'Succeeded', 'Failed']),
      products: optional(integer('Products imported.', { min: 0, max: 1_000_000_000 })),
      failedRows: optional(integer('Rows that were refused.', { min: 0, max: 1_000_000_000 })),
      attempt: optional(
        string('Value of the reconcile-at annotation the last failed try answered to.', { max: 128 }),
      ),
    }),
  ),
});

/** Rules over the whole object: they see the name, the status and, on updates, the old object. */
export const tenantRules = [
  {
    rule: 'size(self.metadata.name) <= 40',
    message: 'metadata.name may have at most 40 characters: choose a shorter name',
  },
  {
    rule: "self.metadata.name.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",
    message: 'metadata.name must begin with a letter and hold only lower-case letters, digits and dashes',
  },
  {
    rule: `!(self.metadata.name in ['${RESERVED_NAMES.join("', '")}'])`,
    message: 'metadata.name is reserved for the platform: choose another name',
  },
  {
    rule: "!has(self.spec.catalog) || self.spec.catalog.source.url.startsWith('https://') || self.spec.catalog.source.url.startsWith(self.metadata.name + '/')",
    message:
      "a relative source lies in the shop's own folder: begin spec.catalog.source.url with metadata.name and a slash, or use an https:// address",
    fieldPath: '.spec.catalog',
  },
];

export type TenantSpec = Infer<typeof tenantSpec>;
export type TenantStatus = Infer<typeof tenantStatus>;
export type Plan = TenantSpec['plan'];
export type Placement = TenantSpec['placement'];
export type Branding = Infer<typeof branding>;

/** What differs from the plan for one domain of a tenant. */
export function overrideOf(
  spec: Pick<TenantSpec, 'domains'>,
  domain: (typeof DOMAINS)[number],
): TenantSpec['domains'][number] | undefined {
  return spec.domains.find(({ name }) => name === domain);
}

/** A ShopMindTenant as the API server stores it. */
export interface ShopMindTenant {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: TenantSpec;
  readonly status?: TenantStatus;
}
