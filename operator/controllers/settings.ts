/**
 * What the operator's own environment says of what it makes: read by its process, and by whoever plans what it would do.
 */
import type { Images } from '../resources/workload.ts';

export interface Settings {
  readonly images: Images;
  /** Port the gateway listens on inside the cluster. */
  readonly gatewayPort: number;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws Error for a port that is none */
export function settingsOf(env: Variables): Settings {
  return {
    images: {
      runtime: env['RUNTIME_IMAGE'] ?? 'shopmind/runtime',
      recovery: env['RECOVERY_IMAGE'] ?? 'shopmind/recovery',
      pullPolicy: pullPolicy(env['IMAGE_PULL_POLICY']),
    },
    gatewayPort: portOf(env, 'GATEWAY_PORT', 8080),
  };
}

/** @throws Error for what is no port */
export function portOf(env: Variables, name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new Error(`${name} must be a port, not ${env[name]}`);
  return value;
}

function pullPolicy(value: string | undefined): Images['pullPolicy'] {
  return value === 'Always' || value === 'Never' ? value : 'IfNotPresent';
}
