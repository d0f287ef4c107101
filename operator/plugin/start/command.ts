/** `shopmind start`: what it says of itself. */
import type { CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'start',
  group: 'Installation',
  summary: 'run the embedded cluster, the operator and the tenants, until Ctrl-C',
  about:
    'Needs nothing but Node. While it runs: export KUBECONFIG=.shopmind/kubeconfig; kubectl get shopmind -A',
  cluster: false,
  options: [
    {
      flags: '--tenants <path>',
      summary: 'a tenant YAML, or a folder of them',
      default: 'tenants',
      completes: 'file',
    },
    { flags: '--port <number>', summary: 'where browsers reach the shops', default: '8080' },
    {
      flags: '--data <dir>',
      summary: 'where everything is kept between starts',
      default: '.shopmind',
      completes: 'file',
    },
    { flags: '--no-storefront', summary: 'without the web pages: only APIs' },
    {
      flags: '--traces <url>',
      summary: 'send every trace to an OTLP/HTTP receiver, such as http://127.0.0.1:4318',
    },
    { flags: '--json', summary: 'one JSON object a line on stdout, for scripts' },
  ],
  examples: [
    ['start', 'the sample tenants on http://acme.localhost:8080'],
    ['start --port 9000 --data /tmp/x', 'a second, separate installation'],
    ['start --tenants my-tenant.yaml', 'your own tenant only'],
  ],
  needs: [],
  async run({ flags }) {
    const { start } = await import('./start.ts');
    await start({
      tenants: flags.text('tenants') ?? 'tenants',
      port: flags.text('port') ?? '8080',
      data: flags.text('data') ?? '.shopmind',
      storefront: flags.on('storefront'),
      ...(flags.text('traces') === undefined ? {} : { traces: flags.text('traces') ?? '' }),
      ...(flags.on('json') ? { json: true } : {}),
    });
    // All is closed; an idle handle some library keeps must not keep the terminal waiting.
    process.exit(0);
  },
};
