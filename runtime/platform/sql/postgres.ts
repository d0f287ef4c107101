/**
 * The sql port on PostgreSQL (and Citus): every statement runs as one tenant under row-level security, in one round trip.
 *
 * Each query or transaction opens with BEGIN and SET LOCAL app.tenant in the same write as its first statement, so that
 * nothing outlives the transaction: safe behind PgBouncer in transaction mode, which knows prepared statements since 1.21 (with
 * `max_prepared_statements`); behind an older one nothing is prepared. LISTEN has a direct connection.
 * SET LOCAL, not set_config: Citus carries only the former to its workers. Statements name their tenant in WHERE as well,
 * because Citus routes by a constant, not by the policy.
 *
 * A transaction that may write asks `platform.enter` in the same write: where the tenant's rows are frozen or live elsewhere,
 * the server lets it read and refuses the first change (25006), so nothing is committed into rows that are being moved away.
 * What only reads does not ask; it is begun READ ONLY, so that this is no matter of trust.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier, type ClientConfig } from 'pg';
import { ShopError } from '../errors.ts';
import { rowsOf, written, type WrittenEvent } from '../events/outbox.ts';
import type {
  Clock,
  NewId,
  NewTask,
  ReadOptions,
  Sql,
  SqlResult,
  SqlValue,
  TenantId,
  Transaction,
} from '../ports.ts';
import { checkedTenantId } from '../tenant-id.ts';
import { isConnectionLoss, isRetryable, isStalePlan, toShopError } from './failures.ts';
import { createLender } from './lender.ts';
import { createReplica, PRIMARY_POSITION, type ReplicaReport } from './replica.ts';
import { createSharing } from './sharing.ts';
import { createTogether, type Part } from './together.ts';
import { PipelineFailure, streamOf, type Statement, type WireResult } from './wire.ts';

export interface PostgresOptions {
  readonly connectionString: string;
  /** A streaming standby, for reads that may be a little old. */
  readonly replicaConnectionString?: string;
  /**
   * A pooler in transaction mode before the same database, which then takes all statements. What a session is told at its start is
   * the login's own settings there, for a pooler shares sessions. With `?prepared=false` it cannot keep prepared statements.
   */
  readonly poolerConnectionString?: string;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Connections in the pool. Default 10. */
  readonly connections?: number;
  /** The server ends a statement after this long. Default 10 s. */
  readonly statementTimeoutMilliseconds?: number;
  /** Waiting for a free or new connection, a restarting server included. Default 5 s. */
  readonly connectTimeoutMilliseconds?: number;
  /** How often the connection that listens is asked whether it still stands. Default 10 s. */
  readonly pulseMilliseconds?: number;
  readonly applicationName?: string;
}

/** What a committed transaction left behind for the background workers. */
export interface Committed {
  readonly tenant: TenantId;
  readonly events: boolean;
  readonly tasks: readonly NewTask[];
}

/** A transaction of the workers' own. */
export interface WorkerTransaction extends Transaction {
  /** Runs all statements in one round trip. */
  batch(statements: readonly Statement[]): Promise<WireResult[]>;
}

/** The port, and what the event log and the task queue, which live in the same database, need beyond it. */
export interface PostgresSql extends Sql {
  transaction<T>(tenant: TenantId, work: (tx: WorkerTransaction) => Promise<T>): Promise<T>;
  /** Runs all statements in one transaction and one round trip. */
  batch(tenant: TenantId, statements: readonly Statement[]): Promise<WireResult[]>;
  /** As `batch`, in one transaction with what is asked for other tenants at about the same time. Background workers only. */
  together(tenant: TenantId, statements: readonly Statement[]): Promise<WireResult[]>;
  /** Reads across tenants, only from tables whose definition says `sweep`. Background workers only. */
  sweep<Row = Record<string, unknown>>(text: string, values?: readonly SqlValue[]): Promise<SqlResult<Row>>;
  /** Reads tables of schema `platform`, which have no tenant. */
  directory<Row = Record<string, unknown>>(
    text: string,
    values?: readonly SqlValue[],
  ): Promise<SqlResult<Row>>;
  /** How reads that may be a little old fared; `undefined` without a replica. */
  replication(): ReplicaReport | undefined;
  /** Called after each commit that emitted or enqueued. */
  onCommit(listener: (committed: Committed) => void): void;
  /** Tells every process that listens, in one way to the server. Best effort; of payloads that are the same one; each of at most 7,900 bytes. */
  notify(channel: string, ...payloads: readonly string[]): Promise<void>;
  /** Hears notifications, reconnecting by itself; `onReconnect` is called when some may have been missed. */
  listen(channel: string, heard: (payload: string) => void, onReconnect?: () => void): Promise<void>;
}

