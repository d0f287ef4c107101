/** `shopmind failover`: what it says of itself. */
import { READ_TENANTS, readSecret, YES, type CommandDefinition } from '../command.ts';
import { DATA_PLANE_NEEDS } from '../plan/command.ts';

export const command: CommandDefinition = {
  name: 'failover',
  group: 'Data',
  summary: "go over to another region's database, which is a standby so far",
  about:
    'Shows the plan, asks, and goes: health checks, the former primary closed, the standby promoted, the platform pointed to it, shops ' +
    'warmed, people told. Each step is written down in ConfigMap failover: killed anywhere, the same command goes on. Refused where ' +
    'something may be lost, unless it is told so. What fences the former primary and what cannot: docs/failover.md.',
  options: [
    { flags: '--to <region>', summary: 'a region that Secret region-<name> describes' },
    { flags: '--dry-run', summary: 'only show the plan and what stands against it' },
    { flags: '--status', summary: 'how far the last one is' },
    { flags: '-w, --watch', summary: 'with --status: until it is over' },
    { flags: '--call-off', summary: 'give it up, as long as nothing is promoted' },
    {
      flags: '--max-lag <span>',
      summary: "how old the standby's last transaction may be where the primary does not answer",
      default: '60s',
    },
    { flags: '--accept-loss', summary: 'go on although the standby is further behind' },
    {
      flags: '--unfenced',
      summary: 'go on although the primary does not answer, so that it cannot be closed',
    },
    { flags: '--timeout <span>', summary: 'how long Services may take to come over', default: '15m' },
    YES,
  ],
  examples: [
    ['failover --to eu-central-1 --dry-run', 'what would be done, and whether it may be'],
    ['failover --to eu-central-1', 'a planned one: nothing is lost'],
    ['failover --to eu-central-1 --unfenced', 'the region of the primary is gone'],
    ['failover --status -w', 'follow one that somebody else began'],
  ],
  exitCodes: { 1: 'refused, or it failed: repeat the command', 75: 'Services are still on their way' },
  needs: [
    READ_TENANTS,
    ...DATA_PLANE_NEEDS,
    {
      group: '',
      resources: ['secrets', 'configmaps'],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'],
      where: 'system',
      why: 'the regions are described there, the platform is pointed to one, and the journal is kept',
    },
    {
      group: 'shopmind.ai',
      resources: ['services'],
      verbs: ['list'],
      where: 'cluster',
      why: 'every Service has to come over',
    },
    readSecret("whether a tenant's Secret names the new database"),
    {
      group: 'apps',
      resources: ['deployments'],
      verbs: ['get'],
      where: 'tenant',
      why: 'whether its Pods were started with it',
    },
    { group: '', resources: ['events'], verbs: ['create', 'patch'], where: 'system', why: 'people are told' },
  ],
  async run(call) {
    return (await import('./failover.ts')).failover(call);
  },
};
