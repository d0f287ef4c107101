/**
 * The operator under load: its own caches, queues, controllers and client, on the cluster KUBECONFIG names. Only what lies
 * outside Kubernetes is in memory: the data plane remembers what it was told, the runtimes serve at once.
 */
import { writeFile } from 'node:fs/promises';
import { pino } from 'pino';
import { createControllers } from '../../../operator/controllers/index.ts';
import { createReflectors } from '../../../operator/controllers/reflectors.ts';
import { connect, type Client } from '../../../operator/kube/client.ts';
import { createRecorder } from '../../../operator/kube/events.ts';
import { createMetrics } from '../../../operator/kube/metrics.ts';
import { keyOf, resourceName } from '../../../operator/kube/types.ts';
import { memoryOutside } from './outside.ts';
import { say, type Figures, type Question, type Recorded } from './protocol.ts';

const stopping = new AbortController();
const log = pino({ level: process.env['LOG_LEVEL'] ?? 'error' });
const writes: Record<string, number> = {};
const recorded = new Map<string, Recorded>();
let reads = 0;
let reconciles = 0;

const metrics = createMetrics();
const plain = await connect({
  userAgent: 'shopmind-operator',
  observe: (request) => {
    metrics.observeRequest(request);
    if (request.method === 'GET') reads += 1;
    else writes[request.verb] = (writes[request.verb] ?? 0) + 1;
  },
});
const client = process.env['RECORD'] === 'true' ? recording(plain) : plain;
const reflectors = createReflectors(client, log);
const watching = reflectors.run(stopping.signal);
const controllers = createControllers({
  client,
  reflectors,
  events: createRecorder({ client, component: 'shopmind-operator', log }),
  metrics: {
    ...metrics,
    reconciled(controller, result, seconds) {
      reconciles += 1;
      metrics.reconciled(controller, result, seconds);
    },
  },
  log,
  images: { runtime: 'shopmind/runtime', pullPolicy: 'Never' },
  gatewayPort: 8080,
  outside: memoryOutside(process.env['PROVISIONED'] === 'true'),
});
process.on('message', (question: Question) => void answer(question));
process.once('SIGTERM', () => stopping.abort());
const working = Promise.all(controllers.all.map((controller) => controller.run(stopping.signal)));
await Promise.all(reflectors.all.map((reflector) => reflector.whenSynced()));
say('synced', performance.now());
await working;
await watching;
await controllers.world.close();
client.close();
process.exit(0);

async function answer(question: Question): Promise<void> {
  if (question.ask === 'figures') return say('figures', figures());
  if (question.ask !== 'record') return;
  await writeFile(question.file, JSON.stringify([...recorded.values()]));
  say('record', recorded.size);
}

function figures(): Figures {
  // Twice: the first collection lets finalisers run whose memory the second one takes.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const depth = controllers.all.reduce((sum, controller) => sum + controller.depth(), 0);
  return {
    heapBytes: heapUsed + external,
    rssBytes: rss,
    cpuSeconds: (user + system) / 1e6,
    writes,
    reads,
    depth,
    reconciles,
    upMs: performance.now(),
  };
}

/** Keeps the last apply of each object, for the bare loop to repeat. */
function recording(inner: Client): Client {
  return {
    ...inner,
    apply: (type, intent, options) => {
      const key = `${resourceName(type)} ${keyOf(intent.metadata)} ${options.subresource ?? ''}`;
      recorded.set(key, { type, intent, subresource: options.subresource });
      return inner.apply(type, intent, options);
    },
  };
}