/** Opens nothing until it is used. */
export function createPostgres(options: PostgresOptions): PostgresSql {
  const statementTimeout = options.statementTimeoutMilliseconds ?? 10_000;
  const connectTimeout = options.connectTimeoutMilliseconds ?? 5_000;
  const connection: ClientConfig = {
    connectionString: options.connectionString,
    statement_timeout: statementTimeout,
    idle_in_transaction_session_timeout: statementTimeout * 2,
    application_name: options.applicationName ?? 'shopmind',
    keepAlive: true,
  };
  const pooler =
    options.poolerConnectionString === undefined ? undefined : poolerIn(options.poolerConnectionString);
  const lender = createLender(
    pooler === undefined
      ? connection
      : {
          connectionString: pooler.connectionString,
          application_name: options.applicationName ?? 'shopmind',
          keepAlive: true,
        },
    {
      connections: options.connections ?? 10,
      connectTimeoutMilliseconds: connectTimeout,
      answerMilliseconds: statementTimeout + 5_000,
      prepares: pooler?.prepares ?? true,
    },
  );
  const { send, withWire } = lender;
  const replica =
    options.replicaConnectionString === undefined
      ? undefined
      : createReplica({
          lender: createLender(
            { ...connection, connectionString: options.replicaConnectionString },
            {
              connections: options.connections ?? 10,
              // The primary is asked instead.
              connectTimeoutMilliseconds: 500,
              answerMilliseconds: statementTimeout + 5_000,
            },
          ),
          askPrimary: async () => {
            const [result] = await attempt(NO_TENANT, [{ text: PRIMARY_POSITION }]);
            return String(result?.rows[0]?.['position']);
          },
        });
  const listeners: ((committed: Committed) => void)[] = [];
  const together = createTogether({
    all: attemptTogether,
    alone: ({ tenant, statements }) => attempt(tenant, statements),
    isSomebodys: (error) => !isConnectionLoss(error),
    ...TOGETHER,
  });
  const sharing = {
    run: attemptAll,
    isSomebodys: (error: unknown) => !isConnectionLoss(error),
    atOnce: Math.max(1, Math.floor((options.connections ?? 10) * SHARED)),
    ...SHARING,
  };
  /** Reads apart, so that none waits for the disk. */
  const reading = createSharing({ ...sharing, mixes: true });
  const writing = createSharing({ ...sharing, mixes: false });
  const ear = createEar(connection, options.pulseMilliseconds ?? 10_000);

  /** The setting holds until the next one: each part is its tenant's, and so is the question whether it may write. */
  async function once(parts: readonly Part[], begun?: () => void): Promise<WireResult[][]> {
    const reads = parts.every(({ statements }) => statements.every(onlyReads));
    const statements = [reads ? BEGIN_READ_ONLY : BEGIN];
    let entered: TenantId | undefined;
    const ends = parts.map(({ tenant, statements: own }) => {
      const opening = tenant === entered ? [] : reads ? readingOf(tenant) : enteringOf(tenant);
      entered = tenant;
      return statements.push(...opening, ...own);
    });
    const results = await withWire((wire) => {
      begun?.();
      return send(wire, [...statements, COMMIT]);
    });
    return parts.map((part, index) =>
      results.slice((ends[index] ?? 0) - part.statements.length, ends[index]),
    );
  }

  async function attemptTogether(parts: readonly Part[]): Promise<readonly WireResult[][]> {
    try {
      return await once(parts);
    } catch (error) {
      throw toShopError(error instanceof PipelineFailure ? error.cause : error);
    }
  }

  /** Once more where the first time cannot have had an effect. */
  async function attemptAll(parts: readonly Part[], begun?: () => void): Promise<readonly WireResult[][]> {
    try {
      return await once(parts, begun);
    } catch (error) {
      const cause = error instanceof PipelineFailure ? error.cause : error;
      const onlyRead = parts.every(({ statements }) => statements.every(onlyReads));
      const harmless = isStalePlan(cause) || (isConnectionLoss(cause) && onlyRead);
      if (!harmless) throw toShopError(cause);
    }
    try {
      return await once(parts, begun);
    } catch (error) {
      throw toShopError(error instanceof PipelineFailure ? error.cause : error);
    }
  }

  async function attempt(tenant: string, statements: readonly Statement[]): Promise<WireResult[]> {
    const [results = []] = await attemptAll([{ tenant, statements }]);
    return results;
  }

  function share(tenant: TenantId, statements: readonly Statement[]): Promise<WireResult[]> {
    return (statements.every(onlyReads) ? reading : writing).ask({ tenant, statements });
  }

  async function single<Row>(
    setting: string,
    text: string,
    values: readonly SqlValue[],
  ): Promise<SqlResult<Row>> {
    const [result] = await attempt(setting, [{ text, values }]);
    if (!result) throw new Error('The server answered fewer results than statements.');
    return result as unknown as SqlResult<Row>; // the caller names the row's type, as with every SQL client
  }

  /** One try. `committing` tells whether COMMIT had been sent, after which nobody knows whether it happened. */
  async function tryTransaction<T>(
    tenant: TenantId,
    work: (tx: WorkerTransaction) => Promise<T>,
    progress: { committing: boolean },
  ): Promise<T> {
    const events: WrittenEvent[] = [];
    const tasks: NewTask[] = [];
    const value = await withWire(async (wire) => {
      let begun = false;
      const opening = () => {
        if (begun) return [];
        begun = true;
        return openingOf(tenant);
      };
      const gather = createGathering((statements) => send(wire, [...opening(), ...statements]));
      const atEnd: Statement[] = [];
      const tx: WorkerTransaction = {
        async query<Row>(text: string, values: readonly SqlValue[] = []) {
          return (await gather({ text, values })) as unknown as SqlResult<Row>; // as in `single`
        },
        batch: (statements) => Promise.all(statements.map(gather)),
        atEnd(text, values = []) {
          atEnd.push({ text, values });
        },
        emit(...more) {
          events.push(...more.map(written));
          return Promise.resolve();
        },
        enqueue(...more) {
          tasks.push(...more);
          return Promise.resolve();
        },
      };
      const result = await work(tx);
      const closing = [
        ...atEnd,
        ...outboxInserts(tenant, events, options),
        ...taskInserts(tenant, tasks, options),
      ];
      if (!begun && closing.length === 0) return result;
      const statements = [...opening(), ...closing, COMMIT];
      progress.committing = true;
      const results = await send(wire, statements);
      if (results.at(-1)?.command !== 'COMMIT') {
        throw new ShopError('internal', 'A statement of the transaction had failed, so it was rolled back.', {
          remedy: 'Let the error of a failed statement pass: a transaction cannot go on after it.',
        });
      }
      return result;
    });
    if (events.length > 0 || tasks.length > 0) {
      for (const listener of listeners) listener({ tenant, events: events.length > 0, tasks });
    }
    return value;
  }

  return {
    async query<Row>(
      tenant: TenantId,
      text: string,
      values: readonly SqlValue[] = [],
      { stalenessMilliseconds }: ReadOptions = {},
    ) {
      checkedTenantId(tenant);
      const statement = { text, values };
      if (replica !== undefined && stalenessMilliseconds !== undefined && onlyReads(statement)) {
        const result = await replica.read(
          [BEGIN_READ_ONLY, settingOf(tenant)],
          statement,
          stalenessMilliseconds,
        );
        if (result !== undefined) return result as unknown as SqlResult<Row>; // as in `single`
      }
      const [result] = await share(tenant, [statement]);
      if (!result) throw new Error('The server answered fewer results than statements.');
      return result as unknown as SqlResult<Row>; // as in `single`
    },
    async queries(tenant, statements, { emit: events = [], alone = false } = {}) {
      const run = alone ? attempt : share;
      const results = await run(checkedTenantId(tenant), [
        ...statements,
        ...outboxInserts(tenant, events.map(written), options),
      ]);
      if (events.length > 0) for (const listener of listeners) listener({ tenant, events: true, tasks: [] });
      return results.slice(0, statements.length) as unknown as never; // as in `single`
    },
    sweep: (text, values = []) => single(EVERY_TENANT, text, values),
    directory: (text, values = []) => single(NO_TENANT, text, values),
    batch: async (tenant, statements) => attempt(checkedTenantId(tenant), statements),
    together: async (tenant, statements) => together.ask(checkedTenantId(tenant), statements),

    async transaction(tenant, work) {
      checkedTenantId(tenant);
      for (let tries = 1; ; tries++) {
        const progress = { committing: false };
        try {
          return await tryTransaction(tenant, work, progress);
        } catch (error) {
          const cause = error instanceof PipelineFailure ? error.cause : error;
          const again =
            isRetryable(cause) ||
            (!progress.committing && isDatabaseFailure(error) && isConnectionLoss(causeOf(cause)));
          if (!again || tries >= MOST_TRIES)
            throw error instanceof PipelineFailure ? toShopError(cause) : error;
          await sleep(2 ** tries * (2 + Math.random() * 4));
        }
      }
    },

    async ping() {
      await attempt(NO_TENANT, [{ text: 'SELECT 1' }]);
    },

    replication: () => replica?.report(),

    onCommit(listener) {
      listeners.push(listener);
    },

    async notify(channel, ...payloads) {
      try {
        await ear.send('SELECT pg_notify($1, payload) FROM json_array_elements_text($2) AS payload', [
          channel,
          JSON.stringify(payloads),
        ]);
      } catch (error) {
        throw toShopError(error);
      }
    },

    listen: (channel, heard, onReconnect) => ear.listen(channel, heard, onReconnect),

    async close() {
      await Promise.all([lender.close(), replica?.close(), ear.close()]);
    },
  };
}

