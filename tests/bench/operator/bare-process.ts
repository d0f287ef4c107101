/**
 * The limit: the same client applies the same objects, 16 at a time, with nothing to decide, and watches until their Pods are
 * there. Told by IPC what to apply.
 */
import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { deployments } from '../../../operator/controllers/kinds.ts';
import { connect } from '../../../operator/kube/client.ts';
import { createReflector } from '../../../operator/kube/reflector.ts';
import { keyOf } from '../../../operator/kube/types.ts';
import { until } from '../../support/wait.ts';
import { say, type Bare, type Question, type Recorded } from './protocol.ts';

const CONNECTIONS = 16;

const client = await connect({ userAgent: 'bare-loop' });
process.once('SIGTERM', () => process.exit(0));
process.on('message', (question: Question) => {
  if (question.ask === 'run') void run(question.file);
});
say('up', undefined);

async function run(file: string): Promise<void> {
  // Written by the benchmark itself.
  const steps = JSON.parse(await readFile(file, 'utf8')) as readonly (readonly Recorded[])[];
  const stopping = new AbortController();
  // Watched from the start, as the operator watches them.
  const watched = createReflector({ client, type: deployments, log: pino({ level: 'silent' }) });
  void watched.run(stopping.signal);
  await watched.whenSynced();
  const before = process.cpuUsage();
  const latencies: number[] = [];
  const started = performance.now();
  // A step's objects need those of the step before: namespaces, then what is in them, then statuses.
  for (const step of steps) {
    const queue = step.values();
    const worker = async (): Promise<void> => {
      for (const { type, intent, subresource } of queue) {
        const begun = performance.now();
        await client.apply(type, intent, {
          fieldManager: subresource === undefined ? 'shopmind' : `shopmind-${subresource}`,
          force: true,
          ...(subresource === undefined ? {} : { subresource }),
        });
        latencies.push(performance.now() - begun);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  const waiting = new Set(
    steps.flatMap((step) =>
      step.filter(({ type }) => type.kind === 'Deployment').map(({ intent }) => keyOf(intent.metadata)),
    ),
  );
  await until(
    () => {
      for (const key of waiting) {
        const { spec, status } = watched.cache.get(key) ?? {};
        if ((status?.availableReplicas ?? 0) >= (spec?.replicas ?? 1)) waiting.delete(key);
      }
      return waiting.size === 0 || undefined;
    },
    { withinMs: 120_000, everyMs: 20, what: 'every Deployment is available' },
  );
  const servingSeconds = (performance.now() - started) / 1000;
  stopping.abort();
  say('run', { seconds, servingSeconds, latencies, cpuSeconds: (user + system) / 1e6 } satisfies Bare);
}
