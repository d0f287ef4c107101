/** `shopmind top`: what it says of itself. */
import { OUTPUT, READ_TENANTS, TENANT, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'top',
  group: 'Look',
  summary:
    'processor, memory, requests a second, errors and p99 of tenants, the busiest first; or of the Pods of one',
  about:
    'Requests are counted by the gateways, whose metrics are read twice, --interval apart. Processor and memory come from ' +
    'metrics.k8s.io; those of the pool are shared by all pooled tenants and shown as a row of their own. p99 is over the time ' +
    'since the gateways started where nothing came within the interval.',
  arguments: [{ ...TENANT, required: false }],
  options: [OUTPUT, { flags: '--interval <span>', summary: 'how long requests are counted', default: '2s' }],
  examples: [
    ['top', 'all tenants'],
    ['top fjord', 'the Pods of one'],
  ],
  needs: [
    READ_TENANTS,
    {
      group: 'metrics.k8s.io',
      resources: ['pods'],
      verbs: ['list'],
      where: 'tenant',
      why: 'processor and memory',
      optional: true,
    },
    { group: '', resources: ['pods'], verbs: ['list'], where: 'system', why: 'which Pods are gateways' },
    {
      group: '',
      resources: ['pods/proxy'],
      verbs: ['get'],
      where: 'system',
      why: 'the metrics of the gateways',
      optional: true,
    },
  ],
  async run(call) {
    const { top } = await import('./top.ts');
    return top(call);
  },
};