const MOST_TRIES = 5;
/** Each part may read megabytes, and those of a transaction are read before any is answered. */
const TOGETHER = { most: 16, atOnce: 2, restMilliseconds: 10 };
/** Of the connections, each for reads and for writes, at most. The rest is for transactions. */
const SHARED = 0.3;
const SHARING = { most: 12, slowMilliseconds: 250, longMilliseconds: 50 };
const BEGIN: Statement = { text: 'BEGIN' };
const BEGIN_READ_ONLY: Statement = { text: 'BEGIN READ ONLY' };
const COMMIT: Statement = { text: 'COMMIT' };
/** The login's own setting is that they may not. */
const WHOLE_TABLES: Statement = { text: 'SET LOCAL enable_seqscan = on' };
/** The policy `sweep` allows reading under this name, which no tenant can have. */
const EVERY_TENANT = '*';
/** Sees no tenant's row. */
const NO_TENANT = '';

/** Gathers what is asked for in one turn and sends it in one write. The first that fails, fails all of them. */
function createGathering(
  send: (statements: readonly Statement[]) => Promise<WireResult[]>,
): (statement: Statement) => Promise<WireResult> {
  let open: { readonly statements: Statement[]; readonly answers: Promise<WireResult[]> } | undefined;
  return async (statement) => {
    if (open === undefined) {
      const statements: Statement[] = [];
      // Not until everybody has gone on who was woken by the same answer.
      const answers = new Promise<void>((resolve) => process.nextTick(resolve)).then(() => {
        open = undefined;
        return send(statements);
      });
      open = { statements, answers };
    }
    const { statements, answers } = open;
    const place = statements.push(statement) - 1;
    try {
      const result = (await answers).slice(-statements.length)[place];
      if (result === undefined) throw new Error('The server answered fewer results than statements.');
      return result;
    } catch (error) {
      throw transactionFailure(error);
    }
  };
}

