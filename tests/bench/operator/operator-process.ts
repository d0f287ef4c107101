/**
 * The operator under load: its own caches, queues, controllers and client, on the cluster KUBECONFIG names. Only what lies
 * outside Kubernetes is in memory: the data plane remembers what it was told, the runtimes serve at once.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { pino } from 'pino';
import { createControllers } from '../../../operator/controllers/index.ts';
import { createReflectors } from '../../../operator/controllers/reflectors.ts';
import { connect, type Client } from '../../../operator/kube/client.ts';
import { createRecorder } from '../../../operator/kube/events.ts';
import { createMetrics } from '../../../operator/kube/metrics.ts';
import { memoryOutside } from './outside.ts';
import { say, type Figures, type Progress, type Question, type Recorded } from './protocol.ts';

const stopping = new AbortController();
const log = pino({ level: process.env['LOG_LEVEL'] ?? 'error' });
const writes: Record<string, number> = {};
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
const file = process.env['RECORD'];
const out = file === undefined ? undefined : createWriteStream(file);
const client = out === undefined ? plain : recording(plain, out);
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
  images: { runtime: 'shopmind/runtime', recovery: 'shopmind/recovery', pullPolicy: 'Never' },
  gatewayPort: 8080,
  outside: memoryOutside(process.env['PROVISIONED'] === 'true'),
});
process.on('message', (question: Question) => {
  if (question.ask === 'figures') say('figures', figures());
  if (question.ask === 'progress') say('progress', progress());
});
process.once('SIGTERM', () => stopping.abort());
const working = Promise.all(controllers.all.map((controller) => controller.run(stopping.signal)));
await Promise.all(reflectors.all.map((reflector) => reflector.whenSynced()));
say('synced', performance.now());
await working;
await watching;
await controllers.world.close();
client.close();
await new Promise((resolve) => (out === undefined ? resolve(undefined) : out.end(resolve)));
process.exit(0);

function progress(): Progress {
  const depth = controllers.all.reduce((sum, controller) => sum + controller.depth(), 0);
  return { depth, reconciles, upMs: performance.now() };
}

function figures(): Figures {
  // Twice: the first collection lets finalisers run whose memory the second one takes.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    heapBytes: heapUsed + external,
    rssBytes: rss,
    cpuSeconds: (user + system) / 1e6,
    writes,
    reads,
  };
}

/** Writes every apply to a file, for the bare loop to repeat; keeps nothing, for the heap is measured. */
function recording(inner: Client, out: WriteStream): Client {
  return {
    ...inner,
    apply: (type, intent, options) => {
      const one: Recorded = { type, intent, subresource: options.subresource };
      out.write(`${JSON.stringify(one)}\n`);
      return inner.apply(type, intent, options);
    },
  };
}
