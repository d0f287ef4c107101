/** What may be written to and asked of analytics, whichever store it is: declared kinds, bounded questions. */
import { z } from 'zod';
import { decodeCursor, encodeCursor, PLACE } from '../cursor.ts';
import type { FactDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type {
  Amounts,
  Calendar,
  Cohort,
  Fact,
  FactBatch,
  FactBucket,
  FactFilter,
  FactSpan,
  FunnelQuery,
} from '../ports.ts';
import { isKept } from '../kept.ts';
import { ROLLUP_DAYS } from './index.ts';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Of the shortest month; what a bucket holds at least. */
const BUCKET_MS: Readonly<Record<FactBucket, number>> = {
  minute: MINUTE_MS,
  quarter: QUARTER_MS,
  hour: 4 * QUARTER_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 28 * DAY_MS,
};
const MAX_MINUTES = 6 * 60;
const MAX_POINTS = 3_000;
const MAX_BATCH = 10_000;
const MAX_VALUE = 200;
const MAX_FUNNEL_SECONDS = 30 * 24 * 60 * 60;
const BATCH_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const PSEUDONYM = /^[A-Za-z0-9._:-]{0,64}$/;
const UNIT = /^[A-Za-z0-9]{1,16}$/;

export type Rules = ReturnType<typeof factRules>;

/** A fact as both stores keep it: measures in the order of their declaration. */
export interface StoredFact extends Omit<Fact, 'unit' | 'measures'> {
  readonly unit: string;
  readonly values: readonly [number, number];
}

/** Every method throws ShopError `invalid_input`. */
export function factRules(definitions: readonly FactDefinition[]) {
  const kinds = new Map(definitions.map((definition) => [definition.name, definition]));
  const zones = new Set<string>();

  function kindOf(name: string): FactDefinition {
    return kinds.get(name) ?? refuse('kind', `${name} is declared by no definition`);
  }

  function span({ kind, from, to, unit }: FactSpan, step = QUARTER_MS): FactDefinition {
    const definition = kindOf(kind);
    if (definition.units && !UNIT.test(unit ?? '')) refuse('unit', `${kind} needs a unit`);
    if (!definition.units && unit !== undefined) refuse('unit', `${kind} has no units`);
    between(from, to, step);
    return definition;
  }

  function calendar({ from, to, bucket, zone }: Pick<FactSpan, 'from' | 'to'> & Calendar): void {
    if (!Object.hasOwn(BUCKET_MS, bucket)) refuse('bucket', `${String(bucket)} is none`);
    const length = to.getTime() - from.getTime();
    if (bucket === 'minute' && length > MAX_MINUTES * MINUTE_MS)
      refuse('bucket', 'minutes are told for at most six hours');
    if (length / BUCKET_MS[bucket] > MAX_POINTS) refuse('bucket', `more than ${MAX_POINTS} points`);
    // By the name in small letters: written otherwise it is the same zone, and would be kept in each of thousands of ways.
    const known = zone.toLowerCase();
    if (zones.has(known)) return;
    if (!isZone(zone)) refuse('zone', `${zone.slice(0, 64)} is no time zone`);
    zones.add(known);
  }

  function dimension(definition: FactDefinition, name: string): void {
    if (!definition.dimensions.includes(name)) refuse('dimension', `${definition.name} has no ${name}`);
  }

  function filter(definition: FactDefinition, where: FactFilter | undefined): void {
    if (where === undefined) return;
    dimension(definition, where.dimension);
    if (!isValue(where.value) || where.value === '') refuse('value', 'is no value of a dimension');
  }

  function stored(fact: Fact): StoredFact {
    const definition = kindOf(fact.kind);
    const { unit = '', at, subject, session } = fact;
    if (definition.units ? !UNIT.test(unit) : unit !== '') refuse('unit', `of ${fact.kind}`);
    if (Number.isNaN(at.getTime())) refuse('at', 'is no time');
    if (!PSEUDONYM.test(subject) || !PSEUDONYM.test(session))
      refuse('subject', 'a pseudonym is at most 64 of A–Z, a–z, 0–9 and . _ : -');
    const dimensions = Object.entries(fact.dimensions).filter(([, value]) => value !== '');
    for (const [name, value] of dimensions) {
      dimension(definition, name);
      if (!isValue(value)) refuse(name, `is more than ${MAX_VALUE} letters, or no text`);
    }
    for (const [name, value] of Object.entries(fact.measures)) {
      if (!definition.measures.includes(name)) refuse('measure', `${fact.kind} has no ${name}`);
      if (!Number.isSafeInteger(value)) refuse(name, 'is no whole number');
    }
    const [first = '', second = ''] = definition.measures;
    return {
      kind: fact.kind,
      at,
      subject,
      session,
      unit,
      dimensions: Object.fromEntries(dimensions),
      values: [fact.measures[first] ?? 0, fact.measures[second] ?? 0],
    };
  }

  return {
    kindOf,
    batch({ id, facts }: FactBatch): readonly StoredFact[] {
      if (!BATCH_ID.test(id)) refuse('batch', 'an id is 1 to 128 of A–Z, a–z, 0–9 and . _ : -');
      if (facts.length < 1 || facts.length > MAX_BATCH) refuse('facts', `are not 1 to ${MAX_BATCH}`);
      return facts.map(stored);
    },
    series(query: FactSpan & Calendar & { readonly where?: FactFilter }): FactDefinition {
      const definition = span(query, query.bucket === 'minute' ? MINUTE_MS : QUARTER_MS);
      calendar(query);
      filter(definition, query.where);
      return definition;
    },
    top(
      query: FactSpan & { dimension: string; by: string; limit: number; among?: readonly string[] },
    ): FactDefinition {
      const definition = span(query);
      dimension(definition, query.dimension);
      if (query.by !== 'count' && !definition.measures.includes(query.by))
        refuse('by', `${query.kind} has no ${query.by}`);
      whole('limit', query.limit, 100);
      if (query.among !== undefined) whole('among', query.among.length, 100);
      for (const value of query.among ?? []) filter(definition, { dimension: query.dimension, value });
      return definition;
    },
    funnel({ from, to, steps, withinSeconds }: FunnelQuery): void {
      between(from, to, QUARTER_MS);
      if (steps.length < 2 || steps.length > 6) refuse('steps', 'are not two to six');
      if (new Set(steps.map(({ kind }) => kind)).size < steps.length)
        refuse('steps', 'each is of another kind');
      for (const { kind, where } of steps) filter(kindOf(kind), where);
      whole('withinSeconds', withinSeconds, MAX_FUNNEL_SECONDS);
    },
    sessions(query: Omit<FactSpan, 'unit'> & Calendar): void {
      kindOf(query.kind);
      between(query.from, query.to, query.bucket === 'minute' ? MINUTE_MS : QUARTER_MS);
      calendar(query);
    },
    cohorts(query: FactSpan & Calendar & { periods: number }): FactDefinition {
      const definition = span(query);
      if (query.bucket !== 'day' && query.bucket !== 'week' && query.bucket !== 'month')
        refuse('bucket', 'cohorts are by day, week or month');
      calendar(query);
      whole('periods', query.periods, 24);
      return definition;
    },
    read(query: FactSpan & { limit: number }): FactDefinition {
      const definition = span(query);
      whole('limit', query.limit, 5_000);
      return definition;
    },
  };
}

/** Sums by the names of a kind's measures. */
export function sumsOf(definition: FactDefinition, sums: readonly unknown[]): Record<string, number> {
  return Object.fromEntries(definition.measures.map((name, place) => [name, Number(sums[place])]));
}

/** A stored fact as it was given. */
export function factOf(definition: FactDefinition, stored: StoredFact): Fact {
  const { kind, at, subject, session, dimensions, unit, values } = stored;
  const measures = sumsOf(definition, values);
  return { kind, at, subject, session, dimensions, measures, ...(definition.units ? { unit } : {}) };
}

/** Rows by cohort and period, in this order, as the port tells them. Period 0 has everybody: a first fact is a fact. */
export function cohortsOf(
  rows: readonly (Amounts & { readonly cohort: Date; readonly period: number; readonly subjects: number })[],
): readonly Cohort[] {
  const cohorts = new Map<number, Cohort & { periods: Cohort['periods'][number][] }>();
  for (const { cohort: at, period: offset, subjects, count, sums } of rows) {
    const cohort = cohorts.get(at.getTime()) ?? { at, size: subjects, periods: [] };
    cohorts.set(at.getTime(), cohort);
    cohort.periods.push({ offset, subjects, count, sums });
  }
  return [...cohorts.values()];
}

/** Where a page of facts ended: what orders them. */
export interface FactPlace {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly batch: string;
  readonly place: number;
}

const Place = z.tuple([PLACE.bigint, z.string().regex(BATCH_ID), PLACE.integer]);

export function cursorOf({ at, batch, place }: FactPlace): string {
  return encodeCursor([at, batch, place]);
}

/** Before everything without a cursor. @throws ShopError `invalid_input` */
export function placeOf(cursor: string | undefined): FactPlace {
  if (cursor === undefined) return { at: 0, batch: '', place: -1 };
  const [at, batch, place] = decodeCursor(cursor, Place);
  return { at, batch, place };
}

function between(from: Date, to: Date, step: number): void {
  const [first, last] = [from.getTime(), to.getTime()];
  if (!(first < last)) refuse('from', 'is not before to');
  if (first % step !== 0 || last % step !== 0)
    refuse('from', `from and to are whole ${step === QUARTER_MS ? 'quarters of an hour' : 'minutes'}`);
  if (last - first > ROLLUP_DAYS * DAY_MS) refuse('to', `is more than ${ROLLUP_DAYS} days after from`);
}

function whole(where: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) refuse(where, `is not 1 to ${max}`);
}

function isValue(value: string): boolean {
  return value.length <= MAX_VALUE && isKept(value);
}

function isZone(zone: string): boolean {
  // Offsets, which Intl takes too, are not names that every store knows.
  if (!/^[A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)*$/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function refuse(where: string, what: string): never {
  throw new ShopError('invalid_input', 'This cannot be counted or asked.', { problems: [{ where, what }] });
}
