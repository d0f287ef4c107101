/**
 * The flags of `shopmind start`, parsed and checked before anything is touched.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { EXIT, Failure } from '../failure.ts';

/** Flags as commander gives them: still text, parsed by the command. */
export interface StartFlags {
  readonly tenants: string;
  readonly port: string;
  readonly data: string;
  readonly storefront: boolean;
  readonly traces?: string;
  readonly json?: true;
}

export interface StartOptions {
  readonly tenants: string;
  readonly port: number;
  readonly dataDir: string;
  readonly storefront: boolean;
  /** Of an OTLP/HTTP receiver; absent: nothing is traced. */
  readonly traces?: string | undefined;
  readonly json: boolean;
}

const port = z.coerce.number().int().min(1).max(65_535);

/** @throws Failure naming the flag and its remedy. */
export function parseStartFlags(flags: StartFlags): StartOptions {
  const parsed = port.safeParse(flags.port);
  if (!parsed.success) {
    throw new Failure(`--port ${flags.port} is no port`, {
      exitCode: EXIT.usage,
      remedy: 'Give a number from 1 to 65535.',
    });
  }
  const { traces } = flags;
  if (traces !== undefined && !(/^https?:\/\//.test(traces) && URL.canParse(traces))) {
    throw new Failure(`--traces ${traces} is no address of a receiver`, {
      exitCode: EXIT.usage,
      remedy: 'Give one such as http://127.0.0.1:4318.',
    });
  }
  return {
    tenants: resolve(flags.tenants),
    port: parsed.data,
    dataDir: resolve(flags.data),
    storefront: flags.storefront,
    traces,
    json: flags.json === true,
  };
}

/** @throws Failure when something else listens on the port, or this user may not. */
export async function refuseUsedPort(port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen({ host: '127.0.0.1', port, exclusive: true });
    await once(probe, 'listening');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const what = code === 'EACCES' ? 'may not be opened by this user' : 'is already in use';
    throw new Failure(`port ${port} on 127.0.0.1 ${what}`, {
      exitCode: EXIT.unavailable,
      cause,
      remedy: `Stop what uses it, or choose another one: npm start -- --port ${port === 8080 ? 8081 : 8080}`,
    });
  } finally {
    probe.close();
  }
}
