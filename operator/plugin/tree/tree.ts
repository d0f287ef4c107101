/**
 * `shopmind tree TENANT`: everything a tenant consists of, and above it why it is not well.
 */
import { shopServices, tenants } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { deployments, pods } from '../../kube/resources.ts';
import { createKinds } from '../cluster/kinds.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { lookLater } from '../data/later.ts';
import { EXIT } from '../failure.ts';
import { isTrouble, type HealthNode } from '../health/node.ts';
import { encoded, formatOf } from '../output.ts';
import { causesText } from '../status/render.ts';
import { causeReports, type CauseReport } from '../status/report.ts';
import { findTenant } from '../tenant/find.ts';
import { tenantTree } from '../tenant/health.ts';
import { observeTenant } from '../tenant/observe.ts';
import { live } from '../terminal/live.ts';
import { renderTree } from './render.ts';

interface Seen {
  readonly causes: readonly CauseReport[];
  readonly tree: HealthNode;
  readonly gaps: readonly string[];
}

export async function tree({ cli, args: [name = ''], flags }: Call): Promise<number> {
  const format = formatOf(flags.text('output'));
  return withCluster(cli, async (client) => {
    let seen: Seen | undefined;
    const draw = async (): Promise<string> => {
      seen = await look(client, name, flags.on('dataPlane'));
      return format === 'text' ? text(seen) : encoded(format, seen);
    };
    const text = ({ causes, tree: root, gaps }: Seen): string =>
      [
        causesText(causes, cli.style, !isTrouble(root)),
        renderTree(root, cli.style, flags.on('troubles')),
        gaps.map((gap) => `${cli.style.yellow('?')} ${gap}`).join('\n'),
      ]
        .filter((part) => part !== '')
        .join('\n\n');
    if (flags.on('watch')) {
      const subjects = [
        { type: tenants, options: { fieldSelector: `metadata.name=${name}` } },
        ...[shopServices, pods, deployments].map((type) => ({ type, options: {} })),
      ];
      await live(cli, client, subjects, draw);
    }
    cli.print(await draw());
    return (seen?.causes.length ?? 0) > 0 ? EXIT.failure : 0;
  });
}

async function look(client: Client, name: string, withDataPlane: boolean): Promise<Seen> {
  const tenant = await findTenant(client, name);
  const [observed, dataPlane] = await Promise.all([
    observeTenant(client, tenant, createKinds(client)),
    withDataPlane ? lookLater(client, tenant) : undefined,
  ]);
  const root = tenantTree(observed, dataPlane);
  return { causes: causeReports(root), tree: root, gaps: observed.gaps };
}
