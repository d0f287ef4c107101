/**
 * stripe-mock, Stripe's own: it answers with fixtures and keeps nothing, but it refuses every request that Stripe's OpenAPI does not allow.
 * Built from its published Go module on first use, in some twenty seconds.
 */
import { rm } from 'node:fs/promises';
import { program } from '../cluster/binaries.ts';
import { ownFolder } from '../support/owned.ts';
import { freePort } from '../support/port.ts';
import { startProgram, type Program } from './process.ts';

export interface StripeMock extends Program {
  /** `http://127.0.0.1:…` */
  readonly origin: string;
  stop(): Promise<void>;
}

export async function startStripeMock(): Promise<StripeMock> {
  const command = await program('stripe-mock');
  const folder = ownFolder('stripe');
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  try {
    const started = await startProgram({
      command,
      args: ['-http-addr', `127.0.0.1:${port}`],
      folder,
      ready: async () => void (await fetch(origin, { signal: AbortSignal.timeout(1_000) })),
    });
    return {
      ...started,
      origin,
      async stop() {
        await started.kill();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
