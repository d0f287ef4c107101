/** The rules of Services: their ports, and the cluster addresses they are given. */
import { createHash } from 'node:crypto';
import { duplicate, invalid, required } from '../../schema/cause.ts';
import { isObject } from '../../schema/schema.ts';
import type { Store } from '../../store/store.ts';
import type { Cause } from '../errors.ts';
import {
  at,
  defaulted,
  fields,
  items,
  parseStored,
  text,
  type Json,
  type JsonObject,
  type KubeObject,
} from '../objects.ts';
import { nameCauses } from '../registry/metadata.ts';
import type { KindRules } from '../rules.ts';
import { oneOf } from './pod-spec.ts';

const SERVICES = '/services';
/** Cluster addresses are loopback addresses of this range, on which the node agent listens. */
const RANGE = '127.96';
const RANGE_SIZE = 0x10000 - 2;
const HIGHEST_PORT = 65_535;

export function serviceRules(store: Store, seed: string): KindRules {
  let next = startOf(seed);

  /** The next address that no Service holds; those in use are read only when one is asked for. */
  function allocate(): string {
    const used = new Set(
      store.list(SERVICES).map((entry) => text(at(parseStored(entry.json), 'spec', 'clusterIP'))),
    );
    for (let tried = 0; tried < RANGE_SIZE; tried += 1) {
      const address = `${RANGE}.${next >> 8}.${next & 0xff}`;
      next = (next % RANGE_SIZE) + 1;
      if (!used.has(address)) return address;
    }
    throw new Error('every cluster address is in use');
  }

  return {
    nameForm: 'service',
    setDefaults(service, old) {
      const spec = service['spec'];
      if (!isObject(spec)) return;
      defaulted(spec, 'type', 'ClusterIP');
      defaulted(spec, 'sessionAffinity', 'None');
      for (const port of items(spec['ports'])) {
        if (!isObject(port)) continue;
        defaulted(port, 'protocol', 'TCP');
        if (port['port'] !== undefined) defaulted(port, 'targetPort', port['port']);
      }
      if (spec['type'] === 'ExternalName') return;
      defaulted(spec, 'internalTrafficPolicy', 'Cluster');
      setAddress(spec, fields(old?.['spec']), allocate);
      defaulted(spec, 'ipFamilies', ['IPv4']);
      defaulted(spec, 'ipFamilyPolicy', 'SingleStack');
    },
    prepareCreate(service) {
      service['status'] = { loadBalancer: {} };
    },
    validate: serviceCauses,
  };
}

/** Clusters on one machine begin at different places of the range, so that their addresses seldom meet. */
function startOf(seed: string): number {
  return (createHash('sha256').update(seed).digest().readUInt16BE() % RANGE_SIZE) + 1;
}

function setAddress(spec: JsonObject, before: JsonObject, allocate: () => string): void {
  const listed = text(items(spec['clusterIPs'])[0]);
  const given = text(spec['clusterIP']) || listed || text(before['clusterIP']);
  spec['clusterIP'] = given === '' ? allocate() : given;
  defaulted(spec, 'clusterIPs', [spec['clusterIP']]);
}

function serviceCauses(service: KubeObject, old: KubeObject | undefined): Cause[] {
  const spec = fields(service['spec']);
  const type = text(spec['type']);
  const causes = oneOf(spec['type'], 'spec.type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  const ports = items(spec['ports']);
  const headless = spec['clusterIP'] === 'None';
  if (ports.length === 0 && !headless && type !== 'ExternalName') causes.push(required('spec.ports'));
  if (type === 'ExternalName' && text(spec['externalName']) === '')
    causes.push(required('spec.externalName'));
  causes.push(
    ...portsCauses(ports),
    ...oneOf(spec['sessionAffinity'], 'spec.sessionAffinity', ['ClientIP', 'None']),
  );
  const address = text(spec['clusterIP']);
  if (address !== '' && !headless && !/^\d+\.\d+\.\d+\.\d+$/.test(address))
    causes.push(
      invalid('spec.clusterIPs[0]', address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    );
  const before = fields(old?.['spec']);
  if (
    old &&
    before['type'] !== 'ExternalName' &&
    type !== 'ExternalName' &&
    before['clusterIP'] !== spec['clusterIP']
  )
    causes.push(
      invalid('spec.clusterIPs[0]', items(spec['clusterIPs']).map(String), 'may not change once set'),
    );
  return causes;
}

function portsCauses(ports: readonly Json[]): Cause[] {
  const causes: Cause[] = [];
  const names = new Set<string>();
  const numbers = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    const name = text(at(port, 'name'));
    if (name === '' && ports.length > 1) causes.push(required(`${path}.name`));
    if (name !== '') causes.push(...nameCauses(name, 'label', `${path}.name`));
    if (name !== '' && names.has(name)) causes.push(duplicate(`${path}.name`, name));
    names.add(name);
    const number = at(port, 'port');
    if (typeof number !== 'number' || number < 1 || number > HIGHEST_PORT)
      causes.push(invalid(`${path}.port`, number ?? 0, 'must be between 1 and 65535, inclusive'));
    causes.push(
      ...oneOf(at(port, 'protocol'), `${path}.protocol`, ['SCTP', 'TCP', 'UDP']),
      ...targetCauses(at(port, 'targetPort'), `${path}.targetPort`),
    );
    const identity = `${String(number)}/${text(at(port, 'protocol'))}`;
    if (numbers.has(identity)) causes.push(duplicate(path, port));
    numbers.add(identity);
  }
  return causes;
}

function targetCauses(target: Json | undefined, path: string): Cause[] {
  if (typeof target === 'number' && (target < 1 || target > HIGHEST_PORT))
    return [invalid(path, target, 'must be between 1 and 65535, inclusive')];
  return [];
}
