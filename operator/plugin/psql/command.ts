/** `shopmind psql`: what it says of itself. */
import { READ_TENANTS, readSecret, TENANT, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'psql',
  group: 'Data',
  summary:
    "a SQL prompt on a tenant's rows, and on no others: as its runtime's role, under row-level security",
  about:
    'Read-only unless --write. Opens psql, or a small prompt of its own where there is none. The password goes to psql in a file ' +
    'only you can read, which is removed afterwards; never on a command line. A database known inside the cluster only is ' +
    'reached through the API server.',
  arguments: [TENANT, { name: 'arguments', summary: 'for psql, after --', rest: true }],
  options: [
    { flags: '--write', summary: 'allow changes' },
    { flags: '--built-in', summary: 'the small prompt, also where there is psql' },
  ],
  examples: [
    ['psql acme', 'a prompt'],
    ["psql acme -- -c 'select state, count(*) from orders_orders group by 1'", 'one answer'],
    ["echo 'select count(*) from orders_orders;' | kubectl shopmind psql acme --built-in", 'without psql'],
  ],
  exitCodes: { 0: 'as psql', 3: 'as psql: a statement failed' },
  needs: [
    READ_TENANTS,
    readSecret("Secret database holds the login of the tenant's runtime"),
    {
      group: 'discovery.k8s.io',
      resources: ['endpointslices'],
      verbs: ['list'],
      where: 'system',
      why: 'where the database is',
      optional: true,
    },
    {
      group: '',
      resources: ['pods/portforward'],
      verbs: ['get', 'create'],
      where: 'system',
      why: 'reaches a database that is known inside the cluster only',
      optional: true,
    },
  ],
  async run(call) {
    const { psql } = await import('./psql.ts');
    return psql(call);
  },
};
