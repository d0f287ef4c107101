/**
 * What can be chosen about an installation: one schema for `shopmind install --values`, for the Helm chart's values.yaml and for its
 * values.schema.json. Whatever is not chosen has a default that suits production.
 */
import { z } from 'zod';

/** Version of the images that belong to this source. A test keeps it equal to package.json. */
export const VERSION_OF_IMAGES = '0.1.0';

const quantity = z
  .string()
  .regex(/^[0-9]+([.][0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$/, 'a quantity such as 250m or 512Mi');
const resources = (cpu: string, memory: string, limit: string) =>
  z
    .strictObject({
      cpu: quantity
        .default(cpu)
        .describe('CPU asked for. There is no limit: throttled processes answer late for no gain.'),
      memory: quantity.default(memory).describe('Memory asked for.'),
      memoryLimit: quantity.default(limit).describe('Memory at which the container is ended.'),
    })
    .prefault({});
const port = z.int().min(1).max(65_535);
const labels = z.record(z.string().max(317), z.string().max(63)).default({});
const placement = {
  nodeSelector: labels.describe('Labels a node must have.'),
  tolerations: z
    .array(
      z.strictObject({
        key: z.string().exactOptional(),
        operator: z.enum(['Exists', 'Equal']).exactOptional(),
        value: z.string().exactOptional(),
        effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).exactOptional(),
        tolerationSeconds: z.int().exactOptional(),
      }),
    )
    .default([])
    .describe('Taints the Pods tolerate.'),
};
const replicas = z
  .int()
  .min(1)
  .max(20)
  .default(2)
  .describe('Pods; one is enough where nothing depends on it.');

export const InstallValues = z.strictObject({
  image: z
    .strictObject({
      registry: z
        .string()
        .max(255)
        .regex(
          /^([a-z0-9][a-z0-9./:_-]*\/)?$/,
          'a prefix that ends with a slash, such as registry.example.com/',
        )
        .default('')
        .describe('Prefix of our images, with a slash at its end; empty: the default registry.'),
      tag: z
        .string()
        .regex(/^[\w][\w.-]{0,127}$/, 'a tag such as 0.1.0')
        .default(VERSION_OF_IMAGES)
        .describe('Tag of our images.'),
      pullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'])
        .default('IfNotPresent')
        .describe('When images are fetched.'),
    })
    .prefault({}),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('What operator and gateway log.'),
  operator: z
    .strictObject({ replicas, resources: resources('100m', '192Mi', '1Gi'), ...placement })
    .prefault({})
    .describe('The operator: one replica leads, the others answer admission and stand by.'),
  gateway: z
    .strictObject({
      replicas,
      port: port.default(8080).describe('Port the gateway listens on, inside the cluster too.'),
      service: z
        .strictObject({
          type: z
            .enum(['ClusterIP', 'NodePort', 'LoadBalancer'])
            .default('ClusterIP')
            .describe('How the gateway is reached from outside: Service gateway-public.'),
          port: port.default(80).describe('Port of that Service.'),
          annotations: z
            .record(z.string(), z.string())
            .default({})
            .describe('Annotations of that Service, for the cloud.'),
        })
        .prefault({}),
      forwardedProto: z
        .enum(['http', 'https'])
        .default('https')
        .describe('Scheme browsers use: https behind a balancer that ends TLS.'),
      trustedProxies: z
        .string()
        .max(1024)
        .regex(/^[0-9a-fA-F.:/, ]*$/, 'networks such as 10.0.0.0/8,fd00::/8')
        .default('')
        .describe('Networks of balancers whose x-forwarded-for is believed, with commas between.'),
      resources: resources('100m', '128Mi', '512Mi'),
      ...placement,
    })
    .prefault({})
    .describe("The edge: every shopper's request passes it."),
  storefront: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Whether the web pages are served; without them there are only APIs.'),
      paymentsPublicOrigin: z
        .string()
        .max(512)
        .regex(/^(https?:\/\/[A-Za-z0-9.:[\]-]+)?$/, 'an origin such as https://pay.example.com')
        .default('')
        .describe(
          "Origin of the payment processor's card fields, the only one pages may frame; empty: Stripe's.",
        ),
    })
    .prefault({}),
  blobs: z
    .strictObject({
      claim: z
        .string()
        .max(253)
        .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/, 'the name of a claim')
        .default('')
        .describe(
          'PersistentVolumeClaim of the system namespace, for many writers, where blobs are files (BLOBS_URL file://…): the operator writes snapshots of deleted tenants there. The runtimes are told of theirs by BLOBS_CLAIM.',
        ),
      path: z
        .string()
        .regex(/^\/[^\0]+$/, 'an absolute path')
        .default('/var/lib/shopmind/blobs')
        .describe('Where it is mounted: the path of BLOBS_URL.'),
    })
    .prefault({}),
  networkPolicies: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether the system namespace denies what is not opened.'),
      apiServerPort: port
        .default(6443)
        .describe('Port of the API server behind the Service kubernetes; 443 is open too.'),
      databasePort: port.default(5432).describe('Port of the database.'),
      limitsPort: port
        .default(6379)
        .describe('Port of the Redis in which gateways count together (LIMITS_URL of Secret gateway).'),
      tracesPort: port
        .default(4318)
        .describe('Port of the OTLP/HTTP receiver of traces (TRACES_URL of ConfigMap platform).'),
      backendPorts: z
        .array(z.strictObject({ port, protocol: z.enum(['TCP', 'UDP']).default('TCP') }))
        .default([])
        .describe(
          'Further ports that the pool reaches: of the systems that ConfigMap platform names (9092 for Kafka, 3310 for ClamAV, …) and of who sends its mail (587, 465).',
        ),
    })
    .prefault({}),
  admissionPolicy: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe(
          'Whether the API server keeps the operator to its own namespaces (ValidatingAdmissionPolicy, Kubernetes 1.30).',
        ),
    })
    .prefault({}),
  serviceMonitor: z
    .strictObject({
      enabled: z
        .boolean()
        .default(false)
        .describe('Whether Prometheus Operator is told to scrape operator and gateway.'),
    })
    .prefault({}),
});

/** Values with every default filled in. */
export type InstallValues = z.output<typeof InstallValues>;

/** One thing wrong with given values. */
export interface ValueMistake {
  /** Path within the values, for example `gateway.service.port`. */
  readonly path: string;
  readonly message: string;
}

/** Values as a person gave them, with the defaults filled in; or everything that is wrong with them. */
export function parseValues(
  given: unknown,
): { readonly values: InstallValues } | { readonly mistakes: readonly ValueMistake[] } {
  const parsed = InstallValues.safeParse(given ?? {});
  if (parsed.success) return { values: parsed.data };
  return { mistakes: parsed.error.issues.flatMap(mistakesOf) };
}

/** The values of an installation nobody chose anything for. */
export function defaultValues(): InstallValues {
  return InstallValues.parse({});
}

function mistakesOf(issue: z.core.$ZodIssue): ValueMistake[] {
  const path = issue.path.map(String);
  // A misspelt key is named by itself, not by the object that holds it.
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'there is no such value' }));
  return [{ path: path.join('.') || 'the values', message: issue.message }];
}
