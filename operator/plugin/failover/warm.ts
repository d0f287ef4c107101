/**
 * Asks the gateway for each shop's first page of products, as a shopper would: what fills the new region's caches, and the
 * database's memory, before shoppers wait for it.
 */
import { request } from 'node:http';

export interface WarmOptions {
  /** Where the gateway answers from here. */
  readonly gateway: { readonly host: string; readonly port: number };
  /** One host of each shop. */
  readonly hosts: readonly string[];
  /** Shops that were not come to by then stay cold, in ms. */
  readonly withinMs: number;
}

const PAGE = '/api/catalog/products';
const AT_ONCE = 8;
const ANSWER_MS = 10_000;

/** Fails for no shop: those that did not answer are counted. */
export async function warmShops({
  gateway,
  hosts,
  withinMs,
}: WarmOptions): Promise<{ warmed: number; cold: number }> {
  const deadline = AbortSignal.timeout(withinMs);
  const waiting = [...hosts];
  let warmed = 0;
  const worker = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined && !deadline.aborted; host = waiting.shift())
      if (await answers(gateway, host, AbortSignal.any([deadline, AbortSignal.timeout(ANSWER_MS)])))
        warmed += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { warmed, cold: hosts.length - warmed };
}

/** `fetch` sends no Host of one's own. */
function answers(gateway: WarmOptions['gateway'], host: string, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  request({ ...gateway, path: PAGE, headers: { host }, signal }, (answer) => {
    answer.resume();
    answer.once('end', () => resolve(answer.statusCode === 200));
    answer.once('error', () => resolve(false));
  })
    .once('error', () => resolve(false))
    .end();
  return promise;
}
