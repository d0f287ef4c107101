/** What the form that asks for a return says, as the shop takes it. Pure. */

/** Before the name of goods in a field: how many of them come back, and what goes out instead. */
export const UNITS = 'units:';
export const INSTEAD = 'instead:';

interface Back {
  readonly variantId: string;
  readonly bundle?: string;
  readonly quantity: number;
}

interface Out {
  readonly variantId: string;
  readonly quantity: number;
  readonly insteadOf?: string;
}

export interface Asked {
  readonly lines: readonly Back[];
  readonly exchange?: { readonly lines: readonly Out[] };
}

export function askedOf(entries: Iterable<readonly [string, unknown]>): Asked {
  const said = new Map(entries);
  const lines = [...said].flatMap(([name, value]): Back[] => {
    const quantity = Math.trunc(Number(value));
    if (!name.startsWith(UNITS) || !(quantity > 0)) return [];
    const [variantId = '', bundle] = name.slice(UNITS.length).split(' ');
    return [{ variantId, ...(bundle === undefined ? {} : { bundle }), quantity }];
  });
  const out = new Map<string, Out>();
  for (const { variantId: insteadOf, quantity, bundle } of lines) {
    const variantId = said.get(`${INSTEAD}${insteadOf}`);
    if (typeof variantId !== 'string' || variantId === '' || bundle !== undefined) continue;
    const before = out.get(variantId);
    // The same instead of two others has one price: today's.
    const line =
      before === undefined
        ? { variantId, quantity, insteadOf }
        : { variantId, quantity: before.quantity + quantity };
    out.set(variantId, line);
  }
  return { lines, ...(out.size === 0 ? {} : { exchange: { lines: [...out.values()] } }) };
}
