/**
 * Moves committed rows of the outbox to Kafka. Of several processes one at a time does it for a tenant, which a row of
 * `event_heads` says; a row leaves the outbox after Kafka has acknowledged it, so a kill in between sends it twice.
 *
 * Each event gets its place before it is sent for the first time, and keeps it however often it is sent: places of a tenant grow, and
 * whoever relays sends what has a place, in the order of the places, before it gives any to other rows of the same topic. So whatever
 * comes first in a partition comes there first in this order, repetitions aside, and a consumer knows these by their places.
 * That stays so while two relay the same tenant, each believing it is its turn: both send the same rows in the same order.
 */
import type { Logger } from 'pino';
import type { Clock, TenantId } from '../../ports.ts';
import { createPump } from '../../pump.ts';
import type { PostgresSql } from '../../sql/postgres.ts';
import type { Statement } from '../../sql/wire.ts';
import { textOf } from '../attempts.ts';
import type { EventMeter } from '../meter.ts';
import { toMessages, type Outgoing, type PlacedRow } from './messages.ts';
import { isRefusal, type Refusal, type Sender } from './sender.ts';

export interface RelayOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meter: EventMeter;
  readonly sender: Sender;
  readonly serves: (tenant: TenantId) => boolean;
  readonly topicName: (topic: string) => string;
  /** How many partitions a topic has, by Kafka's name of it. */
  readonly partitionsOf: (topic: string) => Promise<number>;
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

/** A row's key in the outbox. */
type RowKey = Pick<PlacedRow, 'at' | 'id'>;

/** How long a turn lasts unless it is renewed, which each batch does. */
const TURN_MS = 5_000;
/** In one batch; one row more is always taken. */
const MOST_EVENTS = 2_000;
/** Of what is stored, likewise. */
const MOST_BYTES = 2_000_000;
/** How long a topic that refuses is left alone, so that the tenant's other topics go on. */
const TROUBLE_MS = 5_000;
/** A topic that has got more partitions is noticed after this time. */
const PARTITIONS_MS = 60_000;

