/**
 * `shopmind suspend` and `resume`: off the air and on again, without losing anything. What the shop's owner sees.
 */
import { ANNOTATIONS } from '../../../crds/index.ts';
import { READ_TENANTS, TENANT, YES, type Call, type CommandDefinition } from '../command.ts';
import { withCluster } from '../connection.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import { patchTenant, PATCH_TENANTS, settle, WAIT_OPTIONS } from './write.ts';

export const suspend: CommandDefinition = {
  name: 'suspend',
  group: 'Change',
  summary:
    'take a shop off the air: requests are answered 503, dedicated Deployments scale to zero, nothing is lost',
  about:
    'Sets spec.suspended. Where the tenant is kept in git, set it there too, or it comes back. Not to be confused with pause.',
  arguments: [TENANT],
  options: [YES, ...WAIT_OPTIONS],
  examples: [['suspend acme', 'ask, and do it']],
  needs: [READ_TENANTS, PATCH_TENANTS],
  run: (call) => setSuspended(call, true),
};

export const resume: CommandDefinition = {
  name: 'resume',
  group: 'Change',
  summary: 'put a suspended shop on the air again',
  about: 'Clears spec.suspended. An operator that was paused is told to go on by unpause.',
  arguments: [TENANT],
  options: [...WAIT_OPTIONS],
  examples: [['resume acme --wait', 'and wait until it serves']],
  needs: [READ_TENANTS, PATCH_TENANTS],
  run: (call) => setSuspended(call, false),
};

async function setSuspended({ cli, args: [name = ''], flags }: Call, suspended: boolean): Promise<number> {
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
