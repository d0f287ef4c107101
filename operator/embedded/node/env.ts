/**
 * A container's environment: what it declares, from where it declares it.
 */
import { expand } from './expand.ts';
import { podField, resourceField, type PodPlace } from './fields.ts';
import type { ConfigMap, Container, EnvVar, Pod, Secret } from '../controllers/machinery/wire.ts';

/** The container cannot be made yet; the message is for `CreateContainerConfigError`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads what a Pod may refer to, in the Pod's namespace. */
export interface References {
  secret(name: string): Secret | undefined;
  configMap(name: string): ConfigMap | undefined;
}

export type Env = Record<string, string>;

/** @throws ConfigError when something it needs is missing */
export function containerEnv(pod: Pod, container: Container, place: PodPlace, references: References): Env {
  const env: Env = {};
  for (const source of container.envFrom ?? []) {
    const values = source.configMapRef
      ? configMapValues(references, source.configMapRef.name ?? '', source.configMapRef.optional)
      : source.secretRef
        ? secretValues(references, source.secretRef.name ?? '', source.secretRef.optional)
        : {};
    for (const [key, value] of Object.entries(values)) env[(source.prefix ?? '') + key] = value;
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, pod, container, place, references, env);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

/** A ConfigMap's texts, or a Secret's decoded ones. @throws ConfigError when it is missing and not optional */
function configMapValues(references: References, name: string, optional = false): Env {
  const found = references.configMap(name);
  if (!found && !optional) throw new ConfigError(`configmap "${name}" not found`);
  return { ...found?.data };
}

export function secretValues(references: References, name: string, optional = false): Env {
  const found = references.secret(name);
  if (!found && !optional) throw new ConfigError(`secret "${name}" not found`);
  return Object.fromEntries(
    Object.entries(found?.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]),
  );
}

function variableValue(
  variable: EnvVar,
  pod: Pod,
  container: Container,
  place: PodPlace,
  references: References,
  env: Env,
): string | undefined {
  const from = variable.valueFrom;
  if (!from) return expand(variable.value ?? '', env);
  if (from.fieldRef) {
    const value = podField(pod, place, from.fieldRef.fieldPath);
    if (value === undefined)
      throw new ConfigError(`no field ${from.fieldRef.fieldPath} for variable ${variable.name}`);
    return value;
  }
  if (from.resourceFieldRef) {
    const { containerName, resource, divisor } = from.resourceFieldRef;
    const target = containerName ? pod.spec.containers.find(({ name }) => name === containerName) : container;
    return target && resourceField(target, resource, divisor && divisor !== '0' ? divisor : '1');
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional = false } = from.secretKeyRef;
    return keyed(secretValues(references, name, optional), key, optional, `secret "${name}"`);
  }
  if (from.configMapKeyRef) {
    const { name = '', key, optional = false } = from.configMapKeyRef;
    return keyed(configMapValues(references, name, optional), key, optional, `configmap "${name}"`);
  }
  throw new ConfigError(`variable ${variable.name} has a source the embedded cluster does not have`);
}

function keyed(values: Env, key: string, optional: boolean, where: string): string | undefined {
  const value = Object.hasOwn(values, key) ? values[key] : undefined;
  if (value === undefined && !optional) throw new ConfigError(`key "${key}" not found in ${where}`);
  return value;
}
