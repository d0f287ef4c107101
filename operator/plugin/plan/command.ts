/** `shopmind plan`: what it says of itself. */
import {
  NAMESPACE,
  OUTPUT,
  READ_TENANTS,
  TENANT,
  type CommandDefinition,
  type Need,
  type Option,
} from '../command.ts';

const BRIEF: Option = { flags: '--brief', summary: 'names and fields only, no diffs' };

/** What reaches the data plane from here. */
export const DATA_PLANE_NEEDS: readonly Need[] = [
  {
    group: '',
    resources: ['configmaps', 'secrets'],
    verbs: ['get'],
    where: 'system',
    why: 'the data plane is asked what it lacks (Secret platform)',
  },
  {
    group: '',
    resources: ['pods/portforward'],
    verbs: ['get', 'create'],
    where: 'system',
    why: 'reaches a database that is known inside the cluster only',
    optional: true,
  },
];

/** What a plan looks at. */
export const PLAN_NEEDS: readonly Need[] = [
  {
    group: '*',
    resources: ['*'],
    verbs: ['get'],
    where: 'tenant',
    why: 'what is there is compared with what would be',
  },
  {
    group: '*',
    resources: ['*'],
    verbs: ['patch'],
    where: 'tenant',
    why: 'the server itself says by a dry run what an apply would change; else 0.5 and 500m look different',
    optional: true,
  },
  {
    group: 'shopmind.ai',
    resources: ['services'],
    verbs: ['list'],
    where: 'tenant',
    why: 'what Services generate is planned too',
  },
  {
    group: 'apps',
    resources: ['deployments'],
    verbs: ['get'],
    where: 'system',
    why: 'the operator’s Deployment says which images it runs',
  },
  ...DATA_PLANE_NEEDS,
];

export const command: CommandDefinition = {
  name: 'plan',
  group: 'Change',
  summary:
    'what applying a file would change: objects as diffs (+ made, ~ changed, - removed) and the data plane (!)',
  about:
    'Of tenants, and of Services of shopmind.ai: what they generate is shown too (Deployments, autoscalers, budgets, routes, …). ' +
    'The same pure plan and the same provisioners the operator works with. Changes nothing. Values of Secrets are masked. ' +
    'A delivery under way, and what an autoscaler decides, is no change. ' +
    'A database that is known inside the cluster only is reached through the API server (port-forward).',
  options: [
    {
      flags: '-f, --filename <path>',
      summary: 'a YAML file of tenants and Services, or a folder of them',
      required: true,
      completes: 'file',
    },
    OUTPUT,
    BRIEF,
  ],
  examples: [['plan -f acme.yaml', 'before kubectl apply -f acme.yaml']],
  exitCodes: { 0: 'nothing would change', 2: 'something would' },
  needs: [
    {
      ...READ_TENANTS,
      verbs: ['get', 'patch'],
      why: 'a dry run of the apply fills in defaults and says what is refused; so it does for a Service of the file',
    },
    ...PLAN_NEEDS,
  ],
  async run(call) {
    const { plan } = await import('./plan.ts');
    return plan(call);
  },
};

export const diff: CommandDefinition = {
  name: 'diff',
  group: 'Look',
  summary: 'drift: how objects and data plane differ from what the tenants declare',
  about:
    'What the operator would put right if it looked now, down to the Deployments that Services generate. A delivery under way, and ' +
    'what an autoscaler decides, is no drift. Without a tenant: all of them, and the Services that are nobody’s.',
  arguments: [{ ...TENANT, required: false }],
  options: [NAMESPACE, OUTPUT, BRIEF],
  examples: [
    ['diff acme', 'before unpause'],
    ['diff --brief', 'the whole installation'],
  ],
  exitCodes: { 0: 'no drift', 2: 'something differs' },
  needs: [
    READ_TENANTS,
    {
      group: 'shopmind.ai',
      resources: ['services'],
      verbs: ['list'],
      where: 'cluster',
      why: 'without a tenant: the pool and other Services that are nobody’s',
      optional: true,
    },
    ...PLAN_NEEDS,
  ],
  async run(call) {
    const { diff: run } = await import('./plan.ts');
    return run(call);
  },
};
