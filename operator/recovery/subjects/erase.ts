/**
 * Erasing a customer from every store, and the receipt of it. Each holder erases whole or not at all; killed in between, the next
 * call goes on, because a holder that has nothing any more says so.
 */
import type { Database } from '../../provisioners/postgres/database.ts';
import { inTransaction } from '../../provisioners/postgres/fence.ts';
import { advance, holding } from '../operations.ts';
import type { Operation } from '../operations.ts';
import type { Holder, Line } from './holder.ts';
import type { Receipt, Signer } from './receipt.ts';

/** Something of the person was found after everything had been erased. */
export class StillThereError extends Error {
  readonly remedy =
    'erase again; if it comes back, somebody writes it: end the sessions and tasks of the customer first';
  constructor(left: readonly (Line & { readonly holder: string })[]) {
    super(
      `still there after the erasure: ${left.map(({ holder, what, count }) => `${count} in ${holder} ${what}`).join(', ')}`,
    );
    this.name = 'StillThereError';
  }
}

export interface EraseParts {
  readonly database: Database;
  readonly holders: readonly Holder[];
  readonly signer: Signer;
  /** How long backups keep what they have, in ms; absent: nobody can say. */
  readonly backupsKeptMs?: number;
  readonly now: () => Date;
}

/** @throws StillThereError, or what a holder threw: the operation goes on being open */
export async function eraseCustomer(
  operation: Operation,
  customer: string,
  { database, holders, signer, backupsKeptMs, now }: EraseParts,
): Promise<Receipt> {
  const { id, tenant } = operation;
  if (tenant === null) throw new Error(`operation ${id} names no tenant`);
  const subject = { tenant, customer };
  const remembered = new Map<string, readonly Line[]>(Object.entries(rememberedBy(operation)));
  for (const holder of holders) {
    await holder.erase(subject, async (lines) => {
      remembered.set(holder.name, lines);
      await inTransaction(database, async (session) => {
        await holding(session, id, ['Begun', 'Erasing']);
        await advance(session, id, 'Erasing', { removed: Object.fromEntries(remembered) });
      });
    });
  }
  const removed = [...remembered].flatMap(([holder, lines]) => lines.map((line) => ({ holder, ...line })));
  const erasedAt = now();
  const left: (Line & { holder: string })[] = [];
  for (const holder of holders)
    for (const line of await holder.verify(subject)) left.push({ holder: holder.name, ...line });
  if (left.length > 0) throw new StillThereError(left);
  return signer.sign({
    kind: 'shopmind.ai/erasure-receipt/v1',
    tenant,
    customer,
    operation: id,
    erasedAt: erasedAt.toISOString(),
    verifiedAt: now().toISOString(),
    holders: holders.map(({ name }) => name),
    removed,
    backupsUntil:
      backupsKeptMs === undefined ? null : new Date(erasedAt.getTime() + backupsKeptMs).toISOString(),
  });
}

function rememberedBy({ result }: Operation): Readonly<Record<string, readonly Line[]>> {
  // Written by this file only.
  return (result['removed'] ?? {}) as Readonly<Record<string, readonly Line[]>>;
}
