/** A table whose rows the database looks at when a transaction commits: for tests of what is refused then, and not before. */
import { randomUUID } from 'node:crypto';
import type { Transaction } from '../ports.ts';

/** Made by an administrator, in schema `shop`. */
export const PLEDGES = `
  CREATE TABLE shop.pledges (tenant_id text, id text, other text, PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, other) REFERENCES shop.pledges DEFERRABLE INITIALLY DEFERRED);
  GRANT ALL ON shop.pledges TO shop_runtime`;

/** Refers to a row that nobody makes. */
export async function breakPledge(tx: Transaction, tenant: string): Promise<void> {
  await tx.query('INSERT INTO pledges VALUES ($1, $2, $3)', [tenant, randomUUID(), 'nobody']);
}
