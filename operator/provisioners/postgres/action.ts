/**
 * A step of a plan: it can be printed, run, and run again without harm.
 */
import type { Session, Statement } from './database.ts';

export interface Action {
  /** What is done, as a person would say it; never holds a secret. */
  readonly describe: string;
  readonly statements: readonly Statement[];
  /** True: all statements in one transaction. */
  readonly atomic: boolean;
}

/** Runs actions in order. The error of a failing one names it. */
export async function run(session: Session, actions: readonly Action[]): Promise<void> {
  for (const action of actions) {
    try {
      if (action.atomic) await session.query('begin');
      for (const { text, values } of action.statements) await session.query(text, values);
      if (action.atomic) await session.query('commit');
    } catch (error) {
      if (action.atomic) await session.query('rollback').catch(() => undefined);
      throw Object.assign(new ActionError(action.describe, error), codeOf(error));
    }
  }
}

/** Which action failed; `code` is PostgreSQL's SQLSTATE when there is one. */
export class ActionError extends Error {
  constructor(action: string, cause: unknown) {
    super(`${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'ActionError';
  }
}

function codeOf(error: unknown): { code?: unknown } {
  return error instanceof Error && 'code' in error ? { code: error.code } : {};
}
