/**
 * Moves committed rows of the outbox to Kafka. Of several processes one at a time does it for a tenant, which a row of
 * `event_heads` says; a row leaves the outbox after Kafka has acknowledged it, so a kill in between sends it twice.
 *
 * Each event gets its place before it is sent for the first time, and keeps it however often it is sent: which rows have places, and
 * which, stands in the tenant's row of `event_heads` from before they are sent until they have left the outbox. Places of a
 * tenant grow, and whoever relays sends what has a place before it gives any to other rows of the same topic. So whatever
 * comes first in a partition comes there first in this order, repetitions aside, and a consumer knows these by their places.
 * That stays so while two relay the same tenant, each believing it is its turn: both send the same rows in the same order.
 *
 * A turn is one round trip, which tenants share, and costs the same for one event as for a hundred; so a tenant that had one rests for a moment.
 */
import type { Logger } from 'pino';
import type { Clock, TenantId } from '../../ports.ts';
import { createPump, type Next } from '../../pump.ts';
import type { PostgresSql } from '../../sql/postgres.ts';
import type { Statement } from '../../sql/wire.ts';
import { textOf } from '../attempts.ts';
import type { EventMeter } from '../meter.ts';
import type { PromisedEvent } from '../outbox.ts';
import { toMessages, type Outgoing, type PlacedRow, type Spread } from './messages.ts';
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
  readonly spread: Spread;
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
/** From one turn of a tenant to its next, unless so much waits that it pays to go on at once. */
const REST_MS = { least: 20, most: 60 };
/** In one batch; one row more is always taken. */
const MOST_EVENTS = 1_000;
/** Each of them is named in the tenant's row of `event_heads`. */
const MOST_ROWS = 250;
/** Of what is stored, likewise. */
const MOST_BYTES = 1_000_000;
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
  /** Tenants whose turn it is here, and which rows Kafka has meanwhile. */
  const held = new Map<TenantId, readonly RowKey[]>();

  const pump = createPump({
    name: 'relay',
    concurrency: options.concurrency,
    log,
    run: relay,
    restMilliseconds: REST_MS,
  });
  sql.onCommit(({ tenant, events }) => {
    if (events && serves(tenant)) pump.kick(tenant);
  });

  async function relay(tenant: TenantId): Promise<Next> {
    const rows = await turn(tenant);
    if (rows.length === 0) return undefined;
    const ready = rows.filter(isPlaced);
    const sent = await publish(tenant, ready);
    held.set(tenant, sent);
    const unknown = new Set(rows.filter((row) => !isPlaced(row)).map(({ topic }) => topic));
    for (const topic of unknown) await count(tenant, topic);
    const isMuch = rows.length >= MOST_ROWS / 2 || eventsOf(ready) >= MOST_EVENTS / 2;
    return unknown.size > 0 || isMuch ? 'now' : 'later';
  }

  /**
   * One round trip: takes the turn unless it is held, forgets what was sent, gives places to what is next unless something of its
   * topic that has some is still to be sent, and reads what is to be sent; when that is nothing the turn is over.
   */
  async function turn(tenant: TenantId): Promise<readonly FoundRow[]> {
    const now = clock.now();
    const until = new Date(now.getTime() + TURN_MS);
    const sent = held.get(tenant);
    const begin: Statement[] =
      sent === undefined
        ? [{ text: TAKE_TURN, values: [tenant, name, until, now] }]
        : forgetting(tenant, sent);
    const values = [tenant, name, until, avoided(now.getTime()), ...believed(now.getTime())];
    const results = await sql.together(tenant, [...begin, { text: GIVE_PLACES, values }]);
    // Unless Kafka takes something of it now, there is nothing to forget, and the turn is taken anew.
    held.delete(tenant);
    return (results.at(-1)?.rows ?? []) as unknown as FoundRow[]; // as GIVE_PLACES says
  }

  async function endTurn(tenant: TenantId, sent: readonly RowKey[]): Promise<void> {
    await sql.batch(tenant, [...forgetting(tenant, sent), { text: END_TURN, values: [tenant, name] }]);
  }

  /** @returns rows that may leave the outbox */
  async function publish(tenant: TenantId, rows: readonly PlacedRow[]): Promise<readonly RowKey[]> {
    if (rows.length === 0) return [];
    const sendings = rows.map((row) => ({
      row,
      messages: toMessages(tenant, row, topicName(row.topic), options.spread),
    }));
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

  /** How many partitions a topic has must be known before any of its events gets a place. */
  async function count(tenant: TenantId, topic: string): Promise<void> {
    try {
      const now = clock.now().getTime();
      const partitions = await options.partitionsOf(topicName(topic));
      counted.set(topic, { partitions, until: now + PARTITIONS_MS });
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
    const { id, type, data }: PromisedEvent = JSON.parse(message.value);
    log.error({ err: error, tenant, event: id, topic }, 'an event is larger than its topic takes');
    const key = message.key.slice(tenant.length + 1);
    await sql.query(
      tenant,
      `INSERT INTO dead_letters (tenant_id, consumer, event_id, topic, type, key, payload, attempts, error, died_at)
       VALUES ($1, 'kafka', $2, $3, $4, $5, $6, 1, $7, $8) ON CONFLICT DO NOTHING`,
      [tenant, id, topic, type, key, JSON.stringify(data), textOf(error), clock.now()],
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
      await pump.close();
      const ending = [...held].map(([tenant, sent]) => endTurn(tenant, sent));
      held.clear();
      for (const end of await Promise.allSettled(ending))
        if (end.status === 'rejected')
          log.debug({ err: end.reason }, 'a turn was not ended: it lasts its time');
    },
  };
}

/** Of a topic whose partitions nobody has counted: it has no place yet. */
type UnplacedRow = Omit<PlacedRow, 'place' | 'partitions'> & { readonly place: null };
type FoundRow = (PlacedRow | UnplacedRow) & { readonly size: number };

function isPlaced(row: FoundRow): row is PlacedRow & { readonly size: number } {
  return row.place !== null;
}

function eventsOf(rows: readonly { readonly size: number }[]): number {
  return rows.reduce((sum, { size }) => sum + size, 0);
}

function forgetting(tenant: TenantId, sent: readonly RowKey[]): Statement[] {
  if (sent.length === 0) return [];
  return [{ text: FORGET, values: [tenant, sent.map(({ at }) => at), sent.map(({ id }) => id)] }];
}

/** Locks the tenant's row until the batch commits: what another process committed before it asked is seen by GIVE_PLACES. */
const TAKE_TURN = `
  INSERT INTO event_heads (tenant_id, position, relay, relay_until) VALUES ($1, 0, $2, $3)
  ON CONFLICT (tenant_id) DO UPDATE SET relay = $2, relay_until = $3
  WHERE event_heads.relay IS NULL OR event_heads.relay = $2 OR event_heads.relay_until <= $4`;

const FORGET = `
  DELETE FROM promised_events p USING unnest($2::bigint[], $3::text[]) AS sent (at, id)
  WHERE p.tenant_id = $1 AND p.at = sent.at AND p.id = sent.id`;

const OPEN = `o.tenant_id = $1 AND o.topic <> ALL ($4::text[])`;

/**
 * `kept` have their places since before, `next` get theirs, and whoever has one is written down; all of it only while it is this relay's turn.
 * Places come from the clock, which is ahead of every place given so far unless it was set back; they are never given twice.
 */
const GIVE_PLACES = `
  WITH head AS (
    SELECT * FROM event_heads h WHERE h.tenant_id = $1 AND h.relay = $2
  ), kept AS (
    SELECT o.at, o.id, o.topic, o.size, o.events, f.place, f.partitions
    FROM head, unnest(head.flight_at, head.flight_id, head.flight_place, head.flight_partitions) AS f (at, id, place, partitions)
    JOIN promised_events o ON o.tenant_id = $1 AND o.at = f.at AND o.id = f.id
  ), next AS (
    SELECT o.at, o.id, o.topic, o.size, o.events, known.partitions,
      greatest(head.placed + 1, (extract(epoch FROM now()) * 1000000)::bigint) + sum(o.size) OVER nth - o.size AS place,
      sum(o.size) OVER nth - o.size AS before, sum(o.bytes) OVER nth - o.bytes AS bytes
    FROM head, (
      SELECT o.at, o.id, o.topic, o.size, o.events, pg_column_size(o.events) AS bytes FROM promised_events o
      WHERE ${OPEN} AND o.topic NOT IN (SELECT kept.topic FROM kept) ORDER BY o.at, o.id LIMIT ${MOST_ROWS}
    ) o LEFT JOIN unnest($5::text[], $6::int[]) AS known (topic, partitions) ON known.topic = o.topic
    WINDOW nth AS (ORDER BY o.at, o.id)
  ), flight AS (
    SELECT at, id, topic, size, events, place, partitions FROM kept
    UNION ALL
    SELECT at, id, topic, size, events, CASE WHEN partitions IS NOT NULL THEN place END, partitions FROM next
    WHERE before < ${MOST_EVENTS} AND bytes < ${MOST_BYTES}
  ), turn AS (
    UPDATE event_heads h SET relay_until = $3, placed = greatest(h.placed, given.last),
      relay = CASE WHEN given.some THEN h.relay END,
      flight_at = coalesce(given.at, '{}'), flight_id = coalesce(given.id, '{}'),
      flight_place = coalesce(given.place, '{}'), flight_partitions = coalesce(given.partitions, '{}')
    FROM (
      SELECT coalesce(bool_or(topic <> ALL ($4::text[])), false) AS some, max(place + size - 1) AS last,
        array_agg(at ORDER BY place) FILTER (WHERE place IS NOT NULL) AS at,
        array_agg(id ORDER BY place) FILTER (WHERE place IS NOT NULL) AS id,
        array_agg(place ORDER BY place) FILTER (WHERE place IS NOT NULL) AS place,
        array_agg(partitions ORDER BY place) FILTER (WHERE place IS NOT NULL) AS partitions
      FROM flight
    ) given
    WHERE h.tenant_id = $1 AND h.relay = $2
    RETURNING h.tenant_id
  )
  SELECT at, id, topic, size, events::text AS events, place, partitions FROM flight
  WHERE topic <> ALL ($4::text[]) AND EXISTS (SELECT FROM turn) ORDER BY place`;

const END_TURN = `UPDATE event_heads SET relay = NULL WHERE tenant_id = $1 AND relay = $2`;
