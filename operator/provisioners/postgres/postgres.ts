/**
 * The PostgreSQL provisioner: observe → plan → apply, for the pool's schema and for dedicated ones.
 * Several operators may call it at once: whoever changes anything holds the database's advisory lock and looks again first.
 */
import { run } from './action.ts';
import type { Action } from './action.ts';
import type { CitusOptions } from './citus.ts';
import { exclusively } from './database.ts';
import type { Database, Session } from './database.ts';
import { DIRECTORY_SCHEMA, OWNER } from './desired.ts';
import type { Catalogue, DesiredSchema } from './desired.ts';
import { observe } from './observe.ts';
import { planSchema, planServer, planStructure } from './plan.ts';
import type { Login } from '../system.ts';

export interface Postgres {
  /** What `ensure` would do. Reads only. */
  plan(desired: DesiredSchema, logins?: readonly Login[]): Promise<readonly Action[]>;
  /**
   * Makes the schema what it shall be; safe to repeat, safe to be killed in.
   * @param logins of the role: these are valid, and no others; absent: left as they are
   * @returns what was done, in words; empty at steady state
   */
  ensure(desired: DesiredSchema, logins?: readonly Login[]): Promise<readonly string[]>;
}

/** Plans are looked at again after they ran; one that never empties is a fault, not a reason to loop. */
const PASSES = 4;

/** @param citus what the cluster shall be, where the server has Citus */
export function createPostgres(database: Database, catalogue: Catalogue, citus?: CitusOptions): Postgres {
  const planWith = async (
    session: Session,
    desired: DesiredSchema,
    logins?: readonly Login[],
  ): Promise<readonly Action[]> => {
    const observed = await observe(session, [DIRECTORY_SCHEMA, desired.schema], [OWNER, desired.role]);
    return [
      ...planServer(catalogue.directory, observed, citus),
      ...planSchema(desired, observed, logins, citus),
    ];
  };
  return {
    plan: (desired, logins) => planWith(database, desired, logins),
    async ensure(desired, logins) {
      if ((await planWith(database, desired, logins)).length === 0) return [];
      return exclusively(database, async (session) => {
        const done: string[] = [];
        for (let pass = 0; pass < PASSES; pass++) {
          const actions = await planWith(session, desired, logins);
          if (actions.length === 0) break;
          if (pass === PASSES - 1)
            throw new Error(`schema ${desired.schema} does not settle: ${summary(actions)}`);
          await run(session, actions);
          done.push(...actions.map(({ describe }) => describe));
        }
        return done;
      });
    },
  };
}

/**
 * Makes the schema with its tables, policies and grants, and leaves the role as it is: for a schema beside the one that the role works in.
 * Whoever calls it is alone in that schema.
 */
export async function ensureStructure(session: Session, desired: DesiredSchema): Promise<void> {
  for (let pass = 0; pass < PASSES; pass++) {
    const observed = await observe(session, [DIRECTORY_SCHEMA, desired.schema], [OWNER, desired.role]);
    const actions = planStructure(desired, observed);
    if (actions.length === 0) return;
    await run(session, actions);
  }
  throw new Error(`schema ${desired.schema} does not settle`);
}

function summary(actions: readonly Action[]): string {
  return actions.map(({ describe }) => describe).join('; ');
}
