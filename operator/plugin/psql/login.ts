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

/** Settings of the session: whose rows, which schema, and whether anything may change. */
export function sessionSettings({ tenant, schema, write }: Login): Readonly<Record<string, string>> {
  return {
    'app.tenant': tenant,
    search_path: `${schema},public`,
    default_transaction_read_only: write ? 'off' : 'on',
  };
}
