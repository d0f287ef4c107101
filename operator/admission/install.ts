/**
 * Puts admission into the API's path: certificate in a Secret, server up, then the configuration that names both.
 * In this order, because from the last step on no tenant is stored without an answer from here.
 */
import type { Logger } from 'pino';
import { FIELD_MANAGER, GROUP, LABELS, SYSTEM_NAMESPACE, VERSION } from '../../crds/index.ts';
import type { Client } from '../kube/client.ts';
import { isAlreadyExists } from '../kube/errors.ts';
import { resource, secrets } from '../kube/resources.ts';
import { isFresh, issueApart } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import type { Surroundings } from './review.ts';
import { serveAdmission, TENANT_PATH } from './server.ts';
import type { AdmissionServer } from './server.ts';

export const configurations = resource(
  'admissionregistration.k8s.io',
  'v1',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  false,
);

const SECRET = 'operator-webhook';
const SERVICE = 'operator';
const NAMES = [`${SERVICE}.${SYSTEM_NAMESPACE}.svc`, `${SERVICE}.${SYSTEM_NAMESPACE}.svc.cluster.local`];
const LABEL = { [LABELS.managedBy]: 'shopmind', [LABELS.partOf]: 'shopmind', [LABELS.name]: SERVICE };

/** Idempotent; every replica may do it. */
export async function installAdmission(options: {
  readonly client: Client;
  readonly host: string;
  readonly port: number;
  readonly around: Surroundings;
  readonly log: Logger;
  readonly now: Date;
}): Promise<AdmissionServer> {
  const { client, host, port, around, log, now } = options;
  const certificate = await certificateOf(client, now);
  const server = await serveAdmission({ host, port, certificate, around, log });
  await client.apply(configurations, configuration(certificate, server.port), {
    fieldManager: FIELD_MANAGER,
    force: true,
  });
  return server;
}

/** The stored certificate, or a new one; of two replicas that make one, the first wins. */
async function certificateOf(client: Client, now: Date): Promise<Certificate> {
  const ref = { namespace: SYSTEM_NAMESPACE, name: SECRET };
  const stored = await client.find(secrets, ref);
  const known = {
    cert: Buffer.from(stored?.data?.['tls.crt'] ?? '', 'base64').toString('utf8'),
    key: Buffer.from(stored?.data?.['tls.key'] ?? '', 'base64').toString('utf8'),
  };
  if (isFresh(known, NAMES, now)) return known;
  const made = await issueApart(NAMES, now);
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...ref, labels: LABEL },
    type: 'kubernetes.io/tls',
    data: {
      'tls.crt': Buffer.from(made.cert).toString('base64'),
      'tls.key': Buffer.from(made.key).toString('base64'),
    },
  };
  try {
    if (stored === undefined) await client.create(secrets, object, { fieldManager: FIELD_MANAGER });
    else await client.apply(secrets, object, { fieldManager: FIELD_MANAGER, force: true });
    return made;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return certificateOf(client, now);
  }
}

function configuration(certificate: Certificate, port: number) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'shopmind', labels: LABEL },
    webhooks: [
      {
        name: `tenants.${GROUP}`,
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        timeoutSeconds: 5,
        rules: [
          {
            apiGroups: [GROUP],
            apiVersions: [VERSION],
            resources: ['shopmindtenants'],
            operations: ['CREATE', 'UPDATE'],
            scope: 'Cluster',
          },
        ],
        // Finalizers, labels and annotations are nobody's mistake, and must go on while no operator runs.
        matchConditions: [
          { name: 'spec-is-new', expression: 'oldObject == null || object.spec != oldObject.spec' },
        ],
        clientConfig: {
          caBundle: Buffer.from(certificate.cert).toString('base64'),
          service: { name: SERVICE, namespace: SYSTEM_NAMESPACE, path: TENANT_PATH, port },
        },
      },
    ],
  };
}
