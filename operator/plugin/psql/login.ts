/**
 * Who speaks to the database, and how the session is set: whose rows, which schema, whether anything may change.
 */

/** How to log in and as whom to be treated. */
export interface Login {
  readonly tenant: string;
  readonly schema: string;
  /** Where to connect: the way's own address. */
  readonly url: URL;
  readonly write: boolean;
}

/**
 * Longer than a runtime's statement may take, for a person counts and looks; but bounded, for what is forgotten in an open terminal
 * holds locks, and keeps old rows from being cleaned up.
 */
const PATIENCE = '10min';

/** Settings of the session: whose rows, which schema, whether anything may change, and for how long. */
export function sessionSettings({ tenant, schema, write }: Login): Readonly<Record<string, string>> {
  return {
    'app.tenant': tenant,
    search_path: `${schema},public`,
    default_transaction_read_only: write ? 'off' : 'on',
    statement_timeout: PATIENCE,
    idle_in_transaction_session_timeout: PATIENCE,
  };
}
