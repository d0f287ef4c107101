/**
 * The API server and the controllers of Kubernetes that the operator is tested against: the embedded ones in this
 * process, a kube-apiserver of this machine (SHOPMIND_FAULTS_SERVER=kube-apiserver), or whatever SHOPMIND_FAULTS_KUBECONFIG names.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { startApiServer, type ApiServer } from '../../operator/embedded/apiserver/server.ts';
import { startControllers } from '../../operator/embedded/controllers/index.ts';
import { createApi } from '../../operator/embedded/controllers/machinery/client.ts';
import { createInformers, SYSTEM_CLOCK } from '../../operator/embedded/controllers/machinery/controller.ts';
import { createRecorder } from '../../operator/embedded/controllers/machinery/events.ts';
import { createHttpsTransport } from '../../operator/embedded/controllers/machinery/https.ts';
import { startControlPlane as startRealControlPlane } from '../cluster/control-plane.ts';
import { ownFolder } from '../support/owned.ts';

export interface ControlPlane {
  readonly name: string;
  /** Of an administrator. */
  readonly kubeconfig: string;
  /** Whether Pods are bound to nodes by it. */
  readonly hasScheduler: boolean;
  /** Ends the API server without notice and starts it again on the same data; absent where that is not ours to do. */
  readonly restart?: () => Promise<void>;
  close(): Promise<void>;
}

export function startControlPlane(): Promise<ControlPlane> {
  const kubeconfig = process.env['SHOPMIND_FAULTS_KUBECONFIG'];
  if (kubeconfig !== undefined) return Promise.resolve(existing(kubeconfig));
  const server = process.env['SHOPMIND_FAULTS_SERVER'] ?? 'embedded';
  if (server === 'kube-apiserver') return startReal();
  if (server === 'embedded') return startEmbedded();
  throw new Error(`SHOPMIND_FAULTS_SERVER is embedded or kube-apiserver, not ${server}`);
}

/** Without a scheduler: the stage binds Pods to the one node there is. */
async function startReal(): Promise<ControlPlane> {
  const plane = await startRealControlPlane({
    without: ['kube-scheduler'],
    flags: {
      'kube-controller-manager': [
        // As quick as the embedded controllers, so that a run waits for what it looks at.
        '--horizontal-pod-autoscaler-sync-period=1s',
        '--horizontal-pod-autoscaler-downscale-stabilization=1s',
      ],
    },
  });
  return {
    name: 'kube-apiserver',
    kubeconfig: plane.kubeconfig,
    hasScheduler: false,
    restart: () => plane.restartApiServer('SIGKILL'),
    close: () => plane.stop(),
  };
}

function existing(kubeconfig: string): ControlPlane {
  return { name: kubeconfig, kubeconfig, hasScheduler: false, close: async () => undefined };
}

async function startEmbedded(): Promise<ControlPlane> {
  const dir = ownFolder('faults');
  const kubeconfig = join(dir, 'kubeconfig');
  const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' }, pino.destination(2));
  const serve = (port: number): Promise<ApiServer> =>
    startApiServer({
      dataDir: join(dir, 'api'),
      host: '127.0.0.1',
      port,
      kubeconfigPath: kubeconfig,
      authorization: 'rbac',
      log,
    });
  let server = await serve(0);
  const transport = createHttpsTransport({
    server: server.url,
    ca: server.caCertificate,
    token: server.adminToken,
  });
  const api = createApi(transport.send);
  const informers = createInformers(api, log);
  const recorder = createRecorder(api, SYSTEM_CLOCK, log);
  const controllers = startControllers(
    { api, informers, recorder, clock: SYSTEM_CLOCK, log },
    { ca: server.caCertificate, autoscalerPeriodMs: 500 },
  );
  return {
    name: 'the embedded API server',
    kubeconfig,
    hasScheduler: true,
    async restart() {
      const { port } = server;
      await server.close();
      server = await serve(port);
    },
    async close() {
      await controllers.close();
      informers.close();
      transport.close();
      await server.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
