/**
 * Waits until everything committed by a moment is in the archive.
 */
import { setTimeout } from 'node:timers/promises';
import type { Session } from '../../provisioners/postgres/database.ts';
import { readArchive } from '../archive/verdict.ts';
import { RecoveryFailedError } from '../beside/server.ts';

const POLL_MS = 250;

/** @throws RecoveryFailedError when nobody archives, when the moment is yet to come, or when it takes longer than `withinMs` */
export async function reached(
  session: Session,
  moment: Date,
  options: { readonly withinMs: number; readonly tell: (what: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const { withinMs, tell, signal } = options;
  const late = performance.now() + withinMs;
  for (let isTold = false; ; isTold = true) {
    const state = await readArchive(session);
    if (state !== undefined && moment > state.now)
      throw new RecoveryFailedError(
        `${moment.toISOString()} is yet to come`,
        'ask for a moment that has passed',
      );
    const through = state?.through ?? undefined;
    if (through !== undefined && through >= moment) return;
    if (performance.now() > late)
      throw new RecoveryFailedError(
        `the archive ends at ${through?.toISOString() ?? 'no moment yet'}: ${state?.problem ?? 'nothing is said of why'}`,
        'ask for a moment before that, or see what keeps the archiver: kubectl logs deploy/archiver -n shopmind-system',
      );
    if (!isTold) tell(`waits for the archive to reach ${moment.toISOString()}`);
    await setTimeout(POLL_MS, undefined, { signal });
  }
}
