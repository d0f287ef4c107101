/** `shopmind token`: what it says of itself. */
import { READ_TENANTS, readSecret, TENANT, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'token',
  group: 'Data',
  summary: "print a tenant's admin key, the bearer token of its merchant API",
  about:
    'Alone on stdout, so that "$(npx shopmind token acme)" works. It is a secret: whoever has it is the merchant.',
  arguments: [TENANT],
  examples: [['token acme', 'the key of acme']],
  needs: [READ_TENANTS, readSecret('Secret <tenant>-admin holds the key')],
  run: async (call) => (await import('./token.ts')).printToken(call),
};
