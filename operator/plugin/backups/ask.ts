/**
 * `shopmind backup`, `restore` and `drill`: one annotation each. The operator does the rest; nothing here enters the database.
 */
import { randomInt } from 'node:crypto';
import { ANNOTATIONS, formatRequest, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { OperationRequest, OperationStatus } from '../../../crds/index.ts';
import { shopServices, tenants } from '../../controllers/kinds.ts';
import type { ServiceObject, TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import type { ResourceType } from '../../kube/types.ts';
import { RUNTIME } from '../../resources/presets.ts';
import { merge } from '../change/write.ts';
import type { Cli } from '../cli.ts';
import type { Call, Flags } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure } from '../failure.ts';
import { formatOf, show } from '../output.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import { parseSpan } from '../terminal/time.ts';
import { follow, type Asked } from './follow.ts';
import { planRestore } from './whole.ts';

export async function backup({ cli, args: [name], flags }: Call): Promise<number> {
  return withCluster(cli, async (client) => {
    const request = { verb: 'backup', id: newId('backup') } as const;
    if (name === undefined) return askPool(cli, client, flags, request);
    return askTenant(cli, client, flags, await findTenant(client, name), request);
  });
}

export async function drill({ cli, flags }: Call): Promise<number> {
  return withCluster(cli, (client) => askPool(cli, client, flags, { verb: 'drill', id: newId('drill') }));
}

export async function restore({ cli, args: [name], flags }: Call): Promise<number> {
  const isAll = flags.on('all');
  if (isAll === (name !== undefined))
    throw new Failure('what shall be restored?', {
      exitCode: EXIT.usage,
      remedy: 'Name a tenant, or say --all for the whole cluster.',
    });
  const word = wordOf(flags);
  if (flags.on('dryRun') && (!isAll || word !== '--to'))
    throw new Failure('only a restore of the whole cluster to a moment has a plan to show', {
      exitCode: EXIT.usage,
      remedy: 'Say --all --to TIME --dry-run; or leave --dry-run out, to do it.',
    });
  return withCluster(cli, async (client) => {
    const subject = name === undefined ? await wholeOf(client) : await tenantNamed(client, name);
    const before = subject.status?.operation;
    if (word === '--to') {
      const to = momentOf(flags.text('to') ?? '', cli.now());
      const mode = flags.on('beside') ? 'beside' : 'swap';
      refuseWhileAnother(cli, subject, before);
      if (isAll) {
        const plan = await planRestore(client, { to, mode, now: cli.now() });
        if (flags.on('dryRun')) {
          cli.stdout.write(`${plan}\n`);
          return 0;
        }
        cli.stderr.write(`${plan}\n`);
      }
      if (isAll || mode === 'swap')
        await confirm(cli, isAll ? WHOLE_CLUSTER : changesOf(subject.title, to), flags.on('yes'));
      return subject.ask(cli, client, flags, { verb: 'restore', id: newId('restore'), to, mode });
    }
    const isWaiting = before?.kind === 'restore' && (before.state === 'Beside' || before.state === 'Running');
    if (!isWaiting || (word === '--swap' && before.state !== 'Beside'))
      throw new Failure(
        word === '--swap'
          ? `nothing of ${subject.name} lies beside`
          : `no restore of ${subject.name} is under way`,
        {
          exitCode: EXIT.badInput,
          remedy: `See: ${cli.self} backups${name === undefined ? '' : ` ${name}`}`,
        },
      );
    if (word === '--swap')
      await confirm(
        cli,
        `The rows of ${subject.title} as of ${before.to ?? 'then'} are put in place of the living ones.`,
        flags.on('yes'),
      );
    const verb = word === '--swap' ? 'swap' : 'abort';
    return subject.ask(cli, client, flags, { verb, id: before.id });
  });
}

function wordOf(flags: Flags): '--to' | '--swap' | '--abort' {
  const words: ('--to' | '--swap' | '--abort')[] = [];
  if (flags.text('to') !== undefined) words.push('--to');
  if (flags.on('abort')) words.push('--abort');
  if (flags.on('swap') && flags.text('to') === undefined) words.push('--swap');
  const [word] = words;
  if (word === undefined || words.length !== 1)
    throw new Failure('what shall be done?', {
      exitCode: EXIT.usage,
      remedy: 'Give --to TIME, with --beside or without; or --swap or --abort for what lies beside.',
    });
  return word;
}

const WHOLE_CLUSTER = 'Every shop becomes what it was then.';

function changesOf(title: string, to: string): string {
  return `${title} becomes what it was at ${to}: what was ordered, changed and paid since is no longer in the shop. Its charges at the payment processor stay. The shop takes no changes for a moment at the end.`;
}

/** Whose rows are meant. */
interface Subject {
  /** As customers call it. */
  readonly title: string;
  /** As its operators do. */
  readonly name: string;
  /** As the command line says it. */
  readonly words: string;
  readonly status: { readonly operation?: OperationStatus | undefined } | undefined;
  readonly ask: (cli: Cli, client: Client, flags: Flags, request: OperationRequest) => Promise<number>;
}

async function tenantNamed(client: Client, name: string): Promise<Subject> {
  const tenant = await findTenant(client, name);
  return {
    title: tenant.spec.displayName,
    name,
    words: name,
    status: tenant.status,
    ask: (cli, reach, flags, request) => askTenant(cli, reach, flags, tenant, request),
  };
}

async function wholeOf(client: Client): Promise<Subject> {
  const pool = await poolOf(client);
  const name = 'the whole cluster';
  return { title: name, name, words: '--all', status: pool.status, ask: askPool };
}

/** The last one is told in the status: another would hide it. */
function refuseWhileAnother(cli: Cli, { name, words }: Subject, before: OperationStatus | undefined): void {
  if (before?.state !== 'Running' && before?.state !== 'Beside') return;
  throw new Failure(`${before.id} of ${name} is ${before.state === 'Beside' ? 'beside' : 'under way'}`, {
    exitCode: EXIT.failure,
    remedy:
      before.state === 'Beside'
        ? `Put it in place or drop it first: ${cli.self} restore ${words} --swap, or --abort`
        : `See how far it is: ${cli.self} backups${words === '--all' ? '' : ` ${words}`}; or call it off: ${cli.self} restore ${words} --abort`,
  });
}

async function askTenant(
  cli: Cli,
  client: Client,
  flags: Flags,
  tenant: TenantObject,
  request: OperationRequest,
): Promise<number> {
  return ask<TenantObject>(cli, client, flags, { type: tenants, object: tenant, request });
}

async function askPool(cli: Cli, client: Client, flags: Flags, request: OperationRequest): Promise<number> {
  const object = await poolOf(client);
  return ask<ServiceObject>(cli, client, flags, { type: shopServices, object, request });
}

async function poolOf(client: Client): Promise<ServiceObject> {
  const object = await client.find(shopServices, { namespace: SYSTEM_NAMESPACE, name: RUNTIME });
  if (object === undefined)
    throw new Failure(
      `there is no Service ${SYSTEM_NAMESPACE}/${RUNTIME}: nobody is asked for the whole cluster`,
      {
        exitCode: EXIT.unavailable,
        remedy: `See what is there: kubectl get smsvc -n ${SYSTEM_NAMESPACE}`,
      },
    );
  return object;
}

async function ask<T extends TenantObject | ServiceObject>(
  cli: Cli,
  client: Client,
  flags: Flags,
  { type, object, request }: { type: ResourceType<T>; object: T; request: OperationRequest },
): Promise<number> {
  const text = formatRequest(request);
  await merge(client, type, object.metadata, {
    metadata: { annotations: { [ANNOTATIONS.operation]: text } },
  });
  const format = formatOf(flags.text('output'));
  const asked: Asked<T> = { type, object, request };
  if (!flags.on('watch')) {
    await show(cli, format, { id: request.id, asked: request }, () => `${request.id} is asked for`);
    const name = object.metadata.namespace === undefined ? ` ${object.metadata.name}` : '';
    cli.note(cli.notes.dim(`→ ${cli.self} backups${name}`));
    return 0;
  }
  const timeout = parseSpan(flags.text('timeout') ?? '1h', '--timeout');
  return follow(cli, client, asked, { timeout, format });
}

/** An RFC 3339 time, or a span before now. */
export function momentOf(text: string, now: number): string {
  const ago = /^\d+(\.\d+)?(ms|d|h|m|s)/.test(text) && !text.includes('-');
  const at = ago ? now - parseSpan(text, '--to') : Date.parse(text);
  // Without a zone it would be another moment on another machine.
  if (Number.isNaN(at) || (!ago && !/(Z|[+-]\d\d:?\d\d)$/i.test(text)))
    throw new Failure(`--to ${text} is no moment`, {
      exitCode: EXIT.usage,
      remedy: 'Write it as 2026-11-25T12:00:00Z, with its zone, or as 10m for ten minutes ago.',
    });
  if (at > now)
    throw new Failure(`--to ${text} is yet to come`, {
      exitCode: EXIT.usage,
      remedy: 'Name a moment that has passed.',
    });
  return new Date(at).toISOString();
}

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

function newId(kind: 'backup' | 'restore' | 'drill'): string {
  return `${kind}-${Array.from({ length: 10 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
}
