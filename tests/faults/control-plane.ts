/**
 * The API server and the controllers of Kubernetes that the operator is tested against: the embedded ones in this
 * process, or whatever SHOPMIND_FAULTS_KUBECONFIG names.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startApiServer, type ApiServer } from '../../operator/embedded/apiserver/server.ts';
import { startControllers } from '../../operator/embedded/controllers/index.ts';
import { createApi } from '../../operator/embedded/controllers/machinery/client.ts';
import { createInformers, SYSTEM_CLOCK } from '../../operator/embedded/controllers/machinery/controller.ts';
import { createRecorder } from '../../operator/embedded/controllers/machinery/events.ts';
import { createHttpsTransport } from '../../operator/embedded/controllers/machinery/https.ts';

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
  return kubeconfig === undefined ? startEmbedded() : Promise.resolve(existing(kubeconfig));
}

function existing(kubeconfig: string): ControlPlane {
  return { name: kubeconfig, kubeconfig, hasScheduler: false, close: async () => undefined };
}

async function startEmbedded(): Promise<ControlPlane> {
  const dir = await mkdtemp(join(tmpdir(), 'shopmind-faults-'));
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
