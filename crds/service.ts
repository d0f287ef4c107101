/**
 * Service: one Deployment of a tenant or of the pool. It hosts domains in the generic runtime image, or runs an image of its own.
 * Namespaced; `services.shopmind.ai`, short name `smsvc`, so that it does not hide the core Service.
 */
import { canary, canaryStatus } from './canary.ts';
import { conditions, environment, inventory, observedGeneration, scaling, schedule } from './meta.ts';
import type { ObjectMeta } from './meta.ts';
import { operation } from './operation.ts';
import { boolean, defaulted, integer, list, object, oneOf, optional, string } from './schema.ts';
import type { Infer } from './schema.ts';
import { DOMAINS } from './tenant.ts';

const QUANTITY = '^[0-9]+([.][0-9]+)?(m|k|M|G|Ki|Mi|Gi)?$';
const quantity = (description: string) => string(description, { min: 1, max: 16, pattern: QUANTITY });

const envVar = object('One environment variable.', {
  name: string('Name of the variable.', { min: 1, max: 128, pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }),
  value: optional(string('Its value; exclusive with valueFrom.', { max: 4096 })),
  valueFrom: optional(
    object('Where its value is; exclusive with value.', {
      secretKeyRef: object("A key of a Secret in the Service's namespace.", {
        name: string('Name of the Secret.', { min: 1, max: 253 }),
        key: string('Key within the Secret.', { min: 1, max: 253 }),
      }),
    }),
  ),
});

export const serviceSpec = object(
  'What to run.',
  {
    tenant: optional(
      string('The tenant it belongs to; absent: the pool, which serves every pooled tenant.', {
        min: 1,
        max: 40,
        pattern: '^[a-z]([a-z0-9-]*[a-z0-9])?$',
      }),
    ),
    domains: optional(
      list(
        'Domains to host in the generic runtime image; exclusive with image.',
        oneOf('A domain.', DOMAINS),
        {
          min: 1,
          max: 16,
          rules: [
            {
              rule: 'self.all(a, self.exists_one(b, a == b))',
              message: 'each domain may be listed once: remove the duplicate',
            },
          ],
        },
      ),
    ),
    image: optional(
      string("A container image to run instead of the runtime's; exclusive with domains.", {
        min: 1,
        max: 512,
        pattern: '^[^ ]+$',
      }),
    ),
    port: defaulted(
      integer('Port on which the service answers HTTP (variable PORT).', { min: 1, max: 65535 }),
      8080,
    ),
    health: optional(
      object('How to ask an own image whether it is ready; absent: its port accepts connections.', {
        path: string('Path that answers 200 when ready.', { min: 1, max: 256, pattern: '^/[^ ]*$' }),
        port: integer('Port of the path.', { min: 1, max: 65535 }),
      }),
    ),
    env: defaulted(
      list('Environment variables beside those the platform sets.', envVar, {
        max: 64,
        mapKeys: ['name'],
        rules: [
          {
            rule: 'self.all(v, has(v.value) != has(v.valueFrom))',
            message: 'each variable needs either value or valueFrom, not both',
          },
        ],
      }),
      [],
    ),
    replicas: defaulted(
      integer('Pods to run while scaling does not say otherwise; 0 hibernates. Set by kubectl scale.', {
        min: 0,
        max: 1000,
      }),
      1,
    ),
    traffic: optional(
      object('How requests are brought to new revisions.', {
        canary: optional(
          canary(
            'Deliver a changed Pod template by growing shares of the requests; absent: by a rolling update.',
          ),
        ),
      }),
    ),
    scaling: optional(scaling('Autoscaling; absent, or min equal to max: no autoscaler.')),
    environment: environment(
      'production: Pods are spread over zones and protected from disruptions. staging: spread over nodes. development: neither, and the runtime starts again when its sources change (where its image holds them).',
    ),
    backup: optional(
      object('Backs up the tenants whose domains it hosts, beside their blobs; absent: no backups.', {
        schedule: schedule('When, as a cron expression in UTC.'),
        keep: integer('How many backups of each tenant are kept.', { min: 1, max: 1000 }),
      }),
    ),
    readOnlyRoot: defaulted(
      boolean("Whether the container's root file system is read-only; /tmp can always be written."),
      true,
    ),
    resources: defaulted(
      object('What one Pod is given.', {
        cpu: defaulted(quantity('CPU asked for, for example 250m.'), '100m'),
        memory: defaulted(quantity('Memory asked for and allowed, for example 256Mi.'), '256Mi'),
      }),
      {},
    ),
  },
  [
    {
      rule: 'has(self.domains) != has(self.image)',
      message: 'set either domains (hosted in the runtime image) or image (your own), not both',
    },
    {
      rule: 'has(self.domains) || !has(self.backup)',
      message: 'backup is for hosted domains; an own image brings its own data and its own backups',
      fieldPath: '.backup',
    },
    {
      rule: 'has(self.image) || !has(self.health)',
      message: 'health is for own images; the runtime image has its own probes',
      fieldPath: '.health',
    },
  ],
);

const moment = (description: string) => string(description, { max: 40, format: 'date-time' });

const archive = object("The archive of the database's log, of the pool's Service.", {
  location: string('Where it is.', { max: 512 }),
  since: optional(moment('The oldest moment that can be restored to.')),
  gapFrom: optional(moment('No moment after this can be restored to…')),
  gapTo: optional(moment('…and before this.')),
  bases: list(
    'Base backups, oldest first.',
    object('A base backup.', {
      name: string('Its name.', { max: 63 }),
      endedAt: moment('The cluster can be restored to this moment and to later ones.'),
      megabytes: integer('Of the cluster, before compression.', { min: 0, max: 9007199254740991 }),
    }),
    { max: 512 },
  ),
});

export const serviceStatus = object('What the operator found and did. Written by the operator only.', {
  observedGeneration: optional(observedGeneration),
  conditions: optional(conditions),
  replicas: optional(integer('Pods there are.', { min: 0, max: 100000 })),
  readyReplicas: optional(integer('Pods that are ready.', { min: 0, max: 100000 })),
  selector: optional(string('Label selector of the Pods, for the scale subresource.', { max: 1024 })),
  endpoint: optional(string('Address of the service inside the cluster.', { max: 512 })),
  canary: optional(canaryStatus),
  operation: optional(operation),
  archive: optional(archive),
  inventory: optional(inventory),
});

export const serviceRules = [
  {
    rule: 'size(self.metadata.name) <= 50',
    message: 'metadata.name may have at most 50 characters: choose a shorter name',
  },
  {
    rule: "self.metadata.name.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",
    message: 'metadata.name must begin with a letter and hold only lower-case letters, digits and dashes',
  },
  {
    rule: "!self.metadata.name.endsWith('-canary')",
    message:
      'metadata.name must not end in -canary, the name of what runs new revisions: choose another name',
  },
];

export type ServiceSpec = Infer<typeof serviceSpec>;
export type ServiceStatus = Infer<typeof serviceStatus>;

/** A Service (shopmind.ai) as the API server stores it. */
export interface ShopMindService {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: ServiceSpec;
  readonly status?: ServiceStatus;
}
