/**
 * What stands for the images of Kubernetes's own tests: the embedded cluster runs commands of this machine.
 */
import type { ImageTable } from '../../operator/embedded/cluster.ts';
import { program } from '../cluster/binaries.ts';

const REGISTRY = 'registry.k8s.io';
/** Waits to be ended, as these images do that nobody in the selected tests talks to. */
const WAITS = { command: ['sleep', 'infinity'] };

/** The image table of a cluster to be judged; builds agnhost on first use. */
export async function judgedImages(): Promise<ImageTable> {
  const agnhost = [process.execPath, `${import.meta.dirname}/agnhost.ts`, await program('agnhost')];
  return {
    [`${REGISTRY}/pause`]: WAITS,
    [`${REGISTRY}/e2e-test-images/nginx`]: WAITS,
    [`${REGISTRY}/e2e-test-images/httpd`]: WAITS,
    [`${REGISTRY}/e2e-test-images/busybox`]: { command: ['sh'] },
    [`${REGISTRY}/e2e-test-images/agnhost`]: { command: agnhost, args: ['pause'] },
  };
}
