/**
 * The command line: `npx shopmind …` and `kubectl shopmind …`. Each command is loaded only when it is called,
 * so that help and errors answer at once.
 */
import { Command, CommanderError } from 'commander';
import { describeFailure, EXIT, Failure } from './failure.ts';
import type { PlanFlags } from './plan.ts';
import type { StartFlags } from './start/options.ts';

/** Runs one command line; sets the process's exit code. Never throws. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
      return;
    }
    process.stderr.write(describeFailure(error));
    process.exitCode = error instanceof Failure ? error.exitCode : EXIT.failure;
  }
}

function program(): Command {
  const root = new Command('shopmind')
    .description('Thousands of AI-assisted shops on any Kubernetes, or on none.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) })
    .showHelpAfterError('(--help shows what there is)');

  root
    .command('start')
    .description('run the embedded cluster, the operator and the tenants, until Ctrl-C')
    .option('--tenants <path>', 'a tenant YAML, or a folder of them', 'tenants')
    .option('--port <number>', 'where browsers reach the shops', '8080')
    .option('--data <dir>', 'where everything is kept between starts', '.shopmind')
    .option('--no-storefront', 'without the web pages: only APIs')
    .option('--json', 'one JSON object a line on stdout, for scripts')
    .addHelpText(
      'after',
      `
Examples:
  npm start                                  the sample tenants on http://acme.localhost:8080
  npm start -- --port 9000 --data /tmp/x     a second, separate installation
  npm start -- --tenants my-tenant.yaml      your own tenant only

While it runs:
  export KUBECONFIG=.shopmind/kubeconfig
  kubectl get shopmind -A
`,
    )
    .action(async (options: StartFlags) => {
      const { start } = await import('./start/start.ts');
      await start(options);
      // All is closed; an idle handle some library keeps must not keep the terminal waiting.
      process.exit(0);
    });

  root
    .command('plan')
    .description(
      'what applying a file would change: objects (+ made, ~ changed, - removed) and the data plane (!)',
    )
    .requiredOption('-f, --filename <path>', 'a tenant YAML, or a folder of them')
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText('after', '\nExit code: 0 when nothing would change, 2 when something would.\n')
    .action(async (flags: PlanFlags) => {
      const { plan } = await import('./plan.ts');
      await plan(flags);
    });

  root
    .command('token <tenant>')
    .description("print a tenant's admin key, the bearer token of its merchant API")
    .action(async (tenant: string) => {
      const { printToken } = await import('./token.ts');
      await printToken(tenant);
    });

  return root;
}
