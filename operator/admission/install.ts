/**
 * Puts admission and conversion into the API's path: certificates, server up, then the authority published to API servers.
 * Needs no caches for that: conversion must work before this very operator can read objects that were stored in the old version.
 */
import type { Logger } from 'pino';
import { CONVERSION, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { Client } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { Issuer, Pair } from './certificate.ts';
import { keepRotating, rotate } from './rotation.ts';
import { serveAdmission } from './server.ts';
import type { AdmissionOptions, AdmissionServer } from './server.ts';

const HOST = `${CONVERSION.service}.${SYSTEM_NAMESPACE}.svc`;
const NAMES = [HOST, `${HOST}.cluster.local`];

export interface InstallAdmissionOptions extends AdmissionOptions {
  readonly client: Client;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly issue: Issuer;
  readonly clock: Clock;
  readonly log: Logger;
  /** DNS names API servers call; absent: those of the Service in the cluster. */
  readonly names?: readonly string[];
}

/**
 * Resolves when reviews are answered and API servers know whom to trust; certificates are looked after until `signal` is aborted.
 * Idempotent; every replica does it.
 */
export async function installAdmission(
  options: InstallAdmissionOptions,
  signal: AbortSignal,
): Promise<AdmissionServer> {
  let server: AdmissionServer | undefined;
  let latest: string | undefined;
  const rotation = {
    ...options,
    names: options.names ?? NAMES,
    use: async (serving: Pair): Promise<void> => {
      if (serving.cert === latest) return;
      if (server === undefined) server = await serveAdmission({ ...options, serving });
      else server.use(serving);
      latest = serving.cert;
    },
  };
  try {
    await rotate(rotation);
  } catch (error) {
    // It is tried again from the beginning, on the same port.
    await server?.close();
    throw error;
  }
  if (server === undefined) throw new Error('a rotation that succeeds has used a certificate');
  void keepRotating(rotation, signal);
  return server;
}
