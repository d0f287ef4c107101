/** Reports and facts as tables: what a spreadsheet shows of them. */
import { Readable } from 'node:stream';
import type { RouteResponse } from '../../platform/domain.ts';
import type { Analytics, Fact, FactSpan, TenantId } from '../../platform/ports.ts';
import { csvOf } from './csv.ts';
import type { Cell } from './csv.ts';
import { FACTS } from './facts.ts';

type Row = Readonly<Record<string, Cell>>;

/** @param rows what is a row of the report; names of columns are those of the first */
export function answer<Report>(
  format: 'json' | 'csv',
  name: string,
  report: Report,
  rows: (report: Report) => readonly object[],
): RouteResponse {
  if (format === 'json') return { json: report };
  const flat = rows(report).map(flatten);
  const columns = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  return {
    headers: { ...CSV, 'content-disposition': `attachment; filename="${name}.csv"` },
    bytes: Buffer.from(csvOf(columns, flat)),
  };
}

/**
 * Page by page, as fast as it is read; the first before anything is answered.
 * @throws ShopError `invalid_input` for a span that no facts can be in: told later, it would cut the answer off
 */
export async function exported(
  analytics: Analytics,
  tenant: TenantId,
  span: FactSpan,
  format: 'csv' | 'ndjson',
): Promise<RouteResponse> {
  const definition = FACTS.find(({ name }) => name === span.kind);
  const columns = [
    'at',
    'subject',
    'session',
    ...(definition?.units === true ? ['unit'] : []),
    ...(definition?.dimensions ?? []),
    ...(definition?.measures ?? []),
  ];
  const first = await analytics.read(tenant, { ...span, limit: 2_000 });
  async function* lines(): AsyncGenerator<string> {
    if (format === 'csv') yield csvOf(columns, []);
    for (
      let page = first;
      ;
      page = await analytics.read(tenant, { ...span, limit: 2_000, after: page.next })
    ) {
      const rows = page.facts.map(rowOf);
      if (format === 'ndjson') yield rows.map((row) => `${JSON.stringify(row)}\n`).join('');
      else yield csvOf(columns, rows).slice(csvOf(columns, []).length);
      if (page.next === undefined) return;
    }
  }
  return {
    headers: {
      ...(format === 'csv' ? CSV : { 'content-type': 'application/x-ndjson; charset=utf-8' }),
      'content-disposition': `attachment; filename="${span.kind}.${format}"`,
    },
    bytes: Readable.from(lines(), { objectMode: false }),
  };
}

const CSV = { 'content-type': 'text/csv; charset=utf-8' };

function rowOf({ at, subject, session, unit, dimensions, measures }: Fact): Row {
  return { at: at.toISOString(), subject, session, unit, ...dimensions, ...measures };
}

/** What is within stands beside: `sums.amount` is called `amount`. */
function flatten(row: object): Row {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null ? Object.entries(flatten(value)) : [[name, cellOf(value)]],
    ),
  );
}

function cellOf(value: unknown): Cell {
  return typeof value === 'number' || value === null || value === undefined ? value : String(value);
}
