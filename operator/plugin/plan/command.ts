/** `shopmind plan`: what it says of itself. */
import { OUTPUT, READ_TENANTS, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'plan',
  group: 'Change',
  summary: 'what applying a file would change: objects (+ made, ~ changed, - removed) and the data plane (!)',
  about: 'The same pure plan and the same provisioners the operator works with. Changes nothing.',
  options: [
    {
      flags: '-f, --filename <path>',
      summary: 'a tenant YAML, or a folder of them',
      required: true,
      completes: 'file',
    },
    OUTPUT,
  ],
  examples: [['plan -f acme.yaml', 'before kubectl apply -f acme.yaml']],
  exitCodes: { 0: 'nothing would change', 2: 'something would' },
  needs: [
    {
      ...READ_TENANTS,
      verbs: ['get', 'patch'],
      why: 'a dry run of the apply fills in defaults and says what is refused',
    },
    {
      group: '*',
      resources: ['*'],
      verbs: ['get'],
      where: 'tenant',
      why: 'what is there is compared with what would be',
    },
    {
      group: '',
      resources: ['configmaps', 'secrets'],
      verbs: ['get'],
      where: 'system',
      why: 'the data plane is asked what it lacks (Secret platform)',
    },
  ],
  async run(call) {
    const { plan } = await import('./plan.ts');
    return plan(call);
  },
};
