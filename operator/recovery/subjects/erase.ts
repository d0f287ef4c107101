/**
 * Erasing a customer from every store, and the receipt of it. Each holder erases whole or not at all; killed in between, the next
 * call goes on, because a holder that has nothing any more says so.
 */
import type { Database } from '../../provisioners/postgres/database.ts';
import { inTransaction } from '../../provisioners/postgres/fence.ts';
import type { Sealer } from '../../provisioners/sealing.ts';
import { advance, holding } from '../operations.ts';
import type { Operation } from '../operations.ts';
import type { Holder, Line, Person, Subject } from './holder.ts';
import { remembered as rememberedPerson, sealed } from './memory.ts';
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
  /** What the customer is called: asked before anything is erased. `undefined`: there is none of that id, any more. */
  readonly identify: (subject: Subject) => Promise<Person | undefined>;
  /** Tells them, for as long as there is an address to tell. Absent: nobody is told. */
  readonly farewell?: (subject: Subject) => Promise<unknown>;
  readonly sealer: Sealer;
  readonly signer: Signer;
  /** How long backups keep what they have, in ms; absent: nobody can say. */
  readonly backupsKeptMs?: number;
  readonly now: () => Date;
}

/** @throws StillThereError, or what a holder threw: the operation goes on being open */
export async function eraseCustomer(
  operation: Operation,
  customer: string,
  { database, holders, identify, farewell, sealer, signer, backupsKeptMs, now }: EraseParts,
): Promise<Receipt> {
  const { id, tenant } = operation;
  if (tenant === null) throw new Error(`operation ${id} names no tenant`);
  const known = rememberedPerson(sealer, { tenant, customer }, operation.result);
  const person = known ?? (await identify({ tenant, customer })) ?? { names: [customer], facts: [] };
  const subject = { tenant, customer, person };
  // Whoever goes on after a kill looks for the same person; and a tenant that is restored to a moment before loses them again.
  if (known === undefined)
    await inTransaction(database, async (session) => {
      await holding(session, id, ['Begun']);
      await advance(session, id, 'Known', sealed(sealer, subject, person));
    });
  await farewell?.(subject);
  const remembered = new Map<string, readonly Line[]>(Object.entries(rememberedBy(operation)));
  for (const holder of holders) {
    await holder.erase(subject, async (lines) => {
      remembered.set(holder.name, added(remembered.get(holder.name) ?? [], lines));
      await inTransaction(database, async (session) => {
        await holding(session, id, ['Known', 'Erasing']);
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

/** What somebody before us erased, and what was left for us or came since. */
function added(before: readonly Line[], now: readonly Line[]): readonly Line[] {
  const sums = new Map(before.map((line) => [`${line.action} ${line.what}`, line]));
  for (const line of now) {
    const key = `${line.action} ${line.what}`;
    sums.set(key, { ...line, count: line.count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()];
}
