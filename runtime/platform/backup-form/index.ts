/**
 * The form of backups and snapshots of a tenant, wherever they are kept and whoever makes them: what one is called, what its manifest
 * says, which are too many. Pure.
 */
import type { TenantId } from '../ports.ts';

export const MANIFEST = 'manifest.json';

/** Its time, so that the order of names is that of age. */
export function backupName(at: Date): string {
  return at.toISOString().replaceAll(':', '-');
}

const TABLE = /^[a-z][a-z0-9_]{0,62}$/;

/** @throws RangeError for what could lead to another file */
export function checkTable(table: string): void {
  if (!TABLE.test(table)) throw new RangeError(`“${table}” is no name of a table`);
}

export function manifestOf(tenant: TenantId, name: string, rows: Readonly<Record<string, number>>): string {
  return `${JSON.stringify({ tenant, exportedAt: name, rows }, null, 2)}\n`;
}

/** All but the `keep` youngest, the oldest first. */
export function outdated(names: readonly string[], keep: number): readonly string[] {
  return names.toSorted().slice(0, Math.max(0, names.length - keep));
}
