/** `shopmind completion`, and what the scripts it prints call: what they say of themselves. */
import { READ_TENANTS, type CommandDefinition } from '../command.ts';
import { SHELLS } from './scripts.ts';

export const command: CommandDefinition = {
  name: 'completion',
  group: 'Installation',
  summary: 'completion for bash, zsh or fish: commands, options, and the names of tenants and Services',
  about:
    'For `kubectl shopmind …` itself put kubectl_complete-shopmind, which is installed beside the plugin, on the PATH: kubectl ' +
    'asks it.',
  arguments: [{ name: 'shell', summary: SHELLS.join(', '), required: true, completes: SHELLS }],
  examples: [
    ['completion bash', 'source <(kubectl shopmind completion bash)'],
    ['completion fish', 'kubectl shopmind completion fish | source'],
  ],
  needs: [
    { ...READ_TENANTS, optional: true },
    {
      group: 'shopmind.ai',
      resources: ['services'],
      verbs: ['list'],
      where: 'tenant',
      why: 'names of Services',
      optional: true,
    },
  ],
  async run({ cli, args: [shell] }) {
    const { SCRIPTS } = await import('./scripts.ts');
    const { EXIT, Failure } = await import('../failure.ts');
    const known = SHELLS.find((one) => one === shell);
    if (known === undefined)
      throw new Failure(`there is no completion for "${shell}"`, {
        exitCode: EXIT.usage,
        remedy: `Give one of ${SHELLS.join(', ')}.`,
      });
    cli.print(SCRIPTS[known]);
  },
};
