/** `shopmind backup`, `backups`, `restore` and `drill`: what they say of themselves. */
import { PATCH_TENANTS } from '../change/needs.ts';
import {
  OUTPUT,
  READ_TENANTS,
  TENANT,
  YES,
  type CommandDefinition,
  type Need,
  type Option,
} from '../command.ts';

const READ_POOL: Need = {
  group: 'shopmind.ai',
  resources: ['services'],
  verbs: ['get'],
  where: 'system',
  why: "the pool's Service says what the archive holds",
};
const ASK_POOL: Need = {
  group: 'shopmind.ai',
  resources: ['services'],
  verbs: ['get', 'list', 'watch', 'patch'],
  where: 'system',
  why: "what is done for the whole cluster is asked of the pool's Service, and told there",
};
const ASK_TENANT: readonly Need[] = [
  { ...READ_TENANTS, verbs: ['get', 'list', 'watch'] },
  { ...PATCH_TENANTS, why: 'the operation is asked of the tenant, and told in its status' },
];
const FOLLOW: readonly Option[] = [
  { flags: '-w, --watch', summary: 'follow the operation to its end' },
  { flags: '--timeout <span>', summary: 'how long, with --watch', default: '1h' },
  OUTPUT,
];
const EXIT_CODES = { 1: 'it failed or was refused', 75: 'not within the time; it goes on' };
const OPTIONAL_TENANT = { ...TENANT, required: false };

export const backup: CommandDefinition = {
  name: 'backup',
  group: 'Data',
  summary: 'back up one tenant now, or take a base backup of the whole database',
  about:
    "A tenant: its rows and objects, as each night. Without a tenant: a base backup into the archive, from which any later moment is restored sooner. A Job does it; it needs nobody's machine.",
  arguments: [OPTIONAL_TENANT],
  options: FOLLOW,
  examples: [
    ['backup acme -w', 'before the merchant imports something'],
    ['backup -w', 'before an upgrade of the database'],
  ],
  exitCodes: EXIT_CODES,
  needs: [...ASK_TENANT, ASK_POOL],
  async run(call) {
    return (await import('./ask.ts')).backup(call);
  },
};

export const backups: CommandDefinition = {
  name: 'backups',
  group: 'Data',
  summary:
    'what can be restored: the archive, its base backups and holes, the last drill; and a tenant’s own backups',
  arguments: [OPTIONAL_TENANT],
  options: [OUTPUT],
  examples: [
    ['backups', 'how far back one can go'],
    ['backups acme -o json', 'of one tenant, for programs'],
  ],
  needs: [
    READ_TENANTS,
    READ_POOL,
    {
      group: 'batch',
      resources: ['cronjobs'],
      verbs: ['list'],
      where: 'tenant',
      why: 'says when the nightly backup last succeeded',
      optional: true,
    },
  ],
  async run(call) {
    return (await import('./list.ts')).backups(call);
  },
};

export const restore: CommandDefinition = {
  name: 'restore',
  group: 'Data',
  summary: 'bring the rows of a tenant, or of the whole cluster, back to what they were at a moment',
  about:
    'A tenant: the cluster is restored to the moment in a place of its own, the tenant’s rows are loaded beside the living ones and compared; then the shop is closed for as long as it takes to exchange ' +
    'what differs, while every other tenant goes on. The whole cluster (--all): shows its plan and asks; closes every shop for changes, since what they took now would be lost; makes all schemas anew beside ' +
    'the living ones, compares each table, exchanges them by their names in one transaction, and opens the shops. With --beside the rows stay beside, in schemas that the status names, until --swap or --abort, and shops stay ' +
    'open until then. Whoever was erased after the moment stays erased. Killed anywhere it goes on by itself; --abort opens the shops again with the rows they have. Objects and other systems are not ' +
    'touched: docs/recovery.md says what to do about each.',
  arguments: [OPTIONAL_TENANT],
  options: [
    { flags: '--to <time>', summary: 'the moment: 2026-11-25T12:00:00Z, or 10m for ten minutes ago' },
    { flags: '--all', summary: 'the whole cluster instead of a tenant' },
    { flags: '--dry-run', summary: 'with --all: only show the plan' },
    { flags: '--beside', summary: 'do not put the rows in place yet' },
    { flags: '--swap', summary: 'put in place what lies beside' },
    { flags: '--abort', summary: 'call off what is under way, or drop what lies beside' },
    YES,
    ...FOLLOW,
  ],
  examples: [
    ['restore acme --to 10m -w', 'somebody deleted the catalogue ten minutes ago'],
    ['restore acme --to 2026-11-25T12:00:00Z --beside -w', 'look first: psql acme'],
    ['restore acme --swap -w', 'then put it in place'],
    ['restore acme --abort', 'or not'],
    ['restore --all --to 10m --dry-run', 'what would be done to the whole cluster'],
    ['restore --all --to 10m -w', 'something went through every shop ten minutes ago'],
  ],
  exitCodes: EXIT_CODES,
  needs: [...ASK_TENANT, ASK_POOL],
  async run(call) {
    return (await import('./ask.ts')).restore(call);
  },
};

export const drill: CommandDefinition = {
  name: 'drill',
  group: 'Data',
  summary:
    'prove the backups: restore the cluster in a place of its own and compare tenants’ rows with the living ones',
  about:
    'Also done by schedule (DRILL_SCHEDULE in ConfigMap platform). How long it took and what would have been lost is in condition Recoverable of the pool’s Service and in the operator’s metrics.',
  options: FOLLOW,
  examples: [['drill -w', 'before somebody asks']],
  exitCodes: EXIT_CODES,
  needs: [ASK_POOL],
  async run(call) {
    return (await import('./ask.ts')).drill(call);
  },
};
