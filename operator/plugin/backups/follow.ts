/**
 * Follows an operation by the status of whom it was asked of, to its end. Ctrl-C stops the following, not the operation.
 */
import type { OperationRequest, OperationStatus } from '../../../crds/index.ts';
import type { ServiceObject, TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isAborted } from '../../kube/errors.ts';
import type { ResourceType } from '../../kube/types.ts';
import type { Cli } from '../cli.ts';
import { watchUntil } from '../cluster/watch.ts';
import { EXIT, Interrupted } from '../failure.ts';
import { show, type Format } from '../output.ts';
import { span } from '../terminal/time.ts';

export interface Asked<T extends TenantObject | ServiceObject> {
  readonly type: ResourceType<T>;
  readonly object: T;
  readonly request: OperationRequest;
}

/** @returns the exit code */
export async function follow<T extends TenantObject | ServiceObject>(
  cli: Cli,
  client: Client,
  { type, object, request }: Asked<T>,
  { timeout, format }: { readonly timeout: number; readonly format: Format },
): Promise<number> {
  const late = AbortSignal.timeout(timeout);
  const { name, namespace } = object.metadata;
  let now: OperationStatus | undefined;
  let said = '';
  try {
    await watchUntil<T>(
      client,
      type,
      AbortSignal.any([late, cli.interrupted()]),
      { fieldSelector: `metadata.name=${name}`, ...(namespace === undefined ? {} : { namespace }) },
      ([found]) => {
        const told = found?.status?.operation;
        now = told?.id === request.id ? told : undefined;
        const text = now === undefined ? 'waits for the operator' : lineOf(now);
        if (text !== said) cli.note(cli.notes.dim(text));
        said = text;
        return now !== undefined && hasEnded(now, request);
      },
    );
  } catch (error) {
    if (!isAborted(error)) throw error;
    if (!late.aborted) {
      cli.note(`${request.id} goes on without being watched`);
      throw new Interrupted();
    }
    cli.stderr.write(`error: after ${span(timeout)} ${request.id} is at: ${said}\n`);
    return EXIT.timeout;
  }
  // Assigned by the watch, which the compiler does not follow.
  const end = now as OperationStatus | undefined;
  if (end === undefined) return EXIT.failure;
  await show(cli, format, end, () => lineOf(end));
  if (end.state === 'Beside') {
    const look = namespace === undefined ? `${cli.self} psql ${name}, then ` : '';
    const words = namespace === undefined ? name : '--all';
    cli.note(cli.notes.dim(`→ ${look}${cli.self} restore ${words} --swap, or --abort`));
  }
  return end.state === 'Failed' && request.verb !== 'abort' ? EXIT.failure : 0;
}

/** Pure. Rows that lie beside are where `restore --beside` ends, and where `swap` begins. */
export function hasEnded({ state }: OperationStatus, { verb }: OperationRequest): boolean {
  return state === 'Beside' ? verb === 'restore' : state !== 'Running';
}

/** Pure. `restore-0a1b… Succeeded: the rows are as they were, and the shop is open (no changes for 40 ms)`. */
export function lineOf({ id, state, message, frozenMilliseconds }: OperationStatus): string {
  const frozen = frozenMilliseconds === undefined ? '' : ` (no changes for ${frozenMilliseconds} ms)`;
  return `${id} ${state}${message === undefined ? '' : `: ${message}`}${frozen}`;
}
