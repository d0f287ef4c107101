/** Writes the kubeconfig by which clients find the server and prove who they are. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { writePrivate } from './certificates.ts';

export interface Access {
  readonly url: string;
  /** PEM. */
  readonly caCertificate: string;
  readonly user: string;
  readonly token: string;
}

const CONTEXT = 'shopmind';

/** A kubeconfig with one context. JSON, which is YAML too, so that nothing needs quoting. */
export function kubeconfig(access: Access): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    clusters: [
      {
        name: CONTEXT,
        cluster: {
          server: access.url,
          'certificate-authority-data': Buffer.from(access.caCertificate).toString('base64'),
        },
      },
    ],
    users: [{ name: access.user, user: { token: access.token } }],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: access.user } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

export function writeKubeconfig(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writePrivate(path, content);
}
