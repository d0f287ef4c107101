/**
 * Moves committed rows of the outbox to Kafka. Of several processes one at a time does it for a tenant, which a row of
 * `event_heads` says; a row leaves the outbox after Kafka has acknowledged it, so a kill in between sends it twice and
 * consumers, who know its id, hear it once.
 *
 * Order survives even two who send the same tenant's rows: both read the outbox from its beginning, so whatever comes first in it
 * comes first out of either, and a repetition means nothing to a consumer.
 */
import type { Logger } from 'pino';
import type { Clock, TenantId } from '../../ports.ts';
import { createPump } from '../../pump.ts';
import type { PostgresSql } from '../../sql/postgres.ts';
import type { Statement } from '../../sql/wire.ts';
import { textOf } from '../attempts.ts';
import { toMessage, type OutboxRow } from './messages.ts';
import type { Refusal, Sender } from './sender.ts';

export interface RelayOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sender: Sender;
  readonly serves: (tenant: TenantId) => boolean;
  readonly topicName: (topic: string) => string;
  /** Tells this process from others that relay. */
  readonly name: string;
  /** Tenants at once. */
  readonly concurrency: number;
}

export interface Relay {
  /** Looks for tenants with rows that nobody told of. */
  sweep(): Promise<void>;
  /** Resolves when nothing is left that can be sent now. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** How long a turn lasts unless it is renewed, which each batch does. */
const TURN_MS = 5_000;
const MOST_ROWS = 500;
/** Of payloads, as stored, in one batch; one row more is always taken. */
const MOST_BYTES = 2_000_000;
/** How long a topic that refuses is left alone, so that the tenant's other topics go on. */
const TROUBLE_MS = 5_000;

export function createRelay(options: RelayOptions): Relay {
  const { sql, clock, log, sender, serves, topicName, name } = options;
  /** Topics that refused, and until when. */
  const troubled = new Map<string, number>();
  let closed = false;

  const pump = createPump({ name: 'relay', concurrency: options.concurrency, log, run: relay });
  sql.onCommit(({ tenant, events }) => {
    if (events && serves(tenant)) pump.kick(tenant);
  });

  async function relay(tenant: TenantId): Promise<void> {
    let sent: readonly string[] = [];
    for (;;) {
      const { mine, rows, done } = await turn(tenant, sent);
      if (!mine || done) return;
      sent = rows.length === 0 ? [] : await publish(tenant, rows);
    }
  }

  /** One round trip: takes or keeps the turn, forgets what was sent, reads what is next, ends the turn when that is nothing. */
  async function turn(
    tenant: TenantId,
    sent: readonly string[],
  ): Promise<{ mine: boolean; rows: readonly OutboxRow[]; done: boolean }> {
    const now = clock.now();
    const avoid = avoided(now.getTime());
    const until = new Date(now.getTime() + TURN_MS);
    const statements: Statement[] = [{ text: TAKE_TURN, values: [tenant, name, until, now] }];
    if (sent.length > 0) statements.push({ text: FORGET, values: [tenant, sent] });
    if (closed) statements.push({ text: END_TURN, values: [tenant, name] });
    else {
      statements.push({ text: NEXT_ROWS, values: [tenant, avoid, name] });
      statements.push({ text: END_TURN_IF_EMPTY, values: [tenant, avoid, name] });
    }
    const results = await sql.batch(tenant, statements);
    const ended = (results.at(-1)?.rowCount ?? 0) > 0;
    const rows = closed ? [] : (results.at(-2)?.rows as unknown as OutboxRow[]); // as NEXT_ROWS says
    return { mine: (results[0]?.rowCount ?? 0) > 0, rows, done: closed || ended };
  }

  /** @returns the ids of rows that may leave the outbox */
  async function publish(tenant: TenantId, rows: readonly OutboxRow[]): Promise<readonly string[]> {
    const messages = rows.map((row) => toMessage(tenant, row, topicName));
    const refusals = await sender.send(messages);
    if (refusals.length === 0) return rows.map(({ id }) => id);
    const refused = new Map(refusals.map((refusal) => [refusal.message.headers['id'] ?? '', refusal]));
    for (const row of rows) {
      const refusal = refused.get(row.id);
      if (refusal === undefined) continue;
      if (refusal.forever) await bury(tenant, row, refusal);
      else avoid(tenant, row.topic, refusal.error);
    }
    return rows.filter(({ id }) => refused.get(id)?.forever ?? true).map(({ id }) => id);
  }

  function avoid(tenant: TenantId, topic: string, error: unknown): void {
    const until = clock.now().getTime() + TROUBLE_MS;
    if ((troubled.get(topic) ?? 0) < until - 1_000)
      log.error(
        { err: error, tenant, topic: topicName(topic) },
        'Kafka does not take events of a topic; they wait. Does it exist, and may this runtime write to it?',
      );
    troubled.set(topic, until);
  }

  function avoided(now: number): readonly string[] {
    for (const [topic, until] of troubled) if (until <= now) troubled.delete(topic);
    return [...troubled.keys()];
  }

  /** No consumer will ever see it; people do. */
  async function bury(tenant: TenantId, row: OutboxRow, { error }: Refusal): Promise<void> {
    log.error(
      { err: error, tenant, event: row.id, topic: row.topic },
      'an event is larger than its topic takes',
    );
    await sql.query(
      tenant,
      `INSERT INTO dead_letters (tenant_id, consumer, event_id, topic, type, key, payload, attempts, error, died_at)
       VALUES ($1, 'kafka', $2, $3, $4, $5, $6, 1, $7, $8) ON CONFLICT DO NOTHING`,
      [tenant, row.id, row.topic, row.type, row.key, row.payload, textOf(error), clock.now()],
    );
  }

  async function sweep(): Promise<void> {
    const { rows } = await sql.sweep<{ tenant_id: string }>(
      'SELECT DISTINCT tenant_id FROM outbox WHERE topic <> ALL ($1::text[])',
      [avoided(clock.now().getTime())],
    );
    for (const { tenant_id } of rows) if (serves(tenant_id)) pump.kick(tenant_id);
  }

  return {
    sweep,
    idle: () => pump.idle(),
    async close() {
      closed = true;
      await pump.close();
    },
  };
}

/** Locks the tenant's row until the batch commits: what another process committed before it asked is seen by END_TURN_IF_EMPTY. */
const TAKE_TURN = `
  INSERT INTO event_heads (tenant_id, position, relay, relay_until) VALUES ($1, 0, $2, $3)
  ON CONFLICT (tenant_id) DO UPDATE SET relay = $2, relay_until = $3
  WHERE event_heads.relay IS NULL OR event_heads.relay = $2 OR event_heads.relay_until <= $4`;

const FORGET = 'DELETE FROM outbox WHERE tenant_id = $1 AND id = ANY ($2::text[])';

const MINE = `EXISTS (SELECT 1 FROM event_heads h WHERE h.tenant_id = $1 AND h.relay = $3)`;

const NEXT_ROWS = `
  SELECT id, topic, type, key, payload::text AS payload, trace, (extract(epoch FROM created_at) * 1000)::bigint AS at
  FROM (
    SELECT o.*, sum(pg_column_size(payload)) OVER (ORDER BY created_at, id) - pg_column_size(payload) AS before
    FROM (
      SELECT * FROM outbox WHERE tenant_id = $1 AND topic <> ALL ($2::text[]) AND ${MINE}
      ORDER BY created_at, id LIMIT ${MOST_ROWS}
    ) o
  ) sized
  WHERE before < ${MOST_BYTES} ORDER BY created_at, id`;

const END_TURN = `UPDATE event_heads SET relay = NULL, relay_until = NULL WHERE tenant_id = $1 AND relay = $2`;

const END_TURN_IF_EMPTY = `
  UPDATE event_heads SET relay = NULL, relay_until = NULL WHERE tenant_id = $1 AND relay = $3
    AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tenant_id = $1 AND o.topic <> ALL ($2::text[]))`;
