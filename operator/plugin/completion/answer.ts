/**
 * Answers a shell: candidates a line, then `:4` or `:0`, as kubectl expects it of its plugins (cobra's protocol). Never fails: a
 * shell that asks in the middle of a line wants candidates or silence.
 */
import { shopServices, tenants } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { namespaceOf } from '../../resources/presets.ts';
import { createCli, type Io } from '../cli.ts';
import { loadAll } from '../commands.ts';
import { withCluster } from '../connection.ts';
import { CLUSTER_OPTIONS, GLOBAL_OPTIONS } from '../options.ts';
import { hosts } from '../tenant/observe.ts';
import { complete, type Candidate, type Names } from './complete.ts';

/** Whoever presses Tab does not wait longer. */
const PATIENCE_MS = 2_000;

export async function answerShell(words: readonly string[], io: Io): Promise<number> {
  const grammar = { commands: await loadAll(), globals: GLOBAL_OPTIONS, clusterOptions: CLUSTER_OPTIONS };
  const found = await complete(words, grammar, namesOf(words, io));
  if (found === 'file') {
    io.stdout.write(':0\n');
    return 0;
  }
  for (const { value, summary } of found)
    io.stdout.write(summary === '' ? `${value}\n` : `${value}\t${summary}\n`);
  io.stdout.write(':4\n');
  return 0;
}

/** Of the cluster that the words on the line name. */
function namesOf(words: readonly string[], io: Io): Names {
  const after = (flag: string): string | undefined => {
    const at = words.indexOf(flag);
    return at < 0 ? words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1) : words[at + 1];
  };
  const cli = createCli(io, {
    quiet: true,
    target: { kubeconfig: after('--kubeconfig'), context: after('--context') },
  });
  const ask = async (
    question: (client: Client) => Promise<readonly Candidate[]>,
  ): Promise<readonly Candidate[]> => {
    try {
      return await withCluster(cli, question);
    } catch {
      // No cluster, no permission: nothing to offer, and no place to say why.
      return [];
    }
  };
  return {
    tenants: () =>
      ask(async (client) =>
        (await client.listAll(tenants, { timeoutMs: PATIENCE_MS })).items.map(({ metadata, spec }) => ({
          value: metadata.name,
          summary: `${spec.displayName}, ${spec.placement}`,
        })),
      ),
    services: (name) =>
      ask(async (client) => {
        const tenant =
          name === undefined ? undefined : await client.find(tenants, { name }, { timeoutMs: PATIENCE_MS });
        if (tenant === undefined) return [];
        const namespace = namespaceOf(tenant.metadata.name, tenant.spec.placement);
        const { items } = await client.listAll(shopServices, { namespace, timeoutMs: PATIENCE_MS });
        return items
          .filter((service) => hosts(service, tenant))
          .map(({ metadata, spec }) => ({
            value: metadata.name,
            summary: spec.domains?.join(', ') ?? spec.image ?? '',
          }));
      }),
  };
}
