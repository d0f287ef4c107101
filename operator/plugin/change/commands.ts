/** `shopmind suspend`, `resume`, `pause`, `unpause`, `restart`, `scale`: what they say of themselves. */
import { ANNOTATIONS } from '../../../crds/meta.ts';
import { READ_TENANTS, TENANT, YES, type CommandDefinition, type Need } from '../command.ts';
import { PATCH_TENANTS, WAIT_OPTIONS } from './needs.ts';

const PATCH_SERVICES: Need = {
  group: 'shopmind.ai',
  resources: ['services'],
  verbs: ['list', 'patch'],
  where: 'tenant',
  why: "a Service is reconciled by itself, so the tenant's own are paused with it",
};

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
  run: async (call) => (await import('./suspend.ts')).setSuspended(call, true),
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
  run: async (call) => (await import('./suspend.ts')).setSuspended(call, false),
};

export const pause: CommandDefinition = {
  name: 'pause',
  group: 'Change',
  summary: 'the operator leaves a tenant and its own Services alone, deletion included; the shop goes on',
  about: `Sets annotation ${ANNOTATIONS.paused}. The pool is not paused: it serves others too. To take a shop off the air: suspend.`,
  arguments: [TENANT],
  examples: [['pause acme', 'before working on its objects by hand']],
  needs: [READ_TENANTS, PATCH_TENANTS, PATCH_SERVICES],
  run: async (call) => (await import('./pause.ts')).setPaused(call, true),
};

export const unpause: CommandDefinition = {
  name: 'unpause',
  group: 'Change',
  summary: 'the operator takes care of a paused tenant again, and puts right what differs from its spec',
  arguments: [TENANT],
  examples: [
    ['diff acme', 'what the operator would put right'],
    ['unpause acme', 'let it'],
  ],
  needs: [READ_TENANTS, PATCH_TENANTS, PATCH_SERVICES],
  run: async (call) => (await import('./pause.ts')).setPaused(call, false),
};

export const restart: CommandDefinition = {
  name: 'restart',
  group: 'Change',
  summary: 'replace the Pods of a tenant one after the other, without an interruption',
  about:
    'A pooled tenant shares its Pods with all others, so it is asked first. Follows the roll-out to its end.',
  arguments: [TENANT, { name: 'service', summary: 'a Service or a domain it hosts', completes: 'service' }],
  options: [
    YES,
    { flags: '--no-wait', summary: 'do not follow the roll-out' },
    { flags: '--timeout <span>', summary: 'how long to follow it', default: '5m' },
  ],
  examples: [
    ['restart acme', 'everything that runs for acme'],
    ['restart acme orders', 'only what hosts orders'],
  ],
  exitCodes: { 0: 'every Pod was replaced', 1: 'the roll-out failed', 75: 'not within the time' },
  needs: [
    READ_TENANTS,
    {
      group: 'shopmind.ai',
      resources: ['services'],
      verbs: ['list'],
      where: 'tenant',
      why: 'what runs for the tenant',
    },
    {
      group: 'apps',
      resources: ['deployments'],
      verbs: ['list', 'watch', 'patch'],
      where: 'tenant',
      why: 'a new annotation on the Pod template makes a new revision; its roll-out is followed',
    },
  ],
  run: async (call) => (await import('./restart.ts')).restart(call),
};

export const rotate: CommandDefinition = {
  name: 'rotate',
  group: 'Change',
  summary:
    'new logins at every system of the data plane, for a dedicated tenant or for the pool, without an interruption',
  about:
    `Sets annotation ${ANNOTATIONS.rotateAt} to the present time. New logins are made, Pods are replaced one after the other, and the ` +
    'former logins go when no Pod uses them. Without a tenant: the pool, and with it every pooled tenant. By age: ' +
    'CREDENTIALS_MAX_AGE_DAYS in ConfigMap platform.',
  arguments: [{ ...TENANT, required: false }],
  options: [YES],
  examples: [
    ['rotate acme', 'a dedicated tenant'],
    ['rotate --yes', 'the pool'],
  ],
  needs: [
    READ_TENANTS,
    PATCH_TENANTS,
    {
      group: 'shopmind.ai',
      resources: ['services'],
      verbs: ['list', 'patch'],
      where: 'system',
      why: "the pool's logins are rotated at the word of its Services",
    },
  ],
  run: async (call) => (await import('./rotate.ts')).rotate(call),
};

export const scale: CommandDefinition = {
  name: 'scale',
  group: 'Change',
  summary: 'how many Pods a Service of a tenant runs: a fixed number, or bounds for its autoscaler',
  about:
    'Bounds of a dedicated tenant are written into the tenant (spec.autoscaling, or spec.domains.<domain>.scaling), where the ' +
    'operator keeps them; a number into the Service. Where an autoscaler decides, a number is refused: give bounds.',
  arguments: [
    TENANT,
    {
      name: 'service',
      summary: 'a Service or a domain it hosts; may be left out when there is only one',
      completes: 'service',
    },
  ],
  options: [
    YES,
    { flags: '--replicas <number>', summary: 'this many Pods; 0 hibernates' },
    { flags: '--min <number>', summary: 'fewest Pods of the autoscaler' },
    { flags: '--max <number>', summary: 'most Pods of the autoscaler' },
  ],
  examples: [
    ['scale acme --min 2 --max 10', 'let the autoscaler choose between these'],
    ['scale acme runtime --replicas 3', 'exactly three'],
  ],
  needs: [
    READ_TENANTS,
    PATCH_TENANTS,
    {
      group: 'shopmind.ai',
      resources: ['services'],
      verbs: ['list', 'patch'],
      where: 'tenant',
      why: 'bounds of a Service that belongs to no tenant',
    },
    {
      group: 'shopmind.ai',
      resources: ['services/scale'],
      verbs: ['patch'],
      where: 'tenant',
      why: 'the number of Pods',
    },
  ],
  run: async (call) => (await import('./scale.ts')).scale(call),
};
