/** `shopmind report`: what it says of itself. */
import { READ_TENANTS, TENANT, type CommandDefinition } from '../command.ts';
import { command as tree } from '../tree/command.ts';

export const command: CommandDefinition = {
  name: 'report',
  group: 'Look',
  summary: 'a support bundle: objects, events, logs, metrics and versions in one .tar.gz, secrets masked',
  about:
    'Of one tenant and the platform under it; without a tenant of the platform and of every tenant that is not well (20 at most). ' +
    'Secrets are read to know what must not be in the bundle; where that is not allowed, only what looks like a secret is masked, ' +
    'and the bundle says so. It is written for your eyes only (mode 0600).',
  arguments: [{ ...TENANT, required: false }],
  options: [
    {
      flags: '-f, --filename <path>',
      summary: 'where to write it (default: shopmind-report-<time>.tar.gz)',
      completes: 'file',
    },
    { flags: '--since <span>', summary: 'logs not older than', default: '1h' },
  ],
  examples: [
    ['report acme', 'to send along with a question'],
    ['report -f /tmp/all.tar.gz', 'the platform and what is not well'],
  ],
  needs: [
    READ_TENANTS,
    ...tree.needs.filter(({ optional }) => optional),
    {
      group: '',
      resources: ['secrets'],
      verbs: ['list'],
      where: 'tenant',
      why: 'their values are taken out of everything',
      optional: true,
    },
    {
      group: '',
      resources: ['pods/log'],
      verbs: ['get'],
      where: 'tenant',
      why: 'what the containers said',
      optional: true,
    },
    {
      group: '',
      resources: ['pods/proxy'],
      verbs: ['get'],
      where: 'system',
      why: 'what operator, gateway and runtimes measured',
      optional: true,
    },
    {
      group: '',
      resources: ['nodes'],
      verbs: ['list'],
      where: 'cluster',
      why: 'what the Pods run on',
      optional: true,
    },
  ],
  async run(call) {
    const { report } = await import('./report.ts');
    return report(call);
  },
};
