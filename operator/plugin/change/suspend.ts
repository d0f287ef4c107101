/**
 * `shopmind suspend` and `resume`: off the air and on again, without losing anything. What the shop's owner sees.
 */
import { ANNOTATIONS } from '../../../crds/index.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import { patchTenant, settle } from './write.ts';

/** Sets or clears `spec.suspended`. @returns the exit code */
export async function setSuspended(
  { cli, args: [name = ''], flags }: Call,
  suspended: boolean,
): Promise<number> {
  return withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const isPaused = tenant.metadata.annotations?.[ANNOTATIONS.paused] === 'true';
    if (tenant.spec.suspended === suspended) {
      cli.print(`${name} is ${suspended ? 'suspended already' : 'not suspended'}`);
      // Who says resume may mean the other thing that can be stopped.
      if (isPaused && !suspended)
        cli.note(`it is paused, though: the operator leaves it alone; → ${cli.self} unpause ${name}`);
      return 0;
    }
    if (suspended)
      await confirm(
        cli,
        `${tenant.spec.displayName} (${tenant.spec.hosts.join(', ')}) goes off the air: every request is answered 503.`,
        flags.on('yes'),
      );
    await patchTenant(client, tenant, { spec: { suspended } });
    if (isPaused)
      cli.note(
        `it is paused: nothing happens until the operator may touch it again; → ${cli.self} unpause ${name}`,
      );
    return settle(cli, client, flags, `${name} ${suspended ? 'is being suspended' : 'resumes'}`, {
      name,
      wish: suspended ? { kind: 'suspended' } : { kind: 'condition', type: 'Ready', status: 'True' },
      word: suspended ? 'suspended' : 'Ready',
    });
  });
}
