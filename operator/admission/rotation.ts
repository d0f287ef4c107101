/**
 * Keeps the webhooks' certificates good for ever: the keyring in a Secret that all replicas share, the server that uses it, and
 * the objects that tell API servers whom to trust. Every replica does all of it; the Secret's version decides who is first.
 */
import type { Logger } from 'pino';
import { FIELD_MANAGER, LABELS, SYSTEM_NAMESPACE } from '../../crds/index.ts';
import type { Client } from '../kube/client.ts';
import { sleep } from '../kube/clock.ts';
import type { Clock } from '../kube/clock.ts';
import { isAlreadyExists, isConflict } from '../kube/errors.ts';
import { secrets } from '../kube/resources.ts';
import type { Secret } from '../kube/resources.ts';
import type { Issuer, Pair } from './certificate.ts';
import { advance, bundleOf } from './keyring.ts';
import type { Keyring } from './keyring.ts';
import { publish } from './publish.ts';

const SECRET = { namespace: SYSTEM_NAMESPACE, name: 'operator-webhook' };
/** How soon a replica follows the other, and puts back what somebody took out of a configuration. */
const LOOK_MS = 60_000;
const RETRY_MS = 5_000;

export interface RotationOptions {
  readonly client: Client;
  readonly names: readonly string[];
  readonly issue: Issuer;
  readonly clock: Clock;
  readonly log: Logger;
  /** New connections are served with this certificate from now on. Called with the same one again and again. */
  readonly use: (serving: Pair) => Promise<void>;
}

/** One look: afterwards the server and everything published are as they shall be now. Idempotent. */
export async function rotate(options: RotationOptions): Promise<void> {
  const { client, names, issue, clock, log } = options;
  for (;;) {
    const stored = await client.find(secrets, SECRET);
    const known = stored === undefined ? undefined : keyringOf(stored);
    const wanted = await advance(known, names, clock.now(), issue);
    if (wanted !== known && !(await write(client, stored, wanted))) continue;
    // Before it is published: whoever is told to trust it finds somebody who has it.
    await options.use(wanted.serving);
    const changed = await publish(client, bundleOf(wanted));
    if (wanted !== known || changed.length > 0) {
      log.info(
        { authorities: wanted.authorities.length, published: changed },
        'the webhook certificates are up to date',
      );
    }
    return;
  }
}

/** Looks again and again until `signal` is aborted; a failed look is told and tried again. */
export async function keepRotating(options: RotationOptions, signal: AbortSignal): Promise<void> {
  let waitMs = LOOK_MS;
  for (;;) {
    await sleep(options.clock, waitMs, signal);
    if (signal.aborted) return;
    try {
      await rotate(options);
      waitMs = LOOK_MS;
    } catch (error) {
      options.log.warn(
        { err: error },
        'the webhook certificates could not be looked after; it is tried again',
      );
      waitMs = RETRY_MS;
    }
  }
}

/** @returns false when another replica was faster */
async function write(client: Client, stored: Secret | undefined, keyring: Keyring): Promise<boolean> {
  const data = {
    'ca.crt': base64(bundleOf(keyring)),
    'ca.key': base64(keyring.authorities.map(({ key }) => key).join('')),
    'tls.crt': base64(keyring.serving.cert),
    'tls.key': base64(keyring.serving.key),
  };
  const owner = { fieldManager: FIELD_MANAGER };
  try {
    if (stored === undefined) {
      const labels = { [LABELS.partOf]: 'shopmind', [LABELS.name]: 'operator' };
      const metadata = { ...SECRET, labels };
      const type = 'kubernetes.io/tls';
      await client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, type, data }, owner);
    } else {
      const { resourceVersion } = stored.metadata;
      await client.patch(
        secrets,
        SECRET,
        { kind: 'merge', body: { metadata: { resourceVersion }, data } },
        owner,
      );
    }
    return true;
  } catch (error) {
    if (isAlreadyExists(error) || isConflict(error)) return false;
    throw error;
  }
}

function keyringOf({ data }: Secret): Keyring {
  const text = (key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
  const [certs, keys] = [blocksOf(text('ca.crt')), blocksOf(text('ca.key'))];
  return {
    authorities: certs.map((cert, index) => ({ cert, key: keys[index] ?? '' })),
    serving: { cert: text('tls.crt'), key: text('tls.key') },
  };
}

function blocksOf(pem: string): readonly string[] {
  return pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n?/g) ?? [];
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
