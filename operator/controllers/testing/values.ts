/** The decoded values of a Secret, for tests that compare them. */
import type { KubeObject } from '../../kube/types.ts';

export function valuesIn(secret: KubeObject | undefined): Readonly<Record<string, string>> {
  // A Secret's data, which the machinery's base type does not name.
  const { data = {} } = (secret ?? {}) as { data?: Record<string, string> };
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
  );
}
