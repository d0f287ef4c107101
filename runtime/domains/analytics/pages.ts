/** What a page tells, as facts: who it was of by digests, where it was with everything personal masked. */
import type { Fact, Tenant } from '../../platform/ports.ts';
import { campaignOf, deviceOf, maskPath, maskText, sourceOf } from './mask.ts';
import { digestOf } from './people.ts';
import type { PageEvent, PageMessage } from './schemas.ts';

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
  const unseen = headers['sec-gpc'] === '1' || headers['dnt'] === '1';
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
        measures: { results: event.results },
      };
    case 'cart':
      return { dimensions: { product: event.productId, device }, measures: { quantity: event.quantity } };
    case 'checkout':
    case 'purchase':
      return { dimensions: { device }, measures: {} };
  }
}
