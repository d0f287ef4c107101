/**
 * A cluster in a process of its own, for tests that kill it. Arguments: data folder, kubeconfig path.
 */
import pino from 'pino';
import { startEmbeddedCluster } from '../cluster.ts';
import { POSTGRES_IMAGES, TEST_IMAGES } from '../images/table.ts';

const [dataDir = '', kubeconfigPath = ''] = process.argv.slice(2);
const cluster = await startEmbeddedCluster({
  dataDir,
  kubeconfigPath,
  images: { ...TEST_IMAGES, ...POSTGRES_IMAGES },
  log: pino({ level: process.env['LOG_LEVEL'] ?? 'warn' }, pino.destination(2)),
});
process.stdout.write('up\n');
process.once('SIGTERM', () => void cluster.close());
