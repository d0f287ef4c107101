/**
 * The secrets port on Vault: a tenant's values are one entry of the key-value engine, each sealed by the transit key of its scope and
 * bound to tenant and name, so that reading the store is not enough to know them, and a value copied elsewhere does not open.
 * What was opened is kept for a while, and longer when Vault is away: shops go on selling meanwhile.
 */
import { z } from 'zod';
import { ShopError } from '../errors.ts';
import { secretPath } from '../names/index.ts';
import type { Secrets } from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { openSealed, openVault, VaultRefusal } from '../vault/index.ts';

export interface VaultSecretsOptions {
  /** Of a login that may read and open what is of its scope. */
  readonly address: string;
  readonly scope: string;
  /** Tells of each tenant that the operator changed, and when messages may have been missed. */
  readonly changes: (changed: (tenant: string) => void, missed: () => void) => Promise<void>;
  /** Milliseconds of a steady clock; tests replace it. */
  readonly now?: () => number;
}

interface Kept {
  readonly values: Values;
  /** When it was last looked at, or tried to. */
  looked: number;
  /** Said to have changed: nobody is answered by it who can be answered by Vault. */
  changed: boolean;
  /** When it is not shown any more, whether Vault answers or not. */
  readonly end: number;
}

/** By name; null for what does not open. */
type Values = ReadonlyMap<string, string | null>;

/** Changes are told of; this is for what was told while nobody listened. */
const KEEP_MS = 60_000;
/** What is missing may be written any moment. */
const MISSING_MS = 1_000;
/** How long a Vault that is away is bridged. */
const BRIDGE_MS = 3_600_000;
const ANSWER_MS = 3_000;
const MOST_KEPT = 10_000;

const Entry = z.object({ data: z.record(z.string(), z.string()).nullable() });

/** Reads throw ShopError `unavailable` when Vault is away and nothing is kept, `internal` when a value does not open. */
export function createVaultSecrets({
  address,
  scope,
  changes,
  now = () => performance.now(),
}: VaultSecretsOptions): Secrets {
  const vault = openVault(address, ANSWER_MS);
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Promise<Kept>>();
  let listening: Promise<void> | undefined;

  /** What is kept stays as the last resort. */
  const distrust = (tenant: string): void => {
    asking.delete(tenant);
    const known = kept.get(tenant);
    if (known !== undefined) known.changed = true;
  };
  const distrustAll = (): void => [...kept.keys(), ...asking.keys()].forEach(distrust);

  async function load(tenant: string): Promise<Values> {
    const entry = await vault.read(`${vault.mounts.values}/data/${secretPath(scope, tenant)}`);
    // Of a deleted entry what it was is told, and no data.
    return openSealed(vault, scope, tenant, entry === undefined ? {} : (Entry.parse(entry).data ?? {}));
  }

  /** What Vault says, or what it said last. */
  async function ask(tenant: string): Promise<Kept> {
    try {
      const values = await load(tenant);
      return { values, looked: now(), changed: false, end: now() + BRIDGE_MS };
    } catch (error) {
      const known = kept.get(tenant);
      if (known === undefined || known.end <= now()) throw toShopError(error, tenant);
      known.looked = now();
      return known;
    }
  }

  /** However many ask, Vault is asked once; what was asked before a change was told of is not kept. */
  function entryOf(tenant: string): Promise<Kept> {
    const known = asking.get(tenant);
    if (known !== undefined) return known;
    const answer = ask(tenant);
    asking.set(tenant, answer);
    const mine = (): boolean => asking.get(tenant) === answer && asking.delete(tenant);
    const keep = async (): Promise<void> => {
      const entry = await answer.catch(() => undefined);
      if (!mine() || entry === undefined) return;
      if (kept.size > MOST_KEPT) kept.clear();
      kept.set(tenant, entry);
    };
    void keep();
    return answer;
  }

  return {
    async get(tenant, name) {
      const id = checkedTenantId(tenant);
      // Best effort: without it a change is seen when what is kept is looked at again.
      listening ??= changes(distrust, distrustAll).catch(() => {
        listening = undefined;
      });
      const known = kept.get(id);
      if (known === undefined || known.changed || known.end <= now())
        return opened(await entryOf(id), id, name);
      const age = now() - known.looked;
      if (!known.values.has(name) && age > MISSING_MS) return opened(await entryOf(id), id, name);
      // Nobody waits for what is most likely as it was; whoever fails here is told at the next question.
      if (age > KEEP_MS) entryOf(id).catch(() => undefined);
      return opened(known, id, name);
    },
  };
}

function opened({ values }: Kept, tenant: string, name: string): string | undefined {
  const value = values.get(name);
  if (value !== null) return value;
  throw new ShopError('internal', `The secret ${tenant}/${name} cannot be opened.`, {
    remedy: 'Annotate the tenant with shopmind.ai/reconcile-at: the operator writes it again.',
  });
}

function toShopError(error: unknown, tenant: string): ShopError {
  const refused = error instanceof VaultRefusal && (error.status === 403 || error.status === 400);
  return new ShopError('unavailable', `The secrets of ${tenant} cannot be read from Vault.`, {
    cause: error,
    remedy: refused
      ? 'The login in SECRETS_URL may not: the operator’s condition DataPlaneReady says what is wrong.'
      : 'See that Vault runs, is unsealed and can be reached.',
    retryAfterSeconds: 5,
  });
}
