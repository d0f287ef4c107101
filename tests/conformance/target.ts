/**
 * The cluster under test: the one a kubeconfig names, or an embedded one of this process's own.
 */
import { readFile, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pino } from 'pino';
import { parse } from 'yaml';
import { startEmbeddedCluster } from '../../operator/embedded/cluster.ts';
import { TEST_IMAGES } from '../../operator/embedded/images/table.ts';
import { ownFolder } from '../support/owned.ts';
import { at } from './value.ts';
import type { Access } from './client.ts';

export type Target = {
  readonly access: Access;
  /** The file that clients such as kubectl read. */
  readonly kubeconfig: string;
  /** Whether Pods run: the image `shopmind/test` is there. */
  readonly runsPods: boolean;
  /** Whether its API server can call a webhook of this process: it is on this machine. */
  readonly callsBack: boolean;
  close(): Promise<void>;
};

/**
 * `SHOPMIND_CONFORMANCE_KUBECONFIG` names a kubeconfig of any cluster; `SHOPMIND_CONFORMANCE_PODS=true` says that it runs Pods of
 * the image `shopmind/test`. Without it, the embedded cluster is started in a temporary directory.
 */
export async function openTarget(): Promise<Target> {
  const kubeconfig = process.env['SHOPMIND_CONFORMANCE_KUBECONFIG'];
  if (kubeconfig !== undefined && kubeconfig !== '') {
    const runsPods = process.env['SHOPMIND_CONFORMANCE_PODS'] === 'true';
    const access = await readAccess(kubeconfig);
    const callsBack = /^(127\.|localhost$|\[::1\]$)/.test(new URL(access.url).hostname);
    return { access, kubeconfig, runsPods, callsBack, close: () => Promise.resolve() };
  }
  const directory = ownFolder('conformance');
  const file = join(directory, 'kubeconfig');
  const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });
  const cluster = await startEmbeddedCluster({
    dataDir: directory,
    kubeconfigPath: file,
    images: TEST_IMAGES,
    log,
  });
  return {
    access: await readAccess(file),
    kubeconfig: file,
    runsPods: true,
    callsBack: true,
    async close() {
      await cluster.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Server and credentials of a kubeconfig's current context. */
export async function readAccess(file: string): Promise<Access> {
  const config: unknown = parse(await readFile(file, 'utf8'));
  const context = named(config, 'contexts', at(config, 'current-context'));
  const cluster = at(named(config, 'clusters', at(context, 'context.cluster')), 'cluster');
  const user = at(named(config, 'users', at(context, 'context.user')), 'user');
  const base = dirname(resolve(file));
  const [ca, cert, key] = [
    material(cluster, 'certificate-authority', base),
    material(user, 'client-certificate', base),
    material(user, 'client-key', base),
  ];
  const [url, token] = [at(cluster, 'server'), at(user, 'token')];
  if (typeof url !== 'string') throw new Error(`${file} names no server`);
  return {
    url,
    insecure: at(cluster, 'insecure-skip-tls-verify') === true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(typeof token === 'string' ? { token } : {}),
  };
}

function named(config: unknown, list: string, name: unknown): unknown {
  const entries = at(config, list);
  return Array.isArray(entries) ? entries.find((entry) => at(entry, 'name') === name) : undefined;
}

function material(holder: unknown, name: string, base: string): Buffer | undefined {
  const data = at(holder, `${name}-data`);
  if (typeof data === 'string') return Buffer.from(data, 'base64');
  const file = at(holder, name);
  return typeof file === 'string' ? readFileSync(resolve(base, file)) : undefined;
}
