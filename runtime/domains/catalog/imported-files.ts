/**
 * Files that merchants send to be imported: kept while they come, piece by piece, and removed when nobody needs them any more. A task that
 * looks whether an import came of one is there before its first byte: whatever kills us in between, nothing is left behind for good.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';

export const DROP_TASK = 'catalog.drop-import-file';
const BUCKET = 'imports';
/** Within which a file has to have come: a sender who trickles does not outlive the task that tidies up. */
const OPEN_SECONDS = 15 * 60;
/** After that, so that an import of whatever came in time has been written down. */
const GRACE_SECONDS = 5 * 60;

export interface ImportedFiles {
  /**
   * Keeps it whole, or not at all.
   * @returns SHA-256 of it, in hex
   * @throws ShopError `timeout` for one that takes too long, and whatever ends the stream
   */
  keep(tenant: TenantId, importId: string, file: Readable): Promise<string>;
  /** @throws ShopError `gone` */
  open(tenant: TenantId, importId: string): Promise<Readable>;
  /** Of an import that is over, or never was. May be repeated. */
  drop(tenant: TenantId, importId: string): Promise<void>;
  /** Removes what was sent for an import that nobody has written down. */
  dropUnclaimed(tenant: TenantId, importId: string): Promise<void>;
}

export function createImportedFiles({
  sql,
  blobs,
  clock,
}: Pick<Platform, 'sql' | 'blobs' | 'clock'>): ImportedFiles {
  const drop = (tenant: TenantId, importId: string): Promise<void> => blobs.delete(tenant, BUCKET, importId);

  return {
    async keep(tenant, importId, file) {
      const until = clock.now().getTime() + OPEN_SECONDS * 1_000;
      await sql.transaction(tenant, (tx) =>
        tx.enqueue({
          name: DROP_TASK,
          payload: { importId },
          key: importId,
          runAt: new Date(until + GRACE_SECONDS * 1_000),
        }),
      );
      const hash = createHash('sha256');
      const passing = async function* (): AsyncGenerator<Buffer> {
        for await (const chunk of file as AsyncIterable<Buffer>) {
          if (clock.now().getTime() > until) throw tooSlow();
          hash.update(chunk);
          yield chunk;
        }
      };
      await blobs.put(
        tenant,
        BUCKET,
        importId,
        Readable.from(passing(), { objectMode: false }),
        'application/octet-stream',
      );
      return hash.digest('hex');
    },
    async open(tenant, importId) {
      const blob = await blobs.get(tenant, BUCKET, importId);
      if (blob === undefined)
        throw new ShopError('gone', 'The file that was sent is no longer there.', {
          remedy: 'Send it again.',
        });
      return blob.body;
    },
    drop,
    async dropUnclaimed(tenant, importId) {
      const { rowCount } = await sql.query(
        tenant,
        'SELECT 1 FROM catalog_imports WHERE tenant_id = $1 AND id = $2',
        [tenant, importId],
      );
      if (rowCount === 0) await drop(tenant, importId);
    },
  };
}

function tooSlow(): ShopError {
  return new ShopError('timeout', `The file did not come within ${OPEN_SECONDS / 60} minutes.`, {
    remedy: 'Put it where it can be fetched, and name its source.',
  });
}