export function createRelay(options: RelayOptions): Relay {
  const { sql, clock, log, meter, sender, serves, topicName, name } = options;
  /** Topics that refused, and until when. */
  const troubled = new Map<string, number>();
  /** How many partitions topics have, and until when that is believed. */
  const counted = new Map<string, { partitions: number; until: number }>();
  let closed = false;

  const pump = createPump({ name: 'relay', concurrency: options.concurrency, log, run: relay });
  sql.onCommit(({ tenant, events }) => {
    if (events && serves(tenant)) pump.kick(tenant);
  });

  async function relay(tenant: TenantId): Promise<void> {
    let sent: readonly RowKey[] = [];
    for (;;) {
      const { rows, over } = await turn(tenant, sent);
      if (over) return;
      sent = await publish(tenant, rows);
    }
  }

  /**
   * One round trip: takes or keeps the turn, forgets what was sent, gives places to what is next unless something that has some is
   * still to be sent, reads what is to be sent, and ends the turn when that is nothing.
   */
  async function turn(
    tenant: TenantId,
    sent: readonly RowKey[],
  ): Promise<{ rows: readonly PlacedRow[]; over: boolean }> {
    const now = clock.now();
    const avoid = avoided(now.getTime());
    const until = new Date(now.getTime() + TURN_MS);
    const take: Statement = { text: TAKE_TURN, values: [tenant, name, until, now] };
    const forget: Statement[] =
      sent.length === 0
        ? []
        : [{ text: FORGET, values: [tenant, sent.map(({ at }) => at), sent.map(({ id }) => id)] }];
    if (closed) {
      await sql.batch(tenant, [take, ...forget, { text: END_TURN, values: [tenant, name] }]);
      return { rows: [], over: true };
    }
    const results = await sql.batch(tenant, [
      take,
      ...forget,
      { text: GIVE_PLACES, values: [tenant, avoid, name, ...believed(now.getTime())] },
      { text: KEEP_OR_END, values: [tenant, avoid, name] },
      { text: NEXT_ROWS, values: [tenant, avoid, name] },
    ]);
    const rows = (results.at(-1)?.rows ?? []) as unknown as PlacedRow[]; // as NEXT_ROWS says
    return { rows, over: rows.length === 0 };
  }

  /** @returns rows that may leave the outbox */
  async function publish(tenant: TenantId, rows: readonly PlacedRow[]): Promise<readonly RowKey[]> {
    const unknown = new Set(rows.filter((row) => !isCounted(row)).map(({ topic }) => topic));
    for (const topic of unknown) await fixPartitions(tenant, topic);
    const sendings = rows
      .filter(isCounted)
      .map((row) => ({ row, messages: toMessages(tenant, row, topicName(row.topic)) }));
    if (sendings.length === 0) return [];
    const refusals = await sender.send(sendings.flatMap(({ messages }) => messages));
    const refused = new Map<Outgoing, Refusal>(refusals.map((refusal) => [refusal.message, refusal]));
    const done: RowKey[] = [];
    for (const { row, messages } of sendings) {
      const ofRow = refused.size === 0 ? [] : messages.flatMap((message) => refused.get(message) ?? []);
      for (const refusal of ofRow) if (refusal.forever) await bury(tenant, row, refusal);
      const waits = ofRow.find(({ forever }) => !forever);
      if (waits === undefined) {
        done.push(row);
        meter.published(row.topic, messages.length - ofRow.length, clock.now().getTime() - row.at / 1_000);
      } else avoid(tenant, row.topic, waits.error);
    }
    return done;
  }

  /**
   * Writes down how many partitions the topic has, before anything is sent: whoever sends it again goes by the same count. What has a
   * place is read again then.
   */
  async function fixPartitions(tenant: TenantId, topic: string): Promise<void> {
    try {
      const now = clock.now().getTime();
      const partitions = await options.partitionsOf(topicName(topic));
      counted.set(topic, { partitions, until: now + PARTITIONS_MS });
      await sql.query(tenant, FIX_PARTITIONS, [tenant, topic, partitions]);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      avoid(tenant, topic, error);
    }
  }

  /** Topics, and how many partitions they have. */
  function believed(now: number): [readonly string[], readonly number[]] {
    const fresh = [...counted].filter(([, { until }]) => until > now);
    return [fresh.map(([topic]) => topic), fresh.map(([, { partitions }]) => partitions)];
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
  async function bury(tenant: TenantId, { topic }: PlacedRow, { message, error }: Refusal): Promise<void> {
    const { id = '', type = '' } = message.headers;
    log.error({ err: error, tenant, event: id, topic }, 'an event is larger than its topic takes');
    const key = message.key.slice(tenant.length + 1);
    await sql.query(
      tenant,
      `INSERT INTO dead_letters (tenant_id, consumer, event_id, topic, type, key, payload, attempts, error, died_at)
       VALUES ($1, 'kafka', $2, $3, $4, $5, $6, 1, $7, $8) ON CONFLICT DO NOTHING`,
      [tenant, id, topic, type, key, message.value, textOf(error), clock.now()],
    );
    meter.died('kafka', topic);
  }

  async function sweep(): Promise<void> {
    const { rows } = await sql.sweep<{ tenant_id: string }>(
      'SELECT DISTINCT tenant_id FROM promised_events WHERE topic <> ALL ($1::text[])',
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

type CountedRow = PlacedRow & { readonly partitions: number };

function isCounted(row: PlacedRow): row is CountedRow {
  return row.partitions !== null;
}

/** Locks the tenant's row until the batch commits: what another process committed before it asked is seen by KEEP_OR_END. */
const TAKE_TURN = `
  INSERT INTO event_heads (tenant_id, position, relay, relay_until) VALUES ($1, 0, $2, $3)
  ON CONFLICT (tenant_id) DO UPDATE SET relay = $2, relay_until = $3
  WHERE event_heads.relay IS NULL OR event_heads.relay = $2 OR event_heads.relay_until <= $4`;

const FORGET = `
  DELETE FROM promised_events p USING unnest($2::bigint[], $3::text[]) AS sent (at, id)
  WHERE p.tenant_id = $1 AND p.at = sent.at AND p.id = sent.id`;

const MINE = `EXISTS (SELECT 1 FROM event_heads h WHERE h.tenant_id = $1 AND h.relay = $3)`;

const OPEN = `o.tenant_id = $1 AND o.topic <> ALL ($2::text[])`;

/** From the clock, which is ahead of every place given so far unless it was set back. */
const GIVE_PLACES = `
  UPDATE promised_events p SET place = next.first + next.before, partitions = next.partitions
  FROM (
    SELECT o.at, o.id, known.partitions, greatest(h.placed + 1, (extract(epoch FROM now()) * 1000000)::bigint) AS first,
      sum(o.size) OVER nth - o.size AS before, sum(pg_column_size(o.events)) OVER nth - pg_column_size(o.events) AS bytes
    FROM (
      SELECT * FROM promised_events o WHERE ${OPEN} AND o.place IS NULL ORDER BY at, id LIMIT ${MOST_EVENTS}
    ) o JOIN event_heads h ON h.tenant_id = $1 AND h.relay = $3
    LEFT JOIN unnest($4::text[], $5::int[]) AS known (topic, partitions) ON known.topic = o.topic
    WHERE NOT EXISTS (SELECT 1 FROM promised_events o WHERE ${OPEN} AND o.place IS NOT NULL)
    WINDOW nth AS (ORDER BY o.at, o.id)
  ) next
  WHERE p.tenant_id = $1 AND p.at = next.at AND p.id = next.id AND next.before < ${MOST_EVENTS} AND next.bytes < ${MOST_BYTES}`;

const FIX_PARTITIONS = `
  UPDATE promised_events SET partitions = $3
  WHERE tenant_id = $1 AND topic = $2 AND place IS NOT NULL AND partitions IS NULL`;

/** Places that are in use are never given again; the turn is over when nothing has one. */
const KEEP_OR_END = `
  UPDATE event_heads h SET placed = greatest(h.placed, given.last), relay = given.relay
  FROM (
    SELECT max(o.place + o.size - 1) AS last, CASE WHEN count(*) > 0 THEN $3 END AS relay
    FROM promised_events o WHERE ${OPEN} AND o.place IS NOT NULL
  ) given
  WHERE h.tenant_id = $1 AND h.relay = $3`;

const END_TURN = `UPDATE event_heads SET relay = NULL WHERE tenant_id = $1 AND relay = $2`;

const NEXT_ROWS = `
  SELECT o.at, o.id, o.topic, o.events, o.place, o.partitions FROM promised_events o
  WHERE ${OPEN} AND o.place IS NOT NULL AND ${MINE} ORDER BY o.place`;
