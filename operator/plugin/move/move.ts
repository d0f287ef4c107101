/**
 * `shopmind move TENANT --to pooled|dedicated`: says what it will do, asks, changes the spec and follows the operator through
 * the phases. Ctrl-C stops the following, not the move.
 */
import type { Placement, TenantStatus } from '../../../crds/index.ts';
import { tenants, type TenantObject } from '../../controllers/kinds.ts';
import { isAborted } from '../../kube/errors.ts';
import type { Client } from '../../kube/client.ts';
import { FIELD_MANAGER, patchTenant } from '../change/write.ts';
import type { Cli } from '../cli.ts';
import { watchUntil } from '../cluster/watch.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure, Interrupted } from '../failure.ts';
import { renderPlan } from '../plan/render.ts';
import { planAll } from '../plan/tenants.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import { parseSpan, span } from '../terminal/time.ts';
import { moveText, outcomeOf } from './progress.ts';

type MoveStatus = NonNullable<TenantStatus['move']>;

export async function move({ cli, args: [name = ''], flags }: Call): Promise<number> {
  const to = placementOf(flags.text('to'));
  const timeout = parseSpan(flags.text('timeout') ?? '30m', '--timeout');
  return withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const before = tenant.status?.move;
    const isUnderWay = before !== undefined && before.endedAt === undefined;
    if (tenant.spec.placement === to && !isUnderWay) {
      cli.print(`${name} is ${to} already`);
      return 0;
    }
    if (tenant.spec.placement !== to) {
      if (isUnderWay && before.from === to)
        await confirm(
          cli,
          `${name} is on its way to ${before.to} (${before.phase}): the move is called off.`,
          flags.on('yes'),
        );
      else await explain(cli, client, tenant, to, flags.on('yes'));
      await patchTenant(client, tenant, { spec: { placement: to } });
      cli.print(`${name} moves to ${to}`);
    }
    return flags.on('wait') ? follow(cli, client, name, to, before, timeout) : 0;
  });
}

function placementOf(text: string | undefined): Placement {
  if (text === 'pooled' || text === 'dedicated') return text;
  throw new Failure(text === undefined ? 'where to?' : `--to ${text} is no placement`, {
    exitCode: EXIT.usage,
    remedy: 'Give --to pooled, --to dedicated, or --to-node HOST:PORT.',
  });
}

/** What would happen, from the same plan as `plan -f`; the server says first whether it would take the change at all. */
async function explain(
  cli: Cli,
  client: Client,
  tenant: TenantObject,
  to: Placement,
  isSure: boolean,
): Promise<void> {
  const { name } = tenant.metadata;
  const wanted = await client.patch<TenantObject>(
    tenants,
    { name },
    { kind: 'merge', body: { spec: { placement: to } } },
    { fieldManager: FIELD_MANAGER, dryRun: true },
  );
  const plan = (await planAll(client, [wanted])).get(name);
  if (plan !== undefined && !cli.quiet)
    cli.stderr.write(
      `${renderPlan(name, plan, cli.notes, { calm: 'nothing differs but the placement', brief: true })}\n`,
    );
  await confirm(
    cli,
    `${tenant.spec.displayName} moves from ${tenant.spec.placement} to ${to}, rows and all. The shop goes on; for a moment at the end it takes no changes.`,
    isSure,
  );
}

async function follow(
  cli: Cli,
  client: Client,
  name: string,
  to: Placement,
  before: MoveStatus | undefined,
  timeout: number,
): Promise<number> {
  const late = AbortSignal.timeout(timeout);
  let said: string | undefined;
  const told = new Set<string>();
  let outcome: ReturnType<typeof outcomeOf> = 'waiting';
  try {
    await watchUntil<TenantObject>(
      client,
      tenants,
      AbortSignal.any([late, cli.interrupted()]),
      { fieldSelector: `metadata.name=${name}` },
      ([tenant]) => {
        const now = tenant?.status?.move;
        const text = now === undefined ? 'waits for the operator' : moveText(now);
        // A step may be waited for again and again: once is news.
        if (!told.has(text)) cli.note(cli.notes.dim(text));
        told.add(text);
        said = text;
        outcome = outcomeOf(now, to, before);
        return outcome !== 'waiting';
      },
    );
  } catch (error) {
    if (!isAborted(error)) throw error;
    if (!late.aborted) {
      cli.note(`the move goes on without being watched; → ${cli.self} status ${name} -w`);
      throw new Interrupted();
    }
    cli.stderr.write(
      `error: after ${span(timeout)} the move is at: ${said ?? 'nothing yet'}\n  → ${cli.self} tree ${name}\n`,
    );
    return EXIT.timeout;
  }
  if ((outcome as string) === 'done') return 0;
  cli.stderr.write(`error: the move was called off: ${said ?? ''}\n`);
  return EXIT.failure;
}
