/**
 * Sorts what can go wrong outside Kubernetes: what passes by itself, and what needs a person.
 * The words are stable, so that a condition does not change with every retry.
 */
import { BlobStoreError } from '../provisioners/blobs.ts';
import { ProcessorError } from '../provisioners/payments.ts';
import { ActionError } from '../provisioners/postgres/action.ts';
import { isTransient, LockHeldError } from '../provisioners/postgres/database.ts';
import { MisplacedError } from '../provisioners/postgres/directory.ts';
import {
  RowsDifferError,
  SourceChangedError,
  TargetNotEmptyError,
} from '../provisioners/postgres/move/moves.ts';
import { SchemasDifferError } from '../provisioners/postgres/tables.ts';
import { SystemError } from '../provisioners/system.ts';
import { ChangedMigrationError } from '../provisioners/postgres/plan.ts';
import { PlatformConfigError } from '../resources/platform.ts';
import { ForeignObjectError } from './objects.ts';
import { ImmovableError } from './tenant/move.ts';

export interface Trouble {
  /** True: wait and try again. False: somebody has to change something. */
  readonly passes: boolean;
  readonly reason: string;
  readonly message: string;
  /** Which system of the data plane is waited for; absent: the database or the processor. */
  readonly system?: string;
}

/** `undefined` for errors that are not known here: they are thrown on, logged and retried. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof ProcessorError) {
    return error.transient
      ? { passes: true, reason: 'PaymentsUnavailable', message: 'waits for the payment processor to answer' }
      : { passes: false, reason: 'PaymentsRefused', message: error.message };
  }
  if (error instanceof SystemError) return ofSystem(error);
  if (error instanceof LockHeldError)
    return { ...stuck('DatabaseBusy', error.message, error.remedy), passes: true };
  if (error instanceof PlatformConfigError)
    return stuck('PlatformNotConfigured', error.message, error.remedy);
  if (error instanceof ChangedMigrationError) return stuck('MigrationChanged', error.message, error.remedy);
  if (error instanceof MisplacedError) return stuck('Misplaced', error.message, error.remedy);
  if (error instanceof TargetNotEmptyError) return stuck('TargetNotEmpty', error.message, error.remedy);
  if (error instanceof ImmovableError) return stuck('Immovable', error.message, error.remedy);
  if (error instanceof SchemasDifferError) return stuck('SchemasDiffer', error.message, error.remedy);
  if (error instanceof RowsDifferError) return stuck('RowsDiffer', error.message, error.remedy);
  if (error instanceof SourceChangedError) return stuck('SourceChanged', error.message, error.remedy);
  if (error instanceof BlobStoreError) return stuck('BlobStore', error.message, error.remedy);
  if (error instanceof ForeignObjectError)
    return { passes: false, reason: 'NotOurs', message: error.message };
  if (isDatabaseError(error)) {
    return isTransient(error)
      ? { passes: true, reason: 'DatabaseUnavailable', message: 'waits for the database to answer' }
      : { passes: false, reason: 'ProvisioningFailed', message: error.message };
  }
  return undefined;
}

/** Which system, what it was asked for, what to do: stable words, so that waiting writes nothing twice. */
function ofSystem({ system, action, remedy, transient, message }: SystemError): Trouble {
  const name = `${system[0]?.toUpperCase()}${system.slice(1)}`;
  return transient
    ? {
        passes: true,
        reason: `${name}Unavailable`,
        message: `waits for ${system}: ${action}: ${remedy}`,
        system,
      }
    : { ...stuck(`${name}Refused`, message, remedy), system };
}

function stuck(reason: string, message: string, remedy: string): Trouble {
  return { passes: false, reason, message: `${message}: ${remedy}` };
}

/** Errors of `pg` carry an SQLSTATE or a system error code; KubeErrors carry a number. */
function isDatabaseError(error: unknown): error is Error {
  if (error instanceof ActionError) return true;
  return error instanceof Error && ('code' in error ? typeof error.code === 'string' : isTransient(error));
}
