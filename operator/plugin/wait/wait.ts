/**
 * `shopmind wait TENANT…`: watches until the wish of each comes true, one of them cannot, or time is up.
 */
import { tenants, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isAborted } from '../../kube/errors.ts';
import type { Cli } from '../cli.ts';
import { createKinds } from '../cluster/kinds.ts';
import { watchUntil } from '../cluster/watch.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { lookLater } from '../data/later.ts';
import { EXIT, Interrupted } from '../failure.ts';
import { causeReports } from '../status/report.ts';
import { causesText } from '../status/render.ts';
import { findTenant } from '../tenant/find.ts';
import { tenantTree } from '../tenant/health.ts';
import { observeTenant } from '../tenant/observe.ts';
import { stateOf } from '../tenant/state.ts';
import { parseSpan, span } from '../terminal/time.ts';
import { parseWish, progressOf, wishText, type Wish } from './wish.ts';

export async function wait({ cli, rest: names, flags }: Call): Promise<number> {
  const wish = parseWish(flags.text('for') ?? 'Ready');
  const timeout = parseSpan(flags.text('timeout') ?? '5m', '--timeout');
  return withCluster(cli, async (client) => {
    if (wish.kind !== 'deleted') for (const name of names) await findTenant(client, name);
    return waitFor(cli, client, { names, wish, timeout, patient: flags.on('patient') });
  });
}

export interface Waiting {
  readonly names: readonly string[];
  readonly wish: Wish;
  /** Milliseconds. */
  readonly timeout: number;
  /** Go on when one is Stalled. */
  readonly patient?: boolean;
}

/** Tells of every change of state on stderr. @returns the exit code */
export async function waitFor(
  cli: Cli,
  client: Client,
  { names, wish, timeout, patient }: Waiting,
): Promise<number> {
  const began = cli.now();
  const late = AbortSignal.timeout(timeout);
  const said = new Map<string, string>();
  let stuck: readonly string[] = [];
  let open: readonly string[] = names;
  const only = names.length === 1 ? { fieldSelector: `metadata.name=${names[0]}` } : {};
  try {
    await watchUntil<TenantObject>(
      client,
      tenants,
      AbortSignal.any([late, cli.interrupted()]),
      only,
      (objects) => {
        const byName = new Map(objects.map((tenant) => [tenant.metadata.name, tenant]));
        const progress = names.map((name) => [name, progressOf(byName.get(name), wish)] as const);
        for (const [name] of progress) tell(cli, name, byName.get(name), said, began);
        open = progress.filter(([, one]) => one !== 'fulfilled').map(([name]) => name);
        stuck = patient === true ? [] : progress.filter(([, one]) => one === 'stuck').map(([name]) => name);
        return open.length === 0 || stuck.length > 0;
      },
    );
  } catch (error) {
    if (!isAborted(error)) throw error;
    if (!late.aborted) throw new Interrupted();
  }
  if (open.length === 0) {
    cli.print(names.map((name) => `${name} is ${wishText(wish)}`).join('\n'));
    return 0;
  }
  const missed = stuck.length > 0 ? stuck : open;
  const why =
    stuck.length > 0
      ? `will not become ${wishText(wish)} by itself`
      : `is not ${wishText(wish)} after ${span(timeout)}`;
  for (const name of missed) cli.stderr.write(`error: ${name} ${why}\n${await reasons(cli, client, name)}`);
  return stuck.length > 0 ? EXIT.failure : EXIT.timeout;
}

function tell(
  cli: Cli,
  name: string,
  tenant: TenantObject | undefined,
  said: Map<string, string>,
  began: number,
): void {
  const { state, message } = tenant === undefined ? { state: 'gone', message: '' } : stateOf(tenant);
  const line = `${state}${message === '' ? '' : `: ${message}`}`;
  if (said.get(name) === line) return;
  said.set(name, line);
  cli.note(cli.notes.dim(`${span(cli.now() - began).padStart(5)}  ${name}  ${line}`));
}

/** The root cause, as `tree` finds it. */
async function reasons(cli: Cli, client: Client, name: string): Promise<string> {
  const tenant = await client.find(tenants, { name });
  if (tenant === undefined) return `  there is no tenant "${name}"\n`;
  const [observed, dataPlane] = await Promise.all([
    observeTenant(client, tenant, createKinds(client)),
    lookLater(client, tenant),
  ]);
  const causes = causeReports(tenantTree(observed, dataPlane));
  const text = causesText(causes, cli.notes, false);
  const { state, message } = stateOf(tenant);
  return `${(text === '' ? `${state}: ${message}` : text).replaceAll(/^/gm, '  ')}\n  → ${cli.self} tree ${name}\n`;
}
