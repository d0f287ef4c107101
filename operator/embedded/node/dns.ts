/**
 * The cluster's names: `<service>.<namespace>.svc[.cluster.local]` over UDP on loopback, and in process.
 * A headless Service answers with the addresses of its ready Pods, any other with its cluster address.
 */
import { createSocket } from 'node:dgram';
import { decode, encode, AUTHORITATIVE_ANSWER, type Answer, type Packet } from 'dns-packet';
import type { Informer } from '../controllers/machinery/informer.ts';
import type { EndpointSlice, Service } from '../controllers/machinery/wire.ts';

export interface Names {
  /** IPv4 addresses, in turning order; empty when there are none now; undefined for a name that does not exist. */
  addresses(name: string): string[] | undefined;
  /** Targets of `_port._protocol.<service>.<namespace>.svc`. */
  services(name: string): { port: number; target: string }[] | undefined;
}

export interface DnsServer {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  close(): Promise<void>;
}

const TTL_SECONDS = 1;
const NXDOMAIN = 3;
/** Names a Service's slices are indexed by. */
export const BY_SERVICE = 'service';

export const serviceOfSlice = (slice: EndpointSlice): string[] => {
  const name = slice.metadata.labels?.['kubernetes.io/service-name'];
  return name === undefined ? [] : [`${slice.metadata.namespace}/${name}`];
};

export function createNames(services: Informer<Service>, slices: Informer<EndpointSlice>): Names {
  slices.addIndex(BY_SERVICE, serviceOfSlice);
  let turn = 0;

  function readyEndpoints(
    key: string,
    service: Service,
  ): { address: string; hostname: string | undefined }[] {
    return slices
      .indexed(BY_SERVICE, key)
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false || service.spec.publishNotReadyAddresses)
      .flatMap(({ addresses, hostname }) => addresses.map((address) => ({ address, hostname })));
  }

  return {
    addresses(name) {
      const parts = serviceName(name);
      const service = parts && services.get(parts.key);
      if (!parts || !service) return undefined;
      if (service.spec.type === 'ExternalName') return undefined;
      if (!parts.host && service.spec.clusterIP && service.spec.clusterIP !== 'None')
        return [service.spec.clusterIP];
      const found = readyEndpoints(parts.key, service)
        .filter(
          ({ hostname, address }) => !parts.host || hostname === parts.host || dashed(address) === parts.host,
        )
        .map(({ address }) => address);
      turn += 1;
      const start = found.length === 0 ? 0 : turn % found.length;
      return [...found.slice(start), ...found.slice(0, start)];
    },
    services(name) {
      const match = /^_([^.]+)\._(tcp|udp)\.(.+)$/.exec(name);
      const parts = match && serviceName(match[3] ?? '');
      const service = parts && services.get(parts.key);
      if (!parts || !service) return undefined;
      const port = service.spec.ports?.find((candidate) => candidate.name === match[1]);
      if (!port) return [];
      const domain = `${parts.key.split('/').toReversed().join('.')}.svc.cluster.local`;
      if (service.spec.clusterIP !== 'None') return [{ port: port.port, target: domain }];
      return readyEndpoints(parts.key, service).map(({ address, hostname }) => ({
        port: typeof port.targetPort === 'number' ? port.targetPort : port.port,
        target: `${hostname ?? dashed(address)}.${domain}`,
      }));
    },
  };
}

/** Answers on a free port of 127.0.0.1. */
export async function startDns(names: Names): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.on('message', (message, peer) => {
    const answer = answerTo(message, names);
    if (answer) socket.send(answer, peer.port, peer.address);
  });
  // An answer that cannot be delivered is the asker's to repeat.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      socket.off('error', reject);
      resolve();
    });
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Undefined for what is no question. */
export function answerTo(message: Buffer, names: Names): Buffer | undefined {
  const query = parse(message);
  const question = query?.questions?.[0];
  if (!query || !question || query.type === 'response') return undefined;
  const answers = answersTo(question, names);
  return encode({
    type: 'response',
    ...(query.id === undefined ? {} : { id: query.id }),
    flags: AUTHORITATIVE_ANSWER | (answers ? 0 : NXDOMAIN),
    questions: [question],
    answers: answers ?? [],
  });
}

function answersTo({ name, type }: { name: string; type: string }, names: Names): Answer[] | undefined {
  const lower = name.toLowerCase();
  if (type === 'SRV')
    return names.services(lower)?.map(({ port, target }) => ({
      type: 'SRV',
      name,
      ttl: TTL_SECONDS,
      data: { port, target, priority: 0, weight: 10 },
    }));
  const addresses = names.addresses(lower);
  // There are no IPv6 addresses: the name exists, the answer is empty.
  if (type !== 'A') return addresses && [];
  return addresses?.map((data) => ({ type: 'A', name, ttl: TTL_SECONDS, data }));
}

function parse(message: Buffer): Packet | undefined {
  try {
    return decode(message);
  } catch {
    // Not DNS: there is no one to answer.
    return undefined;
  }
}

/** `[host.]service.namespace.svc[.cluster.local][.]` */
export function serviceName(name: string): { key: string; host: string | undefined } | undefined {
  const match = /^(?:([^.]+)\.)?([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?\.?$/.exec(name);
  return match ? { key: `${match[3]}/${match[2]}`, host: match[1] } : undefined;
}

const dashed = (address: string): string => address.replaceAll('.', '-');
