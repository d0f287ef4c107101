/**
 * What a person may want of the delivery of a new revision, and the word the operator reads it in: `<verb>@<revision>` in an
 * annotation of the Service, so that a wish for one revision never acts on the next. Pure.
 */
import type { CanaryStatus } from '../../../crds/index.ts';
import { EXIT, Failure } from '../failure.ts';

export type Verb = 'promote' | 'abort' | 'hold' | 'unhold' | 'rollback' | 'retry';

interface Rule {
  /** The operator's word. */
  readonly word: string;
  /** Of the status: which revision is meant. */
  readonly revision: (status: CanaryStatus) => string | undefined;
  /** Said when there is none. */
  readonly missing: string;
  /** The operator has done it. */
  readonly done: (status: CanaryStatus, revision: string) => boolean;
}

export const VERBS: Readonly<Record<Verb, Rule>> = {
  promote: {
    word: 'promote',
    revision: ({ canary }) => canary,
    missing: 'no new revision is under way',
    done: ({ phase, stable }, revision) => phase === 'Idle' && stable === revision,
  },
  abort: {
    word: 'abort',
    revision: ({ canary }) => canary,
    missing: 'no new revision is under way',
    done: ({ phase, weight }) => phase === 'RolledBack' && weight === 0,
  },
  hold: {
    word: 'pause',
    revision: ({ canary }) => canary,
    missing: 'no new revision is under way',
    done: ({ phase }) => phase === 'Paused',
  },
  unhold: {
    word: 'resume',
    revision: ({ canary }) => canary,
    missing: 'no new revision is under way',
    done: ({ phase }) => phase !== 'Paused',
  },
  rollback: {
    word: 'rollback',
    revision: ({ stable, previous }) => (previous === undefined ? undefined : stable),
    missing: 'there is no revision before this one to go back to',
    done: ({ stable }, revision) => stable !== revision,
  },
  retry: {
    word: 'retry',
    revision: ({ refused }) => refused,
    missing: 'no revision was refused',
    done: ({ canary }, revision) => canary === revision,
  },
};

export interface Command {
  /** Value of the annotation. */
  readonly value: string;
  readonly revision: string;
}

/**
 * @param service name, for messages
 * @throws Failure when the status says that there is nothing to do it to
 */
export function commandOf(verb: Verb, service: string, status: CanaryStatus | undefined): Command {
  const { word, revision: revisionOf, missing } = VERBS[verb];
  if (status === undefined) {
    throw new Failure(`Service ${service} does not deliver by canary`, {
      exitCode: EXIT.badInput,
      remedy: 'Set spec.traffic.canary (of a tenant: spec.rollout), or let it roll: kubectl shopmind restart',
    });
  }
  const revision = revisionOf(status);
  if (revision === undefined) {
    throw new Failure(`${missing} (Service ${service}, ${status.phase})`, {
      exitCode: EXIT.badInput,
      remedy: status.message,
    });
  }
  const value = `${word}@${revision}`;
  // The operator acts once on each value: to say the same again, it must look different.
  const [said, mark = '1'] = (status.command ?? '').split('#');
  return { revision, value: said === value ? `${value}#${Number(mark) + 1}` : value };
}

/** `Progressing, 25 % of the requests (step 2 of 4): …` */
export function progressText({ phase, weight, step, steps, message }: CanaryStatus): string {
  const at = step === undefined ? '' : ` (step ${step} of ${steps ?? '?'})`;
  return `${phase}, ${weight} % of the requests${at}${message === '' ? '' : `: ${message}`}`;
}
