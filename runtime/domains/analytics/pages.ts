/** What a page tells, as facts: who it was of by digests, where it was with everything personal masked. */
import type { Fact, Tenant } from '../../platform/ports.ts';
import { visitOf } from '../../platform/visits.ts';
import { campaignOf, deviceOf, maskPath, maskText, sourceOf } from './mask.ts';
import { digestOf } from './people.ts';
import type { PageEvent, PageMessage, VisitSeen } from './schemas.ts';

export interface Told {
  readonly tenant: Tenant;
  readonly message: PageMessage;
  /** Pseudonym of a customer who is logged in. */
  readonly customer: string | undefined;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly now: Date;
}

/** Whoever asks not to be followed is counted, and is nobody. Robots are not counted. */
export function factsOf({ tenant, message, customer, headers, now }: Told): readonly Fact[] {
  const device = deviceOf(headers['user-agent']);
  if (device === 'robot') return [];
  const unseen = isUnseen(headers);
  const visitor = message.visitor === undefined ? '' : digestOf(tenant.id, 'b', message.visitor);
  const who = {
    subject: unseen ? '' : (customer ?? visitor),
    session: unseen ? '' : digestOf(tenant.id, 'v', message.session),
  };
  return message.events.map((event) => ({
    ...who,
    at: new Date(now.getTime() - event.ageMs),
    kind: event.kind,
    ...saidBy(event, tenant, device),
  }));
}

/**
 * What other domains are told: which products, and of whose visit if its browser may be known again.
 * @returns undefined: no product was seen
 */
export function seenIn(
  { tenant, message, headers, now }: Told,
  customerId: string | undefined,
): VisitSeen | undefined {
  const seen = message.events.flatMap((event) =>
    (event.kind === 'view' || event.kind === 'cart') && event.productId !== undefined
      ? [
          {
            productId: event.productId,
            kind: event.kind,
            at: new Date(now.getTime() - event.ageMs).toISOString(),
          },
        ]
      : [],
  );
  if (seen.length === 0) return undefined;
  if (message.visitor === undefined || isUnseen(headers)) return { visit: null, seen };
  const visit = visitOf(tenant.id, message.session);
  return customerId === undefined ? { visit, seen } : { visit, customerId, seen };
}

/** Global Privacy Control, or Do Not Track. */
function isUnseen(headers: Told['headers']): boolean {
  return headers['sec-gpc'] === '1' || headers['dnt'] === '1';
}

function saidBy(event: PageEvent, { hosts }: Tenant, device: string): Pick<Fact, 'dimensions' | 'measures'> {
  switch (event.kind) {
    case 'view':
      return {
        dimensions: {
          path: maskPath(event.path),
          product: event.productId ?? '',
          source: sourceOf(event.path, event.referrer, hosts),
          campaign: campaignOf(event.path),
          device,
        },
        measures: {},
      };
    case 'search':
      return {
        dimensions: { query: maskText(event.query), found: event.results === 0 ? 'nothing' : 'something' },
        measures: { results: event.results, empty: event.results === 0 ? 1 : 0 },
      };
    case 'click':
      return {
        dimensions: { query: maskText(event.query), product: event.productId },
        measures: { place: event.place },
      };
    case 'cart':
      return { dimensions: { product: event.productId, device }, measures: { quantity: event.quantity } };
    case 'checkout':
    case 'purchase':
      return { dimensions: { device }, measures: {} };
  }
}