/** The tenant's id has been checked: it holds nothing that SQL could misread. */
function settingOf(tenant: string): Statement {
  return { text: `SET LOCAL app.tenant = '${tenant}'`, once: true };
}

/** What makes a tenant's what is only read. All tenants' rows are most of a table: only there it may be read as a whole. */
function readingOf(tenant: string): Statement[] {
  return [settingOf(tenant), ...(tenant === EVERY_TENANT ? [WHOLE_TABLES] : [])];
}

/** How a transaction begins that may write. */
function openingOf(tenant: string): Statement[] {
  return [BEGIN, ...enteringOf(tenant)];
}

function enteringOf(tenant: string): Statement[] {
  return [settingOf(tenant), { text: 'SELECT platform.enter($1)', values: [tenant] }];
}

function onlyReads({ text }: Statement): boolean {
  if (LOCKS_OR_TELLS.test(text)) return false;
  return /^\s*select\b/i.test(text) || (/^\s*with\b/i.test(text) && !CHANGES.test(text));
}

const LOCKS_OR_TELLS = /\b(?:nextval|pg_notify|for\s+(?:no\s+key\s+)?(?:update|share)|for\s+key\s+share)\b/i;
/** A part of a `with` may write. */
const CHANGES = /\b(?:insert|update|delete|merge)\b/i;

