/**
 * How far a failover has come, kept outside the database: before the promotion there may be none that can be written. Each step is
 * written down once it is done, so whoever is killed is gone on with; steps are such that doing one again changes nothing.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** In their order. `Promoting`: from here on there is no way back. */
export const STEPS = [
  'Begun',
  'Checked',
  'Closed',
  'Promoting',
  'Promoted',
  'Switched',
  'Arrived',
  'Warmed',
  'Notified',
] as const;
export type Step = (typeof STEPS)[number];

const Facts = z.object({
  /** Identifier of the cluster both servers are of. */
  system: z.string().optional(),
  /** The history it was on before. */
  timeline: z.int().optional(),
  /** Whether the primary waited for this standby at each commit; absent: it could not be asked. */
  synchronous: z.boolean().optional(),
  /** Of the last transaction that the standby had when it was looked at. */
  lastTransactionAt: z.string().optional(),
  /** Bytes of log that it lacked then; absent: nobody could tell. */
  lagBytes: z.int().optional(),
  /** `closed`: the former primary lets nobody in. `unreachable`: nothing could be done to it yet. */
  fence: z.enum(['closed', 'unreachable']).optional(),
  /** End of the former primary's log, once nobody wrote it any more. */
  end: z.string().optional(),
  /** Where the standby's own history begins. */
  switchedAt: z.string().optional(),
  /** What the former primary has of log that the new one has not; absent: it was not seen again yet. */
  lostBytes: z.int().optional(),
  /** The new primary had been told to wait for standbys of its own that there are none of; it was told not to. */
  waitsForNobody: z.boolean().optional(),
  warmed: z.int().optional(),
  cold: z.int().optional(),
});
export type Facts = z.infer<typeof Facts>;

export const Record = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  state: z.enum(['Running', 'Succeeded', 'CalledOff']),
  step: z.enum(STEPS),
  startedAt: z.string(),
  /** When each step was done. */
  doneAt: z.partialRecord(z.enum(STEPS), z.string()),
  facts: Facts,
});
export type Record = z.infer<typeof Record>;

export interface Journal {
  /** The last failover; absent: there never was one. */
  read(): Promise<Record | undefined>;
  /** Durable when it resolves. @throws FailoverLostError when it is not as we read or wrote it last */
  write(record: Record): Promise<void>;
}

/** Somebody else goes on with it. */
export class FailoverLostError extends Error {
  readonly remedy =
    'look how far it is (failover --status), and repeat the command if nobody goes on with it';
  constructor(what: string) {
    super(`the failover went on without us: ${what}`);
    this.name = 'FailoverLostError';
  }
}

export function begun(from: string, to: string, now: Date): Record {
  const at = now.toISOString();
  return {
    id: `failover-${randomBytes(5).toString('hex')}`,
    from,
    to,
    state: 'Running',
    step: 'Begun',
    startedAt: at,
    doneAt: { Begun: at },
    facts: {},
  };
}

export function isBefore(step: Step, other: Step): boolean {
  return STEPS.indexOf(step) < STEPS.indexOf(other);
}
