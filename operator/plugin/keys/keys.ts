/**
 * `shopmind keys VERB TENANT`: the shop's own API is asked, by its admin key, through the gateway: what is made here is as what a merchant
 * makes, and stands in the same audit log.
 */
import { SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import type { Cli } from '../cli.ts';
import type { Call, Flags } from '../command.ts';
import { withCluster } from '../connection.ts';
import { wayTo } from '../data/reach.ts';
import { EXIT, Failure } from '../failure.ts';
import { formatOf, show } from '../output.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';
import type { Style } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';
import { age } from '../terminal/time.ts';
import { adminKeyOf } from '../token/token.ts';
import { keysOf, type Key, type Keys } from './api.ts';

const GATEWAY = { host: `gateway.${SYSTEM_NAMESPACE}.svc`, port: 8080 };

interface Work {
  readonly cli: Cli;
  readonly flags: Flags;
  readonly tenant: string;
  /** The third word. */
  readonly named: string | undefined;
}

const VERBS: Readonly<Record<string, (keys: Keys, work: Work) => Promise<void>>> = {
  list: listKeys,
  create: createKey,
  revoke: revokeKey,
};

export async function keys({ cli, args: [verb = '', name = '', named], flags }: Call): Promise<void> {
  const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (act === undefined)
    throw new Failure(`keys cannot ${verb}`, {
      exitCode: EXIT.usage,
      remedy: `It can ${Object.keys(VERBS).join(', ')}: ${cli.self} keys list ${name}`,
    });
  await withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const storefront = tenant.status?.endpoints?.storefront;
    if (storefront === undefined)
      throw new Failure(`tenant "${name}" answers at no address yet`, {
        exitCode: EXIT.unavailable,
        remedy: `Wait until it is Ready: ${cli.self} wait ${name}`,
      });
    const adminKey = await adminKeyOf(client, cli, tenant);
    const way = await wayTo(client, GATEWAY.host, GATEWAY.port);
    try {
      const { host, port } = way;
      const shop = { gateway: { host, port }, hostName: new URL(storefront).host, adminKey };
      await act(keysOf(shop), { cli, flags, tenant: name, named });
    } finally {
      way.close();
    }
  });
}

async function listKeys(shop: Keys, { cli, flags, tenant }: Work): Promise<void> {
  const now = cli.now();
  const all = await shop.list();
  const found = flags.on('all') ? all : all.filter((key) => stateOf(key, now) === 'good');
  await show(cli, formatOf(flags.text('output')), found, () =>
    found.length === 0 ? `no keys of ${tenant}` : renderKeys(found, cli.style, now),
  );
}

async function createKey(shop: Keys, { cli, flags, tenant, named }: Work): Promise<void> {
  const scopes = flags.all('scope');
  if (named === undefined || scopes.length === 0)
    throw new Failure('a key has a name and may do something', {
      exitCode: EXIT.usage,
      remedy: `Say both: ${cli.self} keys create ${tenant} "stock keeping" --scope catalog:read`,
    });
  const expiresAt = flags.text('expires');
  const made = await shop.create({ name: named, scopes, ...(expiresAt === undefined ? {} : { expiresAt }) });
  const format = formatOf(flags.text('output'));
  cli.note(cli.notes.dim(`${made.id} of ${tenant} may ${made.scopes.join(', ')}; it is shown this once`));
  await show(cli, format, made, () => made.key);
}

async function revokeKey(shop: Keys, { cli, flags, tenant, named }: Work): Promise<void> {
  const key = (await shop.list()).find(({ id }) => id === named);
  if (named === undefined || key === undefined)
    throw new Failure(`${tenant} has no key ${named ?? 'without an id'}`, {
      exitCode: EXIT.badInput,
      remedy: `See which there are: ${cli.self} keys list ${tenant}`,
    });
  await confirm(
    cli,
    `Whoever enters ${tenant} by “${key.name}” (…${key.hint}) is refused from now on.`,
    flags.on('yes'),
  );
  await shop.revoke(key.id);
  cli.print(`${key.id} is revoked`);
}

function stateOf({ revokedAt, expiresAt }: Key, now: number): 'good' | 'revoked' | 'over' {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= now ? 'over' : 'good';
}

/** A table, as the shop lists them: the youngest first. */
function renderKeys(found: readonly Key[], style: Style, now: number): string {
  const head = ['ID', 'NAME', 'ENDS IN', 'STATE', 'AGE', 'USED', 'MAY'].map(style.bold);
  const rows = found.map((key) => {
    const state = stateOf(key, now);
    return [
      key.id,
      key.name,
      `…${key.hint}`,
      state === 'good' ? state : style.dim(state),
      age(key.createdAt, now),
      key.usedAt === null ? 'never' : `${age(key.usedAt, now)} ago`,
      key.scopes.join(' '),
    ];
  });
  return table([head, ...rows]);
}