/** Keeps the original below, so that the caller may look at the constraint and `transaction` at the SQLSTATE. */
function transactionFailure(error: unknown): ShopError {
  return toShopError(error instanceof PipelineFailure ? error.cause : error);
}

function isDatabaseFailure(error: unknown): boolean {
  return error instanceof PipelineFailure || (error instanceof ShopError && error.cause !== undefined);
}

function causeOf(error: unknown): unknown {
  return error instanceof ShopError ? error.cause : error;
}

/**
 * Rows for all events of a transaction, sent along with COMMIT. A statement each: a row is a page of text, which an array literal
 * would have to escape and the server to read once more.
 */
function outboxInserts(
  tenant: TenantId,
  events: readonly WrittenEvent[],
  { newId }: PostgresOptions,
): Statement[] {
  return rowsOf(events, newId).map((row) => ({
    text: 'INSERT INTO promised_events (tenant_id, id, topic, events, size) VALUES ($1, $2, $3, $4, $5)',
    values: [tenant, row.id, row.topic, row.events, row.size],
  }));
}

function taskInserts(
  tenant: TenantId,
  tasks: readonly NewTask[],
  { newId, clock }: PostgresOptions,
): Statement[] {
  if (tasks.length === 0) return [];
  const now = clock.now();
  return [
    {
      text: `INSERT INTO tasks (tenant_id, id, name, key, payload, run_at, trace, created_at, updated_at)
             SELECT $1, t.id, t.name, t.key, t.payload::jsonb, t.run_at, t.trace, $7, $7
             FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $8::text[]) AS t (id, name, key, payload, run_at, trace)
             ON CONFLICT (tenant_id, name, key) WHERE state = 'waiting' AND key IS NOT NULL DO NOTHING`,
      values: [
        tenant,
        tasks.map(() => newId('tsk')),
        tasks.map((task) => task.name),
        tasks.map((task) => task.key ?? null),
        tasks.map((task) => JSON.stringify(task.payload)),
        tasks.map((task) => task.runAt ?? now),
        now,
        tasks.map((task) => task.trace ?? null),
      ],
    },
  ];
}

/** Connecting, or one statement. */
const EAR_ANSWERS_MS = 5_000;

