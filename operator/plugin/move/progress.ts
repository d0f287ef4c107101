/**
 * How far a move came, and whether it has ended, from the tenant's status. Pure.
 */
import type { Placement, TenantStatus } from '../../../crds/index.ts';

type MoveStatus = NonNullable<TenantStatus['move']>;

/** `Copying: 1,200 rows`; at the end how long the shop took no changes. */
export function moveText({ from, to, phase, message = '', rows, frozenMilliseconds }: MoveStatus): string {
  const facts = [
    ...(rows === undefined ? [] : [`${rows.toLocaleString('en')} rows`]),
    ...(frozenMilliseconds === undefined ? [] : [`no changes for ${frozenMilliseconds} ms`]),
  ];
  return `${from} → ${to}  ${phase}${message === '' ? '' : `: ${message}`}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

/**
 * @param before the move the status spoke of when the wish was written: an old one's end is none of this one
 */
export function outcomeOf(
  now: MoveStatus | undefined,
  to: Placement,
  before: MoveStatus | undefined,
): 'waiting' | 'done' | 'calledOff' {
  if (now === undefined || now.endedAt === undefined) return 'waiting';
  if (before?.endedAt !== undefined && now.startedAt === before.startedAt) return 'waiting';
  if (now.phase === 'Done') return now.to === to ? 'done' : 'waiting';
  // Called off: which is what was asked for when the tenant shall be where it came from.
  return now.from === to ? 'done' : 'calledOff';
}
