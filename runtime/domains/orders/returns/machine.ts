/** The life of a return, and how many units may be on their way back. Pure. */
import { ShopError } from '../../../platform/errors.ts';
import { isSame, type LineUnits } from '../fulfilment/units.ts';
import type { Units } from '../fulfilment/schemas.ts';
import type { InspectReturn, Returned, ReturnLine, ReturnState } from './schemas.ts';

const NEXT: Readonly<Record<ReturnState, readonly ReturnState[]>> = {
  requested: ['authorised', 'declined', 'withdrawn'],
  authorised: ['received', 'withdrawn'],
  declined: [],
  withdrawn: [],
  received: ['inspected'],
  // Where nothing was good enough, it ends without money; where other goods went out, that is its end.
  inspected: ['refunded', 'exchanged', 'closed'],
  refunded: [],
  exchanged: [],
  closed: [],
};

export function isLegalReturn(from: ReturnState, to: ReturnState): boolean {
  return NEXT[from].includes(to);
}

/** What a merchant enters is agreed with it: where it is not, it waits for the company whose order it is. */
export function waitsForCompany({ state, askedBy }: Pick<Returned, 'state' | 'askedBy'>): boolean {
  return state === 'requested' && askedBy === 'merchant';
}

/** Of what has left, what is neither back nor on its way back. Units that were not good enough are the shopper's again. */
export function returnable(line: LineUnits, returns: readonly Returned[]): number {
  const away = returns
    .filter(({ state }) => state !== 'declined' && state !== 'withdrawn')
    .flatMap(({ lines }) => lines)
    .filter((each) => isSame(each, line))
    .reduce((sum, { quantity, accepted }) => sum + (accepted ?? quantity), 0);
  return line.shipped - away;
}

/** @throws ShopError `conflict` for units that are not there to be returned */
export function requireReturnable(
  lines: readonly LineUnits[],
  returns: readonly Returned[],
  wanted: readonly Units[],
): void {
  const problems = wanted.flatMap((units, index) => {
    const line = lines.find((each) => isSame(each, units));
    const most = line === undefined ? 0 : returnable(line, returns);
    return units.quantity <= most ? [] : [{ where: `/lines/${index}/quantity`, what: `at most ${most}` }];
  });
  if (problems.length > 0) {
    throw new ShopError('conflict', 'Not as many units of that can be returned.', {
      remedy: 'Name units that have been shipped and are not being returned already.',
      problems,
    });
  }
}

/** @throws ShopError `invalid_input` unless each line is judged, and none above what came */
export function inspected(
  lines: readonly ReturnLine[],
  { lines: found }: InspectReturn,
): readonly ReturnLine[] {
  const judged = lines.map((line) => {
    const judgement = judgementOf(line, lines, found);
    return judgement === undefined || judgement.accepted > line.quantity
      ? undefined
      : { ...line, accepted: judgement.accepted, restock: judgement.restock };
  });
  const complete = judged.filter((line) => line !== undefined);
  if (complete.length < lines.length || found.length > lines.length) {
    throw new ShopError('invalid_input', 'Each line of the return is to be judged, with at most what came.', {
      remedy: `Say accepted and restock for ${lines.map(({ variantId }) => variantId).join(', ')}.`,
    });
  }
  return complete;
}

/** A part of a bundle may be judged by its variant alone where the return has no other of it. */
function judgementOf(
  line: ReturnLine,
  lines: readonly ReturnLine[],
  found: InspectReturn['lines'],
): InspectReturn['lines'][number] | undefined {
  const own = found.find((each) => isSame(each, line));
  const isOnly = lines.filter(({ variantId }) => variantId === line.variantId).length === 1;
  if (own !== undefined || !isOnly) return own;
  return found.find(({ variantId, bundle }) => bundle === undefined && variantId === line.variantId);
}

export function acceptedOf(lines: readonly ReturnLine[]): Units[] {
  return lines
    .map(({ variantId, bundle, accepted = 0 }) => ({
      variantId,
      ...(bundle === undefined ? {} : { bundle }),
      quantity: accepted,
    }))
    .filter(({ quantity }) => quantity > 0);
}
