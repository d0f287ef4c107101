/** Defaults and rules of a pod's spec, in Pods and in the templates of what makes them. */
import { duplicate, invalid, notSupported, required } from '../../schema/cause.ts';
import { isObject } from '../../schema/schema.ts';
import type { Cause } from '../errors.ts';
import { at, defaulted, fields, items, text, type Json, type JsonObject } from '../objects.ts';
import { nameCauses } from '../registry/metadata.ts';

const DEFAULT_FILE_MODE = 0o644;
const TOKEN_SECONDS = 3_607;
const HIGHEST_PORT = 65_535;

/** Completes the spec under `parent.spec`. */
export function setPodSpecDefaults(parent: JsonObject): void {
  const spec = parent['spec'];
  if (!isObject(spec)) return;
  defaulted(spec, 'restartPolicy', 'Always');
  defaulted(spec, 'terminationGracePeriodSeconds', 30);
  defaulted(spec, 'dnsPolicy', 'ClusterFirst');
  defaulted(spec, 'securityContext', {});
  defaulted(spec, 'schedulerName', 'default-scheduler');
  for (const container of [...items(spec['containers']), ...items(spec['initContainers'])])
    if (isObject(container)) setContainerDefaults(container, spec['hostNetwork'] === true);
  for (const volume of items(spec['volumes'])) if (isObject(volume)) setVolumeDefaults(volume);
}

function setContainerDefaults(container: JsonObject, hostNetwork: boolean): void {
  defaulted(container, 'terminationMessagePath', '/dev/termination-log');
  defaulted(container, 'terminationMessagePolicy', 'File');
  defaulted(container, 'imagePullPolicy', pullPolicyOf(text(container['image'])));
  defaulted(container, 'resources', {});
  const resources = fields(container['resources']);
  const limits = fields(resources['limits']);
  if (Object.keys(limits).length > 0) resources['requests'] = { ...limits, ...fields(resources['requests']) };
  for (const port of items(container['ports'])) {
    if (!isObject(port)) continue;
    defaulted(port, 'protocol', 'TCP');
    if (hostNetwork && port['containerPort'] !== undefined)
      defaulted(port, 'hostPort', port['containerPort']);
  }
  for (const variable of items(container['env'])) {
    const reference = at(variable, 'valueFrom', 'fieldRef');
    if (isObject(reference)) defaulted(reference, 'apiVersion', 'v1');
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) setProbeDefaults(container[name]);
  for (const hook of ['postStart', 'preStop']) setHttpDefaults(at(container['lifecycle'], hook, 'httpGet'));
}

function pullPolicyOf(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  return name.endsWith(':latest') || !name.includes(':') ? 'Always' : 'IfNotPresent';
}

function setProbeDefaults(probe: Json | undefined): void {
  if (!isObject(probe)) return;
  defaulted(probe, 'timeoutSeconds', 1);
  defaulted(probe, 'periodSeconds', 10);
  defaulted(probe, 'successThreshold', 1);
  defaulted(probe, 'failureThreshold', 3);
  setHttpDefaults(probe['httpGet']);
}

function setHttpDefaults(get: Json | undefined): void {
  if (!isObject(get)) return;
  defaulted(get, 'path', '/');
  defaulted(get, 'scheme', 'HTTP');
}

function setVolumeDefaults(volume: JsonObject): void {
  if (Object.keys(volume).every((name) => name === 'name')) volume['emptyDir'] = {};
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const value = volume[source];
    if (isObject(value)) defaulted(value, 'defaultMode', DEFAULT_FILE_MODE);
  }
  const hostPath = volume['hostPath'];
  if (isObject(hostPath)) defaulted(hostPath, 'type', '');
  for (const source of items(at(volume, 'projected', 'sources'))) {
    const token = at(source, 'serviceAccountToken');
    if (isObject(token)) defaulted(token, 'expirationSeconds', TOKEN_SECONDS);
  }
  const references = [
    ...items(at(volume, 'downwardAPI', 'items')),
    ...items(at(volume, 'projected', 'sources')).flatMap((source) =>
      items(at(source, 'downwardAPI', 'items')),
    ),
  ];
  for (const item of references) {
    const reference = at(item, 'fieldRef');
    if (isObject(reference)) defaulted(reference, 'apiVersion', 'v1');
  }
}

