/**
 * kwok as the kubelet of fake nodes: Pods scheduled there are Running and Ready at once, and cost nothing.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownFolder } from '../support/owned.ts';
import { program } from './binaries.ts';
import { startProgram } from './process.ts';

export interface Kwok {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Plays every node that carries the annotation `kwok.x-k8s.io/node`. */
export async function startKwok(kubeconfig: string): Promise<Kwok> {
  const directory = ownFolder('kwok');
  const running = await startProgram({
    name: 'kwok',
    command: await program('kwok'),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--config=${fileURLToPath(new URL('./kwok-stages.yaml', import.meta.url))}`,
      '--node-lease-duration-seconds=40',
      '--manage-all-nodes=false',
      '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node',
      '--server-address=',
    ],
    logFile: join(directory, 'kwok.log'),
  });
  return {
    pid: running.pid,
    async stop() {
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
