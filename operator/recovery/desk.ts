/**
 * Where the operator asks for operations and sees how far they came: the work itself is done by Jobs. Every method is idempotent.
 */
import { openDatabase } from '../provisioners/postgres/database.ts';
import { ARCHIVER_SLOT, ensureArchiver, retireArchiver } from './archive/login.ts';
import type { ArchiverAccess } from './archive/login.ts';
import { readArchive } from './archive/verdict.ts';
import type { ArchiveState } from './archive/verdict.ts';
import { abortCluster } from './cluster/restore.ts';
import { BusyError, createOperations } from './operations.ts';
import type { Kind, Operation } from './operations.ts';
import { forgetErased } from './subjects/memory.ts';
import { abortRestore, swapIn, TooLateError } from './tenant/restore.ts';

export interface Wish {
  readonly id: string;
  readonly kind: Kind;
  readonly tenant?: string;
  readonly arguments: Readonly<Record<string, string>>;
}

export interface Desk {
  /** `undefined`: it was never begun. */
  find(id: string): Promise<Operation | undefined>;
  /** Begins it; where another one has the tenant, it has failed and says why. */
  begin(wish: Wish): Promise<Operation>;
  /** It was asked for, and cannot be: it has failed. */
  refuse(wish: Wish, why: string): Promise<Operation>;
  /** Rows that lie beside may be put in place. What has ended stays as it is. */
  swap(id: string): Promise<Operation>;
  /** Calls it off: a tenant that was frozen for it is open again. What has ended, and what is past that, stays as it is. */
  abort(id: string, why: string): Promise<Operation>;
  /** Of operations that somebody else's Job does. */
  succeed(id: string, message: string): Promise<Operation>;
  lastDrill(): Promise<Operation | undefined>;
  archive(): Promise<ArchiveState | undefined>;
  /** The archiver's login, and the limit on what the server keeps for it. @returns what was done, in words */
  ensureArchiver(access: ArchiverAccess): Promise<readonly string[]>;
  /** Undoes that, where there is no archive any more. @returns false while the archiver is still there: ask again */
  retireArchiver(): Promise<boolean>;
  /** Backups of before are gone: nobody needs to remember who was erased by then. */
  forgetErased(before: Date): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param url superuser's
 * @param mayAct asked before every statement; throws when this process may not change anything any more
 */
export async function openDesk(url: string, mayAct?: () => void): Promise<Desk> {
  const database = await openDatabase(url, { max: 2, ...(mayAct === undefined ? {} : { mayAct }) });
  const operations = createOperations(database);
  return {
    find: (id) => operations.find(id),
    async begin(wish) {
      try {
        return await operations.begin(wish);
      } catch (error) {
        if (error instanceof BusyError) return operations.refuse(wish, `${error.message}: ${error.remedy}`);
        throw error;
      }
    },
    refuse: (wish, why) => operations.refuse(wish, why),
    async swap(id) {
      await swapIn(database, id).catch(ignoreTooLate);
      return operations.get(id);
    },
    async abort(id, why) {
      const operation = await operations.get(id);
      if (operation.kind !== 'restore') {
        await operations.end(id, 'Failed', why);
        return operations.get(id);
      }
      try {
        const abort = operation.tenant === null ? abortCluster : abortRestore;
        return await abort(operation, { database, operations }, why);
      } catch (error) {
        ignoreTooLate(error);
        return operations.get(id);
      }
    },
    async succeed(id, message) {
      await operations.end(id, 'Succeeded', message);
      return operations.get(id);
    },
    async lastDrill() {
      const drills = await operations.list({ kinds: ['drill'], limit: 10 });
      return drills.find(({ state }) => state !== 'Running');
    },
    archive: () => readArchive(database),
    ensureArchiver: (access) => ensureArchiver(database, access),
    retireArchiver: () => retireArchiver(database, ARCHIVER_SLOT),
    forgetErased: (before) => forgetErased(database, before),
    close: () => database.close(),
  };
}

function ignoreTooLate(error: unknown): void {
  if (!(error instanceof TooLateError)) throw error;
}