/** Causes for which a pod's spec is refused. What the schema says of it has been checked elsewhere. */
export function podSpecCauses(spec: Json | undefined, path: string): Cause[] {
  if (!isObject(spec)) return [];
  const containers = items(spec['containers']);
  const causes: Cause[] = containers.length === 0 ? [required(`${path}.containers`)] : [];
  const volumes = new Set(items(spec['volumes']).map((volume) => text(at(volume, 'name'))));
  const seen = new Set<string>();
  for (const list of ['initContainers', 'containers'])
    for (const [index, container] of items(spec[list]).entries())
      causes.push(...containerCauses(container, `${path}.${list}[${index}]`, seen, volumes));
  const names = items(spec['volumes']).map((volume) => text(at(volume, 'name')));
  for (const [index, name] of names.entries()) {
    const place = `${path}.volumes[${index}].name`;
    if (name === '') causes.push(required(place));
    else causes.push(...nameCauses(name, 'label', place));
    if (names.indexOf(name) < index) causes.push(duplicate(place, name));
  }
  causes.push(...oneOf(spec['restartPolicy'], `${path}.restartPolicy`, ['Always', 'OnFailure', 'Never']));
  causes.push(
    ...oneOf(spec['dnsPolicy'], `${path}.dnsPolicy`, [
      'ClusterFirstWithHostNet',
      'ClusterFirst',
      'Default',
      'None',
    ]),
  );
  causes.push(...notNegative(spec['terminationGracePeriodSeconds'], `${path}.terminationGracePeriodSeconds`));
  return causes;
}

function containerCauses(
  container: Json,
  path: string,
  seen: Set<string>,
  volumes: ReadonlySet<string>,
): Cause[] {
  const causes: Cause[] = [];
  const name = text(at(container, 'name'));
  if (name === '') causes.push(required(`${path}.name`));
  else causes.push(...nameCauses(name, 'label', `${path}.name`));
  if (name !== '' && seen.has(name)) causes.push(duplicate(`${path}.name`, name));
  seen.add(name);
  const image = text(at(container, 'image'));
  if (image === '') causes.push(required(`${path}.image`));
  else if (image.trim() !== image)
    causes.push(invalid(`${path}.image`, image, 'must not have leading or trailing whitespace'));
  for (const [index, port] of items(at(container, 'ports')).entries())
    causes.push(...portCauses(port, `${path}.ports[${index}]`));
  for (const [index, mount] of items(at(container, 'volumeMounts')).entries()) {
    const place = `${path}.volumeMounts[${index}]`;
    const volume = text(at(mount, 'name'));
    if (!volumes.has(volume))
      causes.push({
        field: `${place}.name`,
        reason: 'FieldValueNotFound',
        message: `Not found: ${JSON.stringify(volume)}`,
      });
    if (text(at(mount, 'mountPath')) === '') causes.push(required(`${place}.mountPath`));
  }
  for (const [index, variable] of items(at(container, 'env')).entries())
    if (text(at(variable, 'name')) === '') causes.push(required(`${path}.env[${index}].name`));
  causes.push(
    ...oneOf(at(container, 'imagePullPolicy'), `${path}.imagePullPolicy`, [
      'Always',
      'IfNotPresent',
      'Never',
    ]),
  );
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    causes.push(...probeCauses(at(container, probe), `${path}.${probe}`));
  causes.push(...resourceCauses(at(container, 'resources'), `${path}.resources`));
  return causes;
}

function portCauses(port: Json, path: string): Cause[] {
  const causes: Cause[] = [];
  for (const name of ['containerPort', 'hostPort']) {
    const value = at(port, name);
    if (value === undefined && name === 'hostPort') continue;
    if (value === undefined || value === 0) {
      if (name === 'containerPort') causes.push(required(`${path}.${name}`));
    } else if (typeof value !== 'number' || value < 1 || value > HIGHEST_PORT)
      causes.push(invalid(`${path}.${name}`, value, 'must be between 1 and 65535, inclusive'));
  }
  causes.push(...oneOf(at(port, 'protocol'), `${path}.protocol`, ['SCTP', 'TCP', 'UDP']));
  return causes;
}

function probeCauses(probe: Json | undefined, path: string): Cause[] {
  if (!isObject(probe)) return [];
  const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((name) => probe[name] !== undefined);
  const causes: Cause[] = handlers.length === 0 ? [required(path, 'must specify a handler type')] : [];
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ])
    causes.push(...notNegative(probe[name], `${path}.${name}`));
  return causes;
}

const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

function resourceCauses(resources: Json | undefined, path: string): Cause[] {
  const causes: Cause[] = [];
  for (const list of ['limits', 'requests'])
    for (const [name, value] of Object.entries(fields(at(resources, list))))
      if (!QUANTITY.test(String(value)))
        causes.push(
          invalid(
            `${path}.${list}[${name}]`,
            value,
            `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
          ),
        );
  return causes;
}

/** Refuses a value that is given and not among those supported. */
export function oneOf(value: Json | undefined, path: string, supported: readonly string[]): Cause[] {
  return value === undefined || supported.includes(text(value)) ? [] : [notSupported(path, value, supported)];
}

/** Refuses a number below zero. */
export function notNegative(value: Json | undefined, path: string): Cause[] {
  return typeof value === 'number' && value < 0
    ? [invalid(path, value, 'must be greater than or equal to 0')]
    : [];
}
