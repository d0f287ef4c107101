/**
 * The limit: the same client applies the same objects, 16 at a time, with nothing to decide. Told by IPC what to apply.
 */
import { readFile } from 'node:fs/promises';
import { connect } from '../../../operator/kube/client.ts';
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
  say('run', { seconds, latencies, cpuSeconds: (user + system) / 1e6 } satisfies Bare);
}