interface Ear {
  send(text: string, values: readonly string[]): Promise<void>;
  listen(channel: string, heard: (payload: string) => void, onReconnect?: () => void): Promise<void>;
  close(): Promise<void>;
}

/**
 * One plain connection for LISTEN and NOTIFY, opened on first use and again whenever it breaks. Nothing is sent on it while nothing
 * happens, so a server that is gone without a word (a machine that lost its power, a path that swallows) would not be missed for
 * hours: now and then it is asked, and given up when it does not answer.
 */
function createEar(connection: ClientConfig, pulseMilliseconds: number): Ear {
  const channels = new Map<
    string,
    { heard: (payload: string) => void; onReconnect: (() => void) | undefined }[]
  >();
  let client: Promise<Client> | undefined;
  let closed = false;
  let everConnected = false;
  let reopening = false;
  let turn: Promise<void> = Promise.resolve();

  function connected(): Promise<Client> {
    client ??= open().catch((error: unknown) => {
      client = undefined;
      throw error;
    });
    return client;
  }

  async function open(): Promise<Client> {
    const next = new Client({
      ...connection,
      connectionTimeoutMillis: EAR_ANSWERS_MS,
      query_timeout: EAR_ANSWERS_MS,
    });
    next.on('error', () => undefined);
    next.on('notification', ({ channel, payload = '' }) => {
      for (const { heard } of channels.get(channel) ?? []) heard(payload);
    });
    try {
      await next.connect();
      for (const channel of channels.keys()) await next.query(`LISTEN ${escapeIdentifier(channel)}`);
    } catch (error) {
      streamOf({ client: next }).destroy();
      throw error;
    }
    if (everConnected)
      for (const all of channels.values()) for (const { onReconnect } of all) onReconnect?.();
    everConnected = true;
    next.on('end', () => {
      client = undefined;
      if (channels.size > 0) void reopen();
    });
    return next;
  }

  async function feel(present: Client): Promise<void> {
    try {
      await present.query('SELECT');
    } catch {
      // Whatever it was: `end` follows, and another is opened.
      streamOf({ client: present }).destroy();
    }
  }

  const pulse = setInterval(() => {
    const open = client;
    if (open !== undefined) void inTurn(() => open.then(feel, () => undefined));
  }, pulseMilliseconds);
  pulse.unref();

  /** A connection takes one statement at a time. */
  function inTurn(statement: () => Promise<void>): Promise<void> {
    const mine = turn.then(statement);
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function reopen(): Promise<void> {
    if (reopening) return;
    reopening = true;
    for (let pause = 50; ; pause = Math.min(pause * 2, 2_000)) {
      try {
        if (!closed) await connected();
        reopening = false;
        return;
      } catch {
        // The server is still away: the sweeps of the workers bridge the gap, and the next try comes.
        await sleep(pause);
      }
    }
  }

  return {
    send: (text, values) =>
      inTurn(async () => {
        const open = await connected();
        await open.query(text, [...values]);
      }),
    async listen(channel, heard, onReconnect) {
      const known = channels.get(channel);
      if (known) {
        known.push({ heard, onReconnect });
        return;
      }
      channels.set(channel, [{ heard, onReconnect }]);
      try {
        await inTurn(async () => {
          const open = await connected();
          await open.query(`LISTEN ${escapeIdentifier(channel)}`);
        });
      } catch (error) {
        if (!isConnectionLoss(error)) throw toShopError(error);
        void reopen();
      }
    },
    async close() {
      closed = true;
      clearInterval(pulse);
      const open = client;
      if (!open) return;
      await open.then(
        (present) => present.end(),
        () => undefined,
      );
    },
  };
}

/** `?prepared=false` is for us; the rest is the address. */
function poolerIn(text: string): { readonly connectionString: string; readonly prepares: boolean } {
  const url = new URL(text);
  const prepares = url.searchParams.get('prepared') !== 'false';
  url.searchParams.delete('prepared');
  return { connectionString: url.href, prepares };
}
